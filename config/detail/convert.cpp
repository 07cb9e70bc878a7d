#include <algorithm>
#include <charconv>
#include <cmath>
#include <coyield/config/detail/convert.hpp>
#include <coyield/config/problem.hpp>
#include <coyield/config/units.hpp>
#include <limits>

namespace coyield::config::detail {
namespace {

using Kind = Node::Kind;

bool is_numeric(Kind kind) {
  return kind == Kind::integer || kind == Kind::unsigned_ || kind == Kind::number;
}

std::string plain(const Node& node) {
  constexpr std::size_t longest = 40;
  const bool shows_what_was_written = !node.written.empty() && node.written.size() <= longest;
  return shows_what_was_written ? node.written : to_json(node).dump();
}

std::string shown(const Node& node) {
  if (const auto* text = node.as<std::string>()) return in_quotes(*text);
  if (node.kind() == Kind::array || node.kind() == Kind::object) return std::string(kind_name(node.kind()));
  return plain(node);
}

std::string is_not(std::string_view shown_value, ParameterType type) {
  return std::string(shown_value) + " is not " + std::string(type_name(type));
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_finite(std::string_view text) {
  auto value = parse_number<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

bool looks_like_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Beyond what 64 bits hold, in digits or otherwise.
bool is_huge(const Node& node) {
  const auto* number = node.as<double>();
  return node.kind() == Kind::unsigned_ || (number != nullptr && std::abs(*number) >= 0x1p63);
}

/// What `1e3` and `5.0` mean.
std::optional<std::int64_t> whole_number(const Node& node) {
  constexpr double most = 1e15;  // below it every whole number has its double
  const auto* number = node.as<double>();
  if (number == nullptr || std::trunc(*number) != *number || std::abs(*number) > most) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

/// What to write for a value of another kind.
std::string instead(const Parameter& parameter, const Node& node) {
  const auto* text = node.as<std::string>();
  switch (parameter.type) {
    case ParameterType::boolean:
      if (text && (*text == "true" || *text == "false")) return "write " + *text + " without quotes";
      if (is_numeric(node.kind())) return plain(node) == "0" ? "write false" : "write true";
      return "write true or false";
    case ParameterType::integer:
      if (text && looks_like_integer(*text)) return "write " + *text + " without quotes";
      if (const auto whole = whole_number(node)) return "write " + std::to_string(*whole);
      return "write it in digits, without a fraction";
    case ParameterType::number:
      if (text && parse_finite(*text)) return "write " + *text + " without quotes";
      return "write it in digits";
    case ParameterType::duration:
      return "write a number with a unit, such as \"10ms\" or \"10s\"";
    case ParameterType::size:
      return "write a number with a unit, such as \"10B\" or \"10KiB\"";
    case ParameterType::text:
      if (is_numeric(node.kind()) || node.kind() == Kind::boolean) return "write \"" + plain(node) + "\"";
      if (const auto* list = node.as<Node::Array>();
          list && list->size() == 1 && list->front().as<std::string>())
        return "write " + plain(list->front());
      return "write it in double quotes";
    case ParameterType::choice:
      return advise("", parameter.choices);
    case ParameterType::list:
      if (text) return "write [" + plain(node) + "]";
      return "write [\"one\", \"two\"]";
    case ParameterType::streams:
      return "write [{ \"clock\": \"1s\" }, { \"counter\": 5 }]";
    case ParameterType::operators:
      return "write [{ \"take\": 5 }]";
    case ParameterType::json:
      return {};
  }
  return {};
}

Mistake wrong_kind(const Parameter& parameter, const Node& node) {
  return {is_not(shown(node), parameter.type), instead(parameter, node)};
}

/// A whole number that its type cannot hold. What matters to a person is what the parameter allows.
Mistake out_of_range(const Parameter& parameter, const std::string& shown_value, bool negative) {
  using Limits = std::numeric_limits<std::int64_t>;
  const Value& bound = negative ? parameter.minimum : parameter.maximum;
  const auto limit =
      bound.none() ? std::to_string(negative ? Limits::min() : Limits::max()) : to_string(bound);
  return {shown_value + (negative ? " is too small" : " is too large"),
          (negative ? "the least is " : "the most is ") + limit};
}

template <class T>
Checked<Value> as_value(const Checked<T>& parsed) {
  if (!parsed) return parsed.error();
  return Value(*parsed);
}

/// What the unit can express at most helps nobody whose parameter allows less.
Checked<Value> parse_with_unit(const Parameter& parameter, std::string_view text) {
  auto parsed =
      parameter.type == ParameterType::duration ? as_value(parse_duration(text)) : as_value(parse_size(text));
  if (parsed || parameter.maximum.none() || !parsed.error().what.ends_with(" is too large")) return parsed;
  return Mistake{parsed.error().what, "the most is " + to_string(parameter.maximum)};
}

/// Durations and sizes: a bare number is the slip that everybody makes once.
Checked<Value> with_unit(const Parameter& parameter, const Node& node) {
  if (const auto* text = node.as<std::string>()) return parse_with_unit(parameter, *text);
  if (!is_numeric(node.kind())) return wrong_kind(parameter, node);
  auto parsed = parse_with_unit(parameter, to_json(node).dump());
  if (parsed) return parsed;
  return Mistake{plain(node) + (plain(node).starts_with('-') ? " is negative" : " has no unit"),
                 parsed.error().advice};
}

Checked<Value> list(const Parameter& parameter, const Node& node) {
  const auto* array = node.as<Node::Array>();
  if (!array) return wrong_kind(parameter, node);
  std::vector<std::string> out;
  for (const auto& element : *array) {
    const auto* text = element.as<std::string>();
    if (!text) return Mistake{shown(element) + " in the list is not text", instead({.name = {}}, element)};
    out.push_back(*text);
  }
  return Value(std::move(out));
}

Checked<Value> unchecked(const Parameter& parameter, const Node& node) {
  switch (parameter.type) {
    case ParameterType::boolean:
      if (const auto* value = node.as<bool>()) return Value(*value);
      break;
    case ParameterType::integer:
      if (const auto* value = node.as<std::int64_t>()) return Value(*value);
      if (is_huge(node)) return out_of_range(parameter, plain(node), plain(node).starts_with('-'));
      break;
    case ParameterType::number:
      if (is_numeric(node.kind())) return Value(to_json(node).get<double>());
      break;
    case ParameterType::duration:
    case ParameterType::size:
      return with_unit(parameter, node);
    case ParameterType::text:
    case ParameterType::choice:
      if (const auto* value = node.as<std::string>()) return Value(*value);
      break;
    case ParameterType::json:
      return Value(to_json(node));
    case ParameterType::list:
      return list(parameter, node);
    case ParameterType::streams:  // read by who reads components
    case ParameterType::operators:
      break;
  }
  return wrong_kind(parameter, node);
}

Checked<Value> integer_from(const Parameter& parameter, std::string_view text) {
  if (auto value = parse_number<std::int64_t>(text)) return Value(*value);
  if (looks_like_integer(text)) return out_of_range(parameter, in_quotes(text), text.starts_with('-'));
  return Mistake{is_not(in_quotes(text), ParameterType::integer), "write it in digits"};
}

Checked<Value> unchecked(const Parameter& parameter, std::string_view text) {
  switch (parameter.type) {
    case ParameterType::boolean:
      if (text == "true" || text == "false") return Value(text == "true");
      return Mistake{is_not(in_quotes(text), parameter.type), "write true or false"};
    case ParameterType::integer:
      return integer_from(parameter, text);
    case ParameterType::number:
      if (auto value = parse_finite(text)) return Value(*value);
      return Mistake{is_not(in_quotes(text), parameter.type), "write it in digits"};
    case ParameterType::duration:
    case ParameterType::size:
      return parse_with_unit(parameter, text);
    case ParameterType::text:
    case ParameterType::choice:
      return Value(std::string(text));
    case ParameterType::json:
      return Value(nlohmann::json(text));
    case ParameterType::list:
      return Value(std::vector<std::string>{std::string(text)});
    case ParameterType::streams:
    case ParameterType::operators:
      break;
  }
  return Mistake{is_not(in_quotes(text), parameter.type)};
}

template <class T>
Checked<Value> within_bounds(const Parameter& parameter, const T& written) {
  auto value = unchecked(parameter, written);
  if (!value) return value;
  if (auto mistake = check_bounds(parameter, *value)) return *mistake;
  return value;
}

template <class T>
std::optional<Mistake> compare(const Parameter& parameter, const Value& value) {
  const T* actual = value.as<T>();
  const T* minimum = parameter.minimum.as<T>();
  const T* maximum = parameter.maximum.as<T>();
  if (actual && minimum && *actual < *minimum) {
    auto least = to_string(parameter.minimum);
    return Mistake{to_string(value) + " is less than " + least, "write " + least + " or more"};
  }
  if (actual && maximum && *actual > *maximum) {
    auto most = to_string(parameter.maximum);
    return Mistake{to_string(value) + " is more than " + most, "write " + most + " or less"};
  }
  return std::nullopt;
}

std::optional<Mistake> check_choice(const Parameter& parameter, const Value& value) {
  const auto* text = value.as<std::string>();
  if (!text || std::ranges::find(parameter.choices, *text) != parameter.choices.end()) return std::nullopt;
  return Mistake{in_quotes(*text) + " is none of the choices", advise(*text, parameter.choices)};
}

}  // namespace

bool has_type(const Value& value, ParameterType type) {
  switch (type) {
    case ParameterType::boolean:
      return value.as<bool>();
    case ParameterType::integer:
      return value.as<std::int64_t>();
    case ParameterType::number:
      return value.as<double>();
    case ParameterType::duration:
      return value.as<std::chrono::nanoseconds>();
    case ParameterType::size:
      return value.as<Size>();
    case ParameterType::text:
    case ParameterType::choice:
      return value.as<std::string>();
    case ParameterType::json:
      return value.as<nlohmann::json>();
    case ParameterType::list:
      return value.as<std::vector<std::string>>();
    case ParameterType::streams:
    case ParameterType::operators:
      return value.as<Streams>();
  }
  return false;
}

std::optional<Mistake> check_bounds(const Parameter& parameter, const Value& value) {
  switch (parameter.type) {
    case ParameterType::integer:
      return compare<std::int64_t>(parameter, value);
    case ParameterType::number:
      return compare<double>(parameter, value);
    case ParameterType::duration:
      return compare<std::chrono::nanoseconds>(parameter, value);
    case ParameterType::size:
      return compare<Size>(parameter, value);
    case ParameterType::choice:
      return check_choice(parameter, value);
    default:
      return std::nullopt;
  }
}

Checked<Value> convert(const Parameter& parameter, const Node& node) {
  return within_bounds(parameter, node);
}

Checked<Value> convert(const Parameter& parameter, std::string_view text) {
  return within_bounds(parameter, text);
}

}  // namespace coyield::config::detail
