#include <coyield/generators/sources/time_zone.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>

// A file has its content twice: with times of 32 bits, and behind that, if it is of version 2 or later, with
// times of 64 bits and a rule for the years behind the last of them. Files are trusted to be what the system
// put there, though not to be whole.

namespace coyield::generators {

namespace {

using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::size_t max_file = std::size_t{256} * 1024;  // the largest have some 3 KiB
constexpr seconds most_ahead = std::chrono::hours(26);     // RFC 8536

/// Empty where there is no such file.
std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(max_file, '\0');
  file.read(content.data(), max_file);
  content.resize(static_cast<std::size_t>(file.gcount()));
  return content;
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

config::Mistake no_zone(const std::string& name) {
  return {config::in_quotes(name) + " is no time zone that this machine knows",
          R"(write "UTC", "local", or a name as "Europe/Zurich")"};
}

/// As localtime(3) reads TZ: a file, the name of one, or a rule.
std::optional<TimeZone> local_zone(const ZoneFiles& files) {
  std::string_view said = files.variable;
  if (said.starts_with(':')) said.remove_prefix(1);
  if (said.empty()) {
    const std::string content = read_file(files.local);
    return content.empty() ? TimeZone() : TimeZone::parse(content);
  }
  if (said == "UTC") return TimeZone();
  const std::string path =
      said.starts_with('/') ? std::string(said) : files.directory + '/' + std::string(said);
  if (said.starts_with('/') || is_zone_name(said)) {
    if (auto zone = TimeZone::parse(read_file(path))) return zone;
  }
  const auto rule = ZoneRule::parse(said);
  return rule ? std::optional(TimeZone(*rule)) : std::nullopt;
}

}  // namespace

/// How many there are of each kind of entry.
struct TimeZone::Counts {
  std::uint32_t utc_flags;
  std::uint32_t standard_flags;
  std::uint32_t leaps;
  std::uint32_t times;
  std::uint32_t types;
  std::uint32_t characters;
};

/// Takes a file apart; past its end everything is 0, and it is not `good`.
class TimeZone::Reader {
 public:
  explicit Reader(std::string_view content) noexcept : rest_(content) {}

  bool good() const noexcept { return good_; }
  std::string_view rest() const noexcept { return rest_; }

  std::string_view bytes(std::size_t n) noexcept {
    good_ = good_ && n <= rest_.size();
    if (!good_) return {};
    const std::string_view taken = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return taken;
  }
  /// A whole number of so many bytes, the highest first, with a sign.
  std::int64_t number(std::size_t size) noexcept {
    const std::string_view taken = bytes(size);
    if (taken.empty()) return 0;
    auto value = static_cast<std::uint64_t>(std::int64_t{static_cast<signed char>(taken.front())});
    for (const char byte : taken.substr(1)) value = value << 8 | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
  }

