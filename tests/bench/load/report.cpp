#include "report.hpp"

#include <cstdio>

namespace coyield::bench {

void Report::begin(std::string_view key) {
  text_ += text_.empty() ? "{\"" : ",\"";
  text_.append(key).append("\":");
}

void Report::add(std::string_view key, std::string_view text) {
  begin(key);
  text_ += '"';
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') text_ += '\\';
    text_ += static_cast<unsigned char>(byte) < 0x20 ? ' ' : byte;
  }
  text_ += '"';
}

void Report::add(std::string_view key, double number) {
  char digits[64];
  std::snprintf(digits, sizeof(digits), "%.9g", number);
  begin(key);
  text_ += digits;
}

void Report::add(std::string_view key, std::uint64_t number) {
  begin(key);
  text_ += std::to_string(number);
}

void Report::add(std::string_view key, const Histogram& nanoseconds) {
  const std::string name(key);
  add(name + "_us_p50", static_cast<double>(nanoseconds.quantile(0.5)) / 1000);
  add(name + "_us_p99", static_cast<double>(nanoseconds.quantile(0.99)) / 1000);
  add(name + "_us_max", static_cast<double>(nanoseconds.largest()) / 1000);
}

void Report::print() const { std::printf("%s}\n", text_.empty() ? "{" : text_.c_str()); }

}  // namespace coyield::bench
