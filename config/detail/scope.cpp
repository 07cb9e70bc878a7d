#include <algorithm>
#include <coyield/config/detail/convert.hpp>
#include <coyield/config/detail/scope.hpp>
#include <unordered_map>

namespace coyield::config::detail {

Scope Scope::key(std::string_view name) const {
  Scope inner(*this);
  inner.path_ += (path_.empty() ? "" : ".") + std::string(name);
  return inner;
}

Scope Scope::index(std::size_t number) const {
  Scope inner(*this);
  inner.path_ += "[" + std::to_string(number) + "]";
  return inner;
}

Scope Scope::within(const RoutePattern* pattern) const {
  Scope inner(*this);
  inner.pattern_ = pattern;
  return inner;
}

void Scope::problem(Position position, Mistake mistake) const {
  reading_->problems.add({.file = reading_->file,
                          .line = position.line,
                          .column = position.column,
                          .path = path_,
                          .what = std::move(mistake.what),
                          .advice = std::move(mistake.advice)});
}

void each_member(const Scope& scope, const Node::Object& object,
                 const std::function<void(const Member&)>& visit) {
  std::unordered_map<std::string_view, Position> seen;
  for (const auto& member : object) {
    auto [first, is_new] = seen.emplace(member.key, member.position);
    if (is_new) {
      visit(member);
    } else {
      scope.key(member.key)
          .problem(
              member.position,
              {"given twice; the first stands on line " + std::to_string(first->second.line), "keep one"});
    }
  }
}

std::optional<Template> read_template(const Scope& scope, const Node& node) {
  auto parsed = Template::parse(*node.as<std::string>());
  if (!parsed) {
    scope.problem(node.position, parsed.error());
    return std::nullopt;
  }
  if (auto missing = parsed->fill_environment(scope.environment())) {
    scope.problem(node.position, {describe(Origin::env, *missing) + " is not set",
                                  "set it, or write ${env." + *missing + ":-DEFAULT}"});
    return std::nullopt;
  }
  return std::move(*parsed);
}

namespace {

std::optional<Value> accept(const Scope& scope, Position position, Checked<Value> value) {
  if (value) return std::move(*value);
  scope.problem(position, value.error());
  return std::nullopt;
}

std::optional<std::string> read_text(const Scope& scope, const Node& node) {
  auto text = read_template(scope, node);
  if (!text) return std::nullopt;
  if (text->constant()) return text->text();
  scope.problem(node.position, {"no request's value can stand here", "write it out, or use ${env.NAME}"});
  return std::nullopt;
}

std::optional<Value> read_list(const Scope& scope, const Parameter& description, const Node& node) {
  Node filled = node;
  std::size_t index = 0;
  for (auto& element : std::get<Node::Array>(filled.value)) {
    const auto inner = scope.index(index++);
    if (!element.as<std::string>()) continue;
    auto text = read_text(inner, element);
    if (!text) return std::nullopt;
    element.value = std::move(*text);
  }
  return accept(scope, node.position, convert(description, filled));
}

}  // namespace

std::optional<Value> read_value(const Scope& scope, const Parameter& description, const Node& node) {
  if (description.type == ParameterType::list && node.as<Node::Array>())
    return read_list(scope, description, node);
  const auto* written = node.as<std::string>();
  if (!written || description.type == ParameterType::list)
    return accept(scope, node.position, convert(description, node));
  auto text = read_text(scope, node);
  if (!text) return std::nullopt;
  // What the environment gave may be any type's text; what stands in the file has to be of the right kind
  // there.
  return accept(
      scope, node.position,
      *text == *written ? convert(description, node) : convert(description, std::string_view(*text)));
}

}  // namespace coyield::config::detail
