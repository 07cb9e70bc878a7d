#pragma once
#include <coyield/config/arguments.hpp>
#include <optional>
#include <vector>

namespace coyield::config {

/// A stream that a component starts itself, with the arguments of one request: a source with operators behind
/// it, or operators alone.
struct StreamArguments {
  std::optional<Arguments> source;  ///< none in a parameter of the type `operators`
  std::vector<Arguments> operators = {};
};

}  // namespace coyield::config
