#pragma once

#include <charconv>
#include <coyield/config/template.hpp>
#include <coyield/generators/failure.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace coyield::handlers {

/// What a request says that its client has: `Last-Event-ID`, else `?last_event_id=`, else nothing. The header
/// goes first, since a browser that connects again sends the first query once more.
std::string last_event_id(const config::RequestValues& values);

/// The values that a request brings for an endpoint written in C++: those of its path, else of its query.
///
/// Borrowed from the request: read what is needed when the generator is made, and hand it over by value.
///
///     server.stream("/count/{n}", [](const Params& params) { return counter(params.get<int>("n")); });
class Params {
 public:
  explicit Params(const config::RequestValues& values) : values_(values) {}

  std::optional<std::string> find(std::string_view name) const;
  /// Of the request's header.
  std::optional<std::string> header(std::string_view name) const {
    return values_.find(config::Origin::header, name);
  }

  /// The id of the last item that the client has, where it wants to go on behind it: of the `Last-Event-ID`
  /// that browsers send, else `?last_event_id=`. Empty: from the beginning.
  std::string last_event_id() const { return handlers::last_event_id(values_); }

  /// Converted to a string, a bool (`true`, `false`, `1`, `0`) or a number. One that is missing or does not
  /// convert, whole and within the type's range, is a `Failure` that names it: the client gets a 400.
  template <class T>
  T get(std::string_view name) const {
    const std::optional<std::string> text = find(name);
    if (!text) refuse(name, "is missing");
    return convert<T>(name, *text);
  }
  template <class T>
  T get(std::string_view name, T missing) const {
    const std::optional<std::string> text = find(name);
    return text ? convert<T>(name, *text) : missing;
  }

 private:
  [[noreturn]] static void refuse(std::string_view name, std::string_view why);
  [[noreturn]] static void refuse_text(std::string_view name, std::string_view text, std::string_view wanted);

  template <class T>
  static T convert(std::string_view name, const std::string& text) {
    if constexpr (std::is_same_v<T, bool>) {
      if (text == "true" || text == "1") return true;
      if (text == "false" || text == "0") return false;
      refuse_text(name, text, "true or false");
    } else if constexpr (std::is_arithmetic_v<T>) {
      T value{};
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error == std::errc::result_out_of_range) refuse_text(name, text, "a number within its range");
      if (error != std::errc() || end != text.data() + text.size()) {
        refuse_text(name, text, std::is_integral_v<T> ? "a whole number" : "a number");
      }
      return value;
    } else {
      return T(text);
    }
  }

  const config::RequestValues& values_;
};

}  // namespace coyield::handlers
