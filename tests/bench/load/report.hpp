#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "histogram.hpp"

namespace coyield::bench {

/// One line of JSON, a key at a time.
class Report {
 public:
  void add(std::string_view key, std::string_view text);
  void add(std::string_view key, double number);
  void add(std::string_view key, std::uint64_t number);
  /// Nanoseconds, told in microseconds: KEY_us_p50, KEY_us_p99, KEY_us_max.
  void add(std::string_view key, const Histogram& nanoseconds);
  void print() const;

 private:
  void begin(std::string_view key);
  std::string text_;
};

}  // namespace coyield::bench
