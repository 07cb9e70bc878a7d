#include <algorithm>
#include <coyield/config/detail/component_reader.hpp>
#include <coyield/config/detail/convert.hpp>
#include <coyield/config/detail/filling.hpp>

namespace coyield::config::detail {
namespace {

using Json = nlohmann::json;
using Pointer = Json::json_pointer;

std::string article(ComponentKind kind) {
  return (kind == ComponentKind::operator_ ? "an " : "a ") + std::string(kind_name(kind));
}

std::string in_braces(std::string_view name) { return "{ " + in_quotes(name) + ": {} }"; }

std::string with_segment(const std::string& pattern, const std::string& name) {
  return pattern + (pattern == "/" ? "" : "/") + "{" + name + "}";
}

/// An example of what to write for a parameter.
std::string placeholder(const Parameter& parameter) {
  switch (parameter.type) {
    case ParameterType::boolean:
      return "true";
    case ParameterType::integer:
    case ParameterType::number:
      return parameter.minimum.none() ? "1" : to_string(parameter.minimum);
    case ParameterType::duration:
      return "\"1s\"";
    case ParameterType::size:
      return "\"64KiB\"";
    case ParameterType::text:
      return "\"...\"";
    case ParameterType::choice:
      return in_quotes(parameter.choices.front());
    case ParameterType::json:
      return "...";
    case ParameterType::list:
      return "[\"...\"]";
    case ParameterType::streams:
      return "[{ \"clock\": \"1s\" }]";
    case ParameterType::operators:
      return "[{ \"take\": 5 }]";
  }
  return "...";
}

std::optional<StreamConfig> read_stream(const Scope& scope, const Node& node);

/// Reads the parameters of one component and puts its configuration together.
class ComponentReader {
 public:
  ComponentReader(const Scope& scope, std::shared_ptr<const Component> component, Position position)
      : scope_(scope), component_(std::move(component)), position_(position) {
    for (const auto& parameter : component_->parameters) values_.push_back(parameter.default_value);
    given_.resize(values_.size());
    if (const auto main = component_->find(component_->main)) {
      const auto type = component_->parameters[*main].type;
      if (type == ParameterType::json) json_main_ = main;
    }
  }

  std::optional<ComponentConfig> read(const Node* node) {
    const auto before = scope_.problem_count();
    if (node) {
      read_parameters(*node);
    } else {
      read_nothing();
    }
    report_missing();
    if (scope_.problem_count() > before) return std::nullopt;
    ComponentConfig config(component_, std::move(values_), std::move(templates_), std::move(nested_),
                           position_);
    if (!passes_own_check(config)) return std::nullopt;
    return config;
  }

 private:
  /// Where a parameter was written.
  struct Given {
    Scope scope;
    const Node* node = nullptr;
  };

  /// `"where"`: what is missing is better said by the component than by the parameter's name, which the short
  /// form never shows.
  void read_nothing() {
    if (!json_main_ || !component_->parameters[*json_main_].required || !component_->check) return;
    given_[*json_main_] = Given{.scope = scope_};
    values_[*json_main_] = Value(Json::object());
  }

  void read_parameters(const Node& node) {
    const auto* object = node.as<Node::Object>();
    if (object && object->empty()) return read_nothing();
    if (object && !is_main_value(*object)) {
      each_member(scope_, *object, [this](const Member& member) { read_member(member); });
    } else if (auto main = component_->find(component_->main)) {
      const bool optional = !component_->parameters[*main].required && main != json_main_;
      if (optional && node.kind() == Node::Kind::null) return report_null(node);
      read_parameter(scope_, *main, node);
    } else {
      scope_.problem(node.position, {in_quotes(component_->name) + " takes its parameters in braces",
                                     "write " + in_braces(component_->name)});
    }
  }

  void report_null(const Node& node) const {
    const auto& example = component_->example;
    scope_.problem(node.position, {"there is nothing behind " + in_quotes(component_->name),
                                   "write " + (example.empty() ? in_braces(component_->name) : example)});
  }

