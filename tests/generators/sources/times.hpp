#pragma once

#include <chrono>
#include <coyield/generators/rfc3339.hpp>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace coyield::generators {

// Times as tests write and read them: `2026-11-26 09:00:00`.

inline std::chrono::sys_seconds utc(std::string_view text) {
  const auto time = parse_rfc3339(std::string(text) + 'Z');
  if (!time) throw std::logic_error("no time: " + std::string(text));
  return std::chrono::sys_seconds(std::chrono::floor<std::chrono::seconds>(*time));
}
inline std::chrono::local_seconds local(std::string_view text) {
  return std::chrono::local_seconds(utc(text).time_since_epoch());
}

template <class Clock>
std::string text_of(std::chrono::time_point<Clock, std::chrono::seconds> time) {
  Buffer out;
  append_rfc3339(out, time.time_since_epoch());
  std::string text(out.view());
  text[10] = ' ';
  text.pop_back();
  return text;
}

/// The zone in which the system's own functions count, until this is destroyed.
class SystemZone {
 public:
  explicit SystemZone(const char* name) {
    if (const char* const before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  SystemZone(const SystemZone&) = delete;
  SystemZone& operator=(const SystemZone&) = delete;
  ~SystemZone() {
    if (before_) {
      ::setenv("TZ", before_->c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }

  std::chrono::seconds offset(std::chrono::sys_seconds time) const {
    const std::time_t seconds = time.time_since_epoch().count();
    std::tm parts = {};
    ::localtime_r(&seconds, &parts);
    return std::chrono::seconds(parts.tm_gmtoff);
  }

 private:
  std::optional<std::string> before_;
};

}  // namespace coyield::generators