  /// Also the version, 0 for the first.
  int header(Counts& counts) noexcept {
    good_ = good_ && bytes(4) == "TZif";
    const auto version = static_cast<int>(number(1));
    bytes(15);
    for (std::uint32_t* count : {&counts.utc_flags, &counts.standard_flags, &counts.leaps, &counts.times,
                                 &counts.types, &counts.characters}) {
      const std::int64_t n = number(4);
      good_ = good_ && n >= 0 && n <= static_cast<std::int64_t>(max_file);
      *count = static_cast<std::uint32_t>(n);
    }
    return version;
  }
  void skip(const Counts& counts, std::size_t time_size) noexcept {
    bytes(counts.times * (time_size + 1) + counts.types * std::size_t{6} + counts.characters +
          counts.leaps * (time_size + 4) + counts.standard_flags + counts.utc_flags);
  }
  void changes(const Counts& counts, std::size_t time_size, TimeZone& zone) {
    Reader times(bytes(counts.times * time_size));
    Reader kinds(bytes(counts.times));
    std::vector<seconds> offsets;
    for (std::uint32_t i = 0; good_ && i < counts.types; ++i) {
      offsets.emplace_back(number(4));
      bytes(2);  // whether it is summer, and what it is called
      good_ = good_ && std::chrono::abs(offsets.back()) <= most_ahead;
    }
    good_ = good_ && !offsets.empty() && counts.leaps == 0;
    if (!good_) return;
    zone.first_offset_ = offsets.front();
    for (std::uint32_t i = 0; good_ && i < counts.times; ++i) {
      const sys_seconds time{seconds(times.number(time_size))};
      const auto kind = static_cast<std::size_t>(kinds.number(1));
      good_ = kind < offsets.size() && (zone.changes_.empty() || zone.changes_.back().time < time);
      if (good_) zone.changes_.push_back({time, offsets[kind]});
    }
    bytes(counts.characters + counts.standard_flags + counts.utc_flags);
  }
  /// The rule, which is empty where there is nothing to be said of the years to come.
  void footer(TimeZone& zone) noexcept {
    good_ = good_ && bytes(1) == "\n";
    const std::size_t end = rest_.find('\n');
    good_ = good_ && end != std::string_view::npos;
    if (!good_ || end == 0) return;
    zone.rule_ = ZoneRule::parse(rest_.substr(0, end));
    good_ = zone.rule_.has_value();
  }

 private:
  std::string_view rest_;
  bool good_ = true;
};

std::optional<TimeZone> TimeZone::parse(std::string_view content) {
  TimeZone zone;
  Reader reader(content);
  Counts counts{};
  if (reader.header(counts) == 0) {
    reader.changes(counts, 4, zone);
  } else {
    reader.skip(counts, 4);
    reader.header(counts);
    reader.changes(counts, 8, zone);
    reader.footer(zone);
  }
  return reader.good() ? std::optional(std::move(zone)) : std::nullopt;
}

ZonePeriod TimeZone::at(sys_seconds time) const noexcept {
  const auto next = std::ranges::upper_bound(changes_, time, {}, &Change::time);
  if (next == changes_.end() && rule_) {
    ZonePeriod period = rule_->at(time);
    if (!changes_.empty()) period.begin = std::max(period.begin, changes_.back().time);
    return period;
  }
  ZonePeriod period{.offset = first_offset_};
  if (next != changes_.begin()) {
    period.begin = std::prev(next)->time;
    period.offset = std::prev(next)->offset;
  }
  if (next != changes_.end()) period.end = next->time;
  return period;
}

sys_seconds TimeZone::to_utc(local_seconds time) const noexcept {
  // As if it were UTC, less the most that a zone can be ahead of it: no later than the moment asked for.
  ZonePeriod period = at(sys_seconds(time.time_since_epoch()) - most_ahead);
  for (;;) {
    const sys_seconds utc(time.time_since_epoch() - period.offset);
    if (utc < period.end) return std::max(utc, period.begin);
    period = at(period.end);
  }
}

ZoneFiles ZoneFiles::of_this_machine() {
  ZoneFiles files;
  files.variable = environment("TZ");
  if (std::string directory = environment("TZDIR"); !directory.empty())
    files.directory = std::move(directory);
  return files;
}

bool is_zone_name(std::string_view name) noexcept {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
  return !name.empty() && name.size() < 256 && !name.starts_with('/') &&
         name.find_first_not_of(allowed) == std::string_view::npos;
}

config::Checked<TimeZone> find_time_zone(const std::string& name, const ZoneFiles& files) {
  if (name == "UTC") return TimeZone();
  if (name == "local") {
    if (auto zone = local_zone(files)) return std::move(*zone);
    return config::Mistake{"the time zone of this machine cannot be read",
                           "see to the variable TZ and to " + files.local + ", or write another one"};
  }
  if (is_zone_name(name)) {
    if (auto zone = TimeZone::parse(read_file(files.directory + '/' + name))) return std::move(*zone);
  }
  return no_zone(name);
}

}  // namespace coyield::generators