  /// `{ "where": { "/level": "error" } }`: the object is the main parameter itself, since that may be any
  /// JSON. Where it is the only parameter, the object with its name is told from one of an item's members by
  /// what stands behind: `{ "select": { "members": "/m" } }` is a new name for a place.
  bool is_main_value(const Node::Object& object) const {
    if (!json_main_) return false;
    if (component_->parameters.size() == 1)
      return object.size() != 1 || object[0].key != component_->main || object[0].value.as<std::string>();
    return std::ranges::none_of(
        object, [this](const Member& member) { return component_->find(member.key).has_value(); });
  }

  void read_member(const Member& member) {
    if (auto index = component_->find(member.key))
      return read_parameter(scope_.key(member.key), *index, member.value);
    std::vector<std::string> names;
    for (const auto& parameter : component_->parameters) names.push_back(parameter.name);
    auto advice = names.empty() ? "write " + in_braces(component_->name) : advise(member.key, names);
    scope_.key(member.key)
        .problem(member.position, {in_quotes(component_->name) + " has no such parameter", advice});
  }

  void read_parameter(const Scope& scope, std::size_t index, const Node& node) {
    const auto& parameter = component_->parameters[index];
    given_[index] = Given{scope, &node};
    if (parameter.type == ParameterType::json) return read_json(scope, index, node);
    if (node.kind() == Node::Kind::null) return read_null(scope, parameter, node);
    if (parameter.type == ParameterType::streams) return read_streams(scope, index, node);
    if (parameter.type == ParameterType::operators) return read_operators(scope, index, node);
    if (parameter.type == ParameterType::list && node.as<Node::Array>()) return read_list(scope, index, node);
    if (node.as<std::string>() && parameter.type != ParameterType::list) return read_text(scope, index, node);
    accept(scope, index, node, convert(parameter, node));
  }

  void accept(const Scope& scope, std::size_t index, const Node& node, const Checked<Value>& value) {
    if (value) {
      values_[index] = *value;
    } else {
      scope.problem(node.position, value.error());
    }
  }

  void read_null(const Scope& scope, const Parameter& parameter, const Node& node) {
    if (!parameter.required && parameter.default_value.none()) return;
    auto advice = parameter.required
                      ? "write " + placeholder(parameter)
                      : "leave the key out for the default, " + to_string(parameter.default_value);
    scope.problem(node.position, {"null is not " + std::string(type_name(parameter.type)), advice});
  }

  void read_text(const Scope& scope, std::size_t index, const Node& node) {
    const auto& parameter = component_->parameters[index];
    auto text = read_template(scope, node);
    if (!text) return;
    if (text->constant()) {
      const bool as_written = text->text() == *node.as<std::string>();
      return accept(
          scope, index, node,
          as_written ? convert(parameter, node) : convert(parameter, std::string_view(text->text())));
    }
    if (!check_references(scope, parameter, Pointer(), node, *text)) return;
    check_defaults(scope, parameter, node, *text);
    wait_for_request(index, nullptr, {{Pointer(), std::move(*text)}});
  }

  /// A default that could never be converted is found now, not by the first client that needs it.
  static void check_defaults(const Scope& scope, const Parameter& parameter, const Node& node,
                             const Template& text) {
    auto filled = text.fill(NoRequestValues{});
    if (!filled) return;
    auto value = convert(parameter, std::string_view(*filled));
    if (value) return;
    scope.problem(node.position, {"the default " + value.error().what, value.error().advice});
  }

  void read_json(const Scope& scope, std::size_t index, const Node& node) {
    std::vector<ArgumentTemplate::Part> parts;
    Json value = fill_texts(scope, component_->parameters[index], node, Pointer(), parts);
    if (parts.empty()) {
      values_[index] = Value(std::move(value));
    } else {
      wait_for_request(index, std::move(value), std::move(parts));
    }
  }

  void read_list(const Scope& scope, std::size_t index, const Node& node) {
    const auto& parameter = component_->parameters[index];
    auto value = convert(parameter, node);
    if (!value) return scope.problem(node.position, value.error());
    std::vector<ArgumentTemplate::Part> parts;
    Json filled = fill_texts(scope, parameter, node, Pointer(), parts);
    if (parts.empty()) {
      values_[index] = Value(filled.get<std::vector<std::string>>());
    } else {
      wait_for_request(index, std::move(filled), std::move(parts));
    }
  }

