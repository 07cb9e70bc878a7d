#pragma once

#include <chrono>
#include <coyield/config/mistake.hpp>
#include <coyield/generators/sources/zone_rule.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::generators {

/// How far the clocks of a place are ahead of UTC, at any time: what a file of the system's time zone data
/// says (RFC 8536).
///
///     TimeZone zone = find_time_zone("Europe/Zurich").value();
///     local_seconds(utc.time_since_epoch() + zone.at(utc).offset)
///
/// Never changes. By default it is UTC.
class TimeZone {
 public:
  TimeZone() noexcept = default;
  explicit TimeZone(const ZoneRule& rule) noexcept : rule_(rule) {}
  /// The content of a file; none where it is no such file, and for one that counts leap seconds.
  static std::optional<TimeZone> parse(std::string_view content);

  ZonePeriod at(std::chrono::sys_seconds time) const noexcept;

  /// When the clocks show this time: the first time of two, where they are set back over it, and where they
  /// are set forward over it the moment at which they are. Never goes back where `time` goes on.
  std::chrono::sys_seconds to_utc(std::chrono::local_seconds time) const noexcept;

 private:
  struct Change {
    std::chrono::sys_seconds time;
    std::chrono::seconds offset;
  };
  struct Counts;
  class Reader;

  std::chrono::seconds first_offset_{0};
  std::vector<Change> changes_;
  std::optional<ZoneRule> rule_;  // behind the last of them
};

/// Where a machine keeps its time zones.
struct ZoneFiles {
  std::string directory = "/usr/share/zoneinfo";
  std::string local = "/etc/localtime";  ///< the file of the zone that the machine is in
  std::string variable = {};             ///< TZ, which says another one

  /// As the variables TZ and TZDIR have it.
  static ZoneFiles of_this_machine();
};

/// The zone of this name: `UTC`, `local`, or one of the IANA's, as `Europe/Zurich`. Reads a file, of some
/// kilobytes, in the directory, which no name leads out of.
config::Checked<TimeZone> find_time_zone(const std::string& name,
                                         const ZoneFiles& files = ZoneFiles::of_this_machine());

/// Whether it could be the name of a zone; reads nothing.
bool is_zone_name(std::string_view name) noexcept;

}  // namespace coyield::generators
