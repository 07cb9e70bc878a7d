#pragma once
#include <coyield/config/configuration.hpp>
#include <coyield/config/detail/scope.hpp>

namespace coyield::config::detail {

/// Which endpoints read which others: a problem where one reads what nobody answers to, and where it may come
/// back to itself, whatever the values of requests are. `endpoints` is where they stand.
void check_links(const Scope& endpoints, const Configuration& configuration);

}  // namespace coyield::config::detail