  void read_streams(const Scope& scope, std::size_t index, const Node& node) {
    std::vector<StreamConfig> streams;
    each_element(scope, index, node, [&](const Scope& place, const Node& element) {
      auto stream = read_stream(place, element);
      if (stream) streams.push_back(std::move(*stream));
    });
    accept_nested(index, std::move(streams));
  }

  void read_operators(const Scope& scope, std::size_t index, const Node& node) {
    StreamConfig stream;
    each_element(scope, index, node, [&](const Scope& place, const Node& element) {
      auto one = read_component(place, ComponentKind::operator_, element);
      if (one) stream.pipeline.push_back(std::move(*one));
    });
    accept_nested(index, {std::move(stream)});
  }

  void accept_nested(std::size_t index, std::vector<StreamConfig> streams) {
    nested_.push_back({index, std::make_shared<const std::vector<StreamConfig>>(std::move(streams))});
  }

  template <class Visit>
  void each_element(const Scope& scope, std::size_t index, const Node& node, Visit visit) const {
    const auto& parameter = component_->parameters[index];
    const auto* list = node.as<Node::Array>();
    if (!list || list->empty()) {
      const std::string what =
          list ? "the list is empty"
               : std::string(kind_name(node.kind())) + " is not " + std::string(type_name(parameter.type));
      return scope.problem(node.position, {what, "write " + placeholder(parameter)});
    }
    for (std::size_t i = 0; i < list->size(); ++i) visit(scope.index(i), (*list)[i]);
  }

  /// The value with the environment's values in its texts; texts that wait for a request are left empty and
  /// noted.
  Json fill_texts(const Scope& scope, const Parameter& parameter, const Node& node, const Pointer& place,
                  std::vector<ArgumentTemplate::Part>& parts) {
    if (const auto* object = node.as<Node::Object>()) {
      Json out = Json::object();
      each_member(scope, *object, [&](const Member& member) {
        check_key(scope, member);
        out[member.key] =
            fill_texts(scope.key(member.key), parameter, member.value, place / member.key, parts);
      });
      return out;
    }
    if (const auto* array = node.as<Node::Array>()) {
      Json out = Json::array();
      for (std::size_t i = 0; i < array->size(); ++i) {
        out.push_back(fill_texts(scope.index(i), parameter, (*array)[i], place / i, parts));
      }
      return out;
    }
    if (!node.as<std::string>()) return to_json(node);
    auto text = read_template(scope, node);
    if (!text) return "";
    if (text->constant()) return text->text();
    if (check_references(scope, parameter, place, node, *text)) parts.push_back({place, std::move(*text)});
    return "";
  }

  /// Nothing is filled in there, and nobody shall wait for it.
  static void check_key(const Scope& scope, const Member& member) {
    if (member.key.find("${") == std::string::npos) return;
    const auto parsed = Template::parse(member.key);
    if (parsed && parsed->constant()) return;
    scope.key(member.key)
        .problem(member.position, {"no value can be filled in on this side of the colon", "write it out"});
  }

  /// The component's own check sees the rest of a json value or a list already.
  void wait_for_request(std::size_t index, Json base, std::vector<ArgumentTemplate::Part> parts) {
    const auto type = component_->parameters[index].type;
    values_[index] = type == ParameterType::json   ? Value(base)
                     : type == ParameterType::list ? Value(base.get<std::vector<std::string>>())
                                                   : Value();
    templates_.push_back({index, std::move(base), std::move(parts)});
  }

  bool check_references(const Scope& scope, const Parameter& parameter, const Pointer& place,
                        const Node& node, const Template& text) {
    bool good = true;
    for (const auto& piece : text.pieces()) {
      if (!piece.origin) continue;
      auto mistake = check_reference(parameter, {*piece.origin, piece.text});
      if (!mistake && piece.origin == Origin::claim && !piece.fallback) mistake = no_claims(piece.text);
      if (!mistake) continue;
      scope.problem(node.position, *mistake);
      good = false;
    }
    if (!good) return false;
    const auto mistake = check_filling(parameter, place, text);
    if (mistake) scope.problem(node.position, *mistake);
    return !mistake;
  }

