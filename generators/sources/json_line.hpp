#pragma once

#include <coyield/generators/json_check.hpp>
#include <string_view>

namespace coyield::generators {

/// What a line is where each is to be JSON.
enum class JsonLine : unsigned char {
  blank,  ///< nothing but blanks: passed over
  json,
  wrong,
};

inline JsonLine json_line(std::string_view line) noexcept {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return JsonLine::blank;
  return is_json(line) ? JsonLine::json : JsonLine::wrong;
}

}  // namespace coyield::generators
