#pragma once

#include <coyield/config/arguments.hpp>
#include <coyield/config/component.hpp>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/trace.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace coyield::generators {

class Registry;
struct StartPosition;

/// Whether resuming behind an item's id still means the same stream after an operator.
enum class Positions : unsigned char {
  kept,  ///< it passes on, changes or drops items one by one, whatever came before
  lost,  ///< it counts or groups: a stream that starts in the middle would come out differently
};

/// What stands in front of an operator in its pipeline, the source and the operators before it, with the
/// arguments of one request: for an operator that starts it itself, and may do so again.
struct UpstreamFactory {
  /// Makes the stream; nothing of it runs yet. It goes on behind the item of that id where `resumable`, and
  /// begins where its arguments say where the id is empty.
  std::function<AsyncGenerator<Item>(std::string resume_after)> start;
  std::string resume_after = {};  ///< what the request has asked to go on behind
  bool restartable = true;        ///< false: it reads what the client sends, and can be started once only
  bool resumable = false;         ///< its items have ids that say where they stand
  /// Where `resumable`: where the stream that was started first has begun, once its source knows.
  std::shared_ptr<const StartPosition> begun = {};
  TracePtr trace = {};  ///< to be told of failures behind which it is started again; null: nobody looks
};

/// What an operator is applied with beside its arguments.
struct OperatorContext {
  std::size_t max_item = 1024 * 1024;  ///< as `SourceContext::max_item`: none that it makes may be longer
  const Registry* registry = nullptr;  ///< for one that applies others; lives longer than any operator
};

/// An operator that the configuration can name. One file each in `operators/`, which describes it and applies
/// it: its function `NAME_operator()` is listed in `operators/CMakeLists.txt`.
struct Operator {
  config::Component description;
  Positions positions;
  /// Null where the next is not.
  AsyncGenerator<Item> (*apply)(AsyncGenerator<Item> upstream, config::Arguments arguments,
                                OperatorContext context) = nullptr;
  AsyncGenerator<Item> (*apply_to_factory)(UpstreamFactory upstream, config::Arguments arguments) = nullptr;
  /// For one whose `positions` depend on what the configuration says; those are then for anything else.
  Positions (*positions_of)(const config::Arguments& constants) = nullptr;

  Positions positions_with(const config::Arguments& arguments) const {
    return positions_of != nullptr ? positions_of(arguments) : positions;
  }
};

/// All that `operators/CMakeLists.txt` names.
std::vector<Operator> all_operators();

}  // namespace coyield::generators
