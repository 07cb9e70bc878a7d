#pragma once

#include <coyield/handlers/request.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::handlers {

/// One element of an `Accept` or `Accept-Encoding`: `text/plain;q=0.5`. Other parameters play no part.
struct Weighted {
  std::string_view name;
  double quality = 1;
};

/// The elements of such a list (RFC 9110, 12.4.2). They borrow from it.
std::vector<Weighted> parse_weighted(std::string_view list);

/// The value of a list that may stand in several fields of that name (RFC 9110, 5.3).
std::string joined(const Request& request, std::string_view name);

}  // namespace coyield::handlers