  std::optional<Mistake> check_reference(const Parameter& parameter, const Reference& reference) const {
    const auto shown = "${" + to_string(reference) + "}";
    if (!parameter.request_values) {
      return Mistake{in_quotes(parameter.name) + " takes no value from a request, so not " + shown,
                     "write it out, or use ${env.NAME}"};
    }
    const auto& reserved = reserved_query_names();
    if (reference.origin == Origin::query && std::ranges::find(reserved, reference.name) != reserved.end()) {
      return Mistake{"the query parameter " + in_quotes(reference.name) + " is the program's own, so " +
                         shown + " cannot be used",
                     "choose another name"};
    }
    if (reference.origin == Origin::path && scope_.pattern()) return check_path_reference(reference.name);
    return std::nullopt;
  }

  static Mistake no_claims(const std::string& name) {
    const auto shown = "${claim." + name;
    return {"there are no claims yet that " + shown + "} could come from: tokens are compared, and not read",
            "write it out, or give a default: " + shown + ":-DEFAULT}"};
  }

  std::optional<Mistake> check_path_reference(const std::string& name) const {
    const auto names = scope_.pattern()->names();
    if (std::ranges::find(names, name) != names.end()) return std::nullopt;
    std::vector<std::string> written;
    written.reserve(names.size());
    for (const auto& each : names) written.push_back("${path." + each + "}");
    auto advice = advise("${path." + name + "}", written);
    if (advice.empty())
      advice = "write " + in_quotes(with_segment(scope_.pattern()->text, name)) + " for the path";
    return Mistake{"the path " + in_quotes(scope_.pattern()->text) + " has no {" + name + "}", advice};
  }

  void report_missing() const {
    for (std::size_t i = 0; i < given_.size(); ++i) {
      const auto& parameter = component_->parameters[i];
      if (given_[i] || !parameter.required) continue;
      auto advice = "write " + in_quotes(parameter.name) + ": " + placeholder(parameter);
      if (!parameter.summary.empty()) advice += " (" + parameter.summary + ")";
      scope_.key(parameter.name).problem(position_, {"missing, and required", advice});
    }
  }

  bool passes_own_check(const ComponentConfig& config) const {
    if (!component_->check) return true;
    const auto before = scope_.problem_count();
    for (const auto& refusal : component_->check(config.constants())) report(refusal, refusal.mistake);
    if (scope_.problem_count() > before) return false;
    // What the defaults alone are good for, they may not be together.
    for (const auto& refusal : component_->check(config.defaults())) {
      report(refusal, {refusal.mistake.what + " (by default)", refusal.mistake.advice});
    }
    return scope_.problem_count() == before;
  }

  void report(const ParameterMistake& refusal, const Mistake& mistake) const {
    const auto index = component_->find(refusal.parameter);
    if (!index || !given_[*index]) return scope_.key(refusal.parameter).problem(position_, mistake);
    const auto& given = *given_[*index];
    if (!given.node) return given.scope.problem(position_, mistake);
    report_within(given, refusal.place, mistake);
  }

  /// On the line of the innermost member on the way to `place`.
  static void report_within(Given at, Pointer place, const Mistake& mistake) {
    std::vector<std::string> names;
    for (; !place.empty(); place.pop_back()) names.push_back(place.back());
    Position position = at.node->position;
    for (; !names.empty(); names.pop_back()) {
      if (const auto* array = at.node->as<Node::Array>()) {
        const auto index = static_cast<std::size_t>(std::stoul(names.back()));
        at = {at.scope.index(index), &(*array)[index]};
        position = at.node->position;
      } else if (const auto* object = at.node->as<Node::Object>()) {
        const auto member = std::ranges::find(*object, names.back(), &Member::key);
        if (member == object->end()) break;
        at = {at.scope.key(member->key), &member->value};
        position = member->position;
      }
    }
    at.scope.problem(position, mistake);
  }

