#pragma once

#include <coyield/config/arguments.hpp>
#include <coyield/config/component.hpp>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/item.hpp>
#include <vector>

namespace coyield::generators {

/// Whether resuming behind an item's id still means the same stream after an operator.
enum class Positions : unsigned char {
  kept,  ///< it passes on, changes or drops items one by one, whatever came before
  lost,  ///< it counts or groups: a stream that starts in the middle would come out differently
};

/// An operator that the configuration can name. One file each in `operators/`, which describes it and applies
/// it: its function `NAME_operator()` is listed in `operators/CMakeLists.txt`.
struct Operator {
  config::Component description;
  Positions positions;
  AsyncGenerator<Item> (*apply)(AsyncGenerator<Item> upstream, config::Arguments arguments);
};

/// All that `operators/CMakeLists.txt` names.
std::vector<Operator> all_operators();

}  // namespace coyield::generators
