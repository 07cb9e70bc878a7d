#pragma once

#include <coyield/config/arguments.hpp>
#include <coyield/config/component.hpp>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/source.hpp>
#include <string>
#include <vector>

/// What sources have in common that are made of others.
namespace coyield::generators {

/// The parameter `streams`.
config::Parameter streams_parameter();
/// The parameter `names`, for those that make one item of several.
config::Parameter names_parameter();

/// What cannot be among them, and names that do not fit their number.
config::ParameterMistakes check_streams(const config::Arguments& arguments);

/// All of them; nothing runs yet. Their items have no ids: where they stand in one stream says nothing of the
/// others. Gaps have their number alone.
std::vector<AsyncGenerator<Item>> start_streams(const config::Arguments& arguments,
                                                const SourceContext& context);

/// Takes the ids off.
AsyncGenerator<Item> without_ids(AsyncGenerator<Item> stream);

/// One item of several: a list of them, or an object with their names.
class Combination {
 public:
  Combination(const config::Arguments& arguments, std::size_t max_item);

  void begin();
  /// The next of them, in order.
  void add(const Item& item);
  /// Valid until `begin`. Throws a Failure where it is longer than an item may be.
  Item end();

 private:
  std::vector<std::string> names_;  // in JSON, each with its colon; none: a list
  std::size_t max_item_;
  std::size_t count_ = 0;
  Buffer text_;
};

}  // namespace coyield::generators
