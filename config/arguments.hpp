#pragma once
#include <coyield/config/component.hpp>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace coyield::config {

/// The values that a component runs with: one per parameter of its description, defaults filled in.
///
/// A copy shares the values and is cheap. References into it live as long as any copy, so a coroutine takes
/// its arguments by value:
///
///     AsyncGenerator<Item> counter(Arguments args) {
///       auto number = args.get<std::int64_t>("from");
///       const auto* last = args.find<std::int64_t>("to");  // null: for ever
///
/// Threads: values never change, so copies may be read anywhere.
class Arguments {
 public:
  /// What all copies share.
  struct State {
    std::shared_ptr<const Component> component;
    std::vector<Value> values;       ///< in the order of the component's parameters
    std::uint64_t from_request = 0;  ///< a bit for each parameter that a request has a part in
  };

  explicit Arguments(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  /// The value of a parameter. Throws std::logic_error where the component has no such parameter, where it is
  /// of another type, and where it has no value: all three are bugs in the component.
  template <class T>
  const T& get(std::string_view name) const {
    const T* value = value_of(name).as<T>();
    if (!value) throw_no_value(name);
    return *value;
  }

  /// The value of a parameter that may have none, which gives null. Throws std::logic_error as `get` does.
  template <class T>
  const T* find(std::string_view name) const {
    const Value& value = value_of(name);
    const T* result = value.as<T>();
    if (!result && !value.none()) throw_no_value(name);
    return result;
  }

  /// Whether the value, or a part of it, came (or will come) from a request and is not to be trusted.
  bool from_request(std::string_view name) const { return (state_->from_request >> index_of(name)) & 1; }

  /// Whether the component takes what clients send.
  bool reads_input() const;

  const Component& component() const { return *state_->component; }

 private:
  std::size_t index_of(std::string_view name) const;
  const Value& value_of(std::string_view name) const { return state_->values[index_of(name)]; }
  [[noreturn]] void throw_no_value(std::string_view name) const;

  std::shared_ptr<const State> state_;
};

}  // namespace coyield::config
