#pragma once
#include <chrono>
#include <concepts>
#include <coyield/config/units.hpp>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

namespace coyield::config {

struct StreamArguments;
/// The value of a parameter of the type `streams` or `operators` (`streams.hpp`), shared by all copies.
using Streams = std::shared_ptr<const std::vector<StreamArguments>>;

/// The value of one parameter: nothing, or one of the types that parameters have.
///
/// Made from plain C++ values, so that a description reads `.default_value = 500ms`:
///
///     Value{true}  Value{5}  Value{0.5}  Value{10ms}  Value{Size{1024}}  Value{"text"}
class Value {
 public:
  using Variant = std::variant<std::monostate, bool, std::int64_t, double, std::chrono::nanoseconds, Size,
                               std::string, nlohmann::json, std::vector<std::string>, Streams>;

  Value() = default;
  template <std::same_as<bool> T>
  Value(T value) : value_(value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Value(T value) : value_(static_cast<std::int64_t>(value)) {}
  Value(double value) : value_(value) {}
  template <std::integral Rep, class Period>
  Value(std::chrono::duration<Rep, Period> value)
      : value_(std::chrono::duration_cast<std::chrono::nanoseconds>(value)) {}
  Value(Size value) : value_(value) {}
  Value(const char* value) : value_(std::string(value)) {}
  Value(std::string value) : value_(std::move(value)) {}
  Value(std::vector<std::string> value) : value_(std::move(value)) {}
  Value(Streams value) : value_(std::move(value)) {}
  template <std::same_as<nlohmann::json> T>
  Value(T value) : value_(std::in_place_type<nlohmann::json>, std::move(value)) {}

  /// Whether there is no value: a parameter that was left out and has no default.
  bool none() const { return std::holds_alternative<std::monostate>(value_); }
  /// The value if it is of this type, else null.
  template <class T>
  const T* as() const {
    return std::get_if<T>(&value_);
  }
  const Variant& variant() const { return value_; }

  bool operator==(const Value&) const = default;

 private:
  Variant value_;
};

/// As a person would write it in a configuration: `none`, `true`, `5`, `"500ms"`, `"64KiB"`, `["a", "b"]`.
std::string to_string(const Value& value);

/// The same in JSON; null for none. Of streams it has the names of their components alone.
nlohmann::json to_json(const Value& value);

}  // namespace coyield::config