  Scope scope_;
  std::shared_ptr<const Component> component_;
  Position position_;
  std::vector<Value> values_;
  std::vector<std::optional<Given>> given_;
  std::optional<std::size_t> json_main_;  ///< the main parameter, if it is any JSON
  std::vector<ArgumentTemplate> templates_;
  std::vector<NestedStreams> nested_;
};

/// `{ "source": ..., "pipeline": [...] }`, or the source alone.
std::optional<StreamConfig> read_stream(const Scope& scope, const Node& node) {
  StreamConfig stream;
  const auto before = scope.problem_count();
  const auto read_source = [&stream](const Scope& place, const Node& source) {
    auto component = read_component(place, ComponentKind::source, source);
    if (component) stream.source = std::move(*component);
  };
  if (node.find("source") == nullptr) {
    read_source(scope, node);
  } else {
    each_member(scope, *node.as<Node::Object>(), [&](const Member& member) {
      const Scope place = scope.key(member.key);
      if (member.key == "source") return read_source(place, member.value);
      if (member.key == "pipeline") return read_pipeline(place, member.value, stream.pipeline);
      place.problem(member.position,
                    {"a stream has no such key", advise(member.key, {"source", "pipeline"})});
    });
  }
  if (scope.problem_count() > before) return std::nullopt;
  return stream;
}

Mistake unknown_component(const Catalogue& catalogue, ComponentKind kind, const std::string& name) {
  const auto what = "there is no " + std::string(kind_name(kind)) + " " + in_quotes(name);
  if (kind == ComponentKind::source && catalogue.find(ComponentKind::operator_, name)) {
    return {in_quotes(name) + " is an operator, no source", "write it in \"pipeline\""};
  }
  if (kind == ComponentKind::operator_ && catalogue.find(ComponentKind::source, name)) {
    return {in_quotes(name) + " is a source, no operator", "write it as \"source\""};
  }
  auto advice = suggest(name, catalogue.names(kind));
  if (advice.empty()) advice = "\"coyield list " + std::string(kind_name(kind)) + "s\" shows them all";
  return {what, advice};
}

Mistake no_component(ComponentKind kind, const Node& node) {
  const std::string usual =
      kind == ComponentKind::source ? "{ \"clock\": { \"interval\": \"1s\" } }" : "{ \"take\": 5 }";
  if (node.as<Node::Object>()) return {"no " + std::string(kind_name(kind)) + " is named", "write " + usual};
  return {std::string(kind_name(node.kind())) + " is not " + article(kind), "write " + usual};
}

Mistake several_names(ComponentKind kind, const Node::Object& object) {
  std::string names;
  for (const auto& member : object) names += (names.empty() ? "" : ", ") + in_quotes(member.key);
  const std::string advice =
      kind == ComponentKind::source
          ? "keep the source's name; its parameters stand in braces behind it, operators in \"pipeline\""
          : "write each operator in braces of its own; parameters stand in braces behind the name";
  return {"several keys where one names the " + std::string(kind_name(kind)) + ": " + names, advice};
}

}  // namespace

std::optional<ComponentConfig> read_component(const Scope& scope, ComponentKind kind, const Node& node) {
  auto read = [&](const std::string& name, Position position,
                  const Node* parameters) -> std::optional<ComponentConfig> {
    auto component = scope.catalogue().find(kind, name);
    if (component) return ComponentReader(scope, std::move(component), position).read(parameters);
    scope.problem(position, unknown_component(scope.catalogue(), kind, name));
    return std::nullopt;
  };
  if (const auto* name = node.as<std::string>()) return read(*name, node.position, nullptr);
  const auto* object = node.as<Node::Object>();
  if (object && object->size() == 1)
    return read(object->front().key, object->front().position, &object->front().value);
  scope.problem(node.position,
                object && !object->empty() ? several_names(kind, *object) : no_component(kind, node));
  return std::nullopt;
}

void read_pipeline(const Scope& scope, const Node& node, std::vector<ComponentConfig>& pipeline) {
  const auto* list = node.as<Node::Array>();
  if (!list) {
    return scope.problem(node.position, {std::string(kind_name(node.kind())) + " is not a list of operators",
                                         "write [{ \"take\": 5 }]"});
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto one = read_component(scope.index(i), ComponentKind::operator_, (*list)[i]);
    if (one) pipeline.push_back(std::move(*one));
  }
}

}  // namespace coyield::config::detail
