#pragma once

#include <coyield/config/mistake.hpp>
#include <coyield/config/value.hpp>
#include <string_view>

namespace coyield::handlers {

/// JSON in the value of a query: of no more than so many bytes, and no deeper than so many levels, since
/// whatever is made of it looks into every item. What begins like no object and no list is a list of its
/// parts between commas, each a JSON Pointer, whose first slash may be left out: `ts,user/name`.
config::Checked<config::Value> json_of_query(std::string_view text);
inline constexpr std::size_t most_json_in_query = 2048;
inline constexpr int deepest_json_in_query = 16;

}  // namespace coyield::handlers
