#pragma once

#include <coyield/generators/json_check.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace coyield::generators {

/// What a line is where each is to be JSON.
enum class JsonLine : unsigned char {
  blank,  ///< nothing but blanks: passed over
  json,
  wrong,
  too_deep,  ///< nested beyond `max_json_depth`
};

/// `offset` is that of its first byte: a byte order mark at the very beginning is taken off the line.
inline JsonLine json_line(std::string_view& line, std::uint64_t offset) noexcept {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (offset == 0 && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return JsonLine::blank;
  switch (check_json(line)) {
    case JsonVerdict::good:
      return JsonLine::json;
    case JsonVerdict::too_deep:
      return JsonLine::too_deep;
    case JsonVerdict::wrong:
      break;
  }
  return JsonLine::wrong;
}

/// What is wrong with a line that is neither blank nor JSON, to stand behind its name.
inline std::string complaint_about(JsonLine line) {
  if (line != JsonLine::too_deep) return "is not JSON";
  return "is nested deeper than " + std::to_string(max_json_depth) + " levels";
}

}  // namespace coyield::generators
