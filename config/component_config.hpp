#pragma once
#include <coyield/config/arguments.hpp>
#include <coyield/config/component.hpp>
#include <coyield/config/problem.hpp>
#include <coyield/config/template.hpp>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace coyield::config {

/// Why a component cannot run with what a request brought.
struct BadArgument {
  std::string parameter;  ///< of the component: `interval`
  std::string origin;     ///< where the value came from: `query.interval`; empty if it came from no request
  std::string sentence;   ///< `the query parameter "interval": "10" has no unit; write "10ms" or "10s"`

  bool operator==(const BadArgument&) const = default;
};

[[noreturn]] void throw_exception_from_error(const BadArgument& bad, const boost::source_location& where);

template <class T>
using Resolved = boost::system::result<T, BadArgument>;

/// A parameter's value with substitutions in it that wait for a request.
struct ArgumentTemplate {
  /// One text within the value.
  struct Part {
    nlohmann::json::json_pointer
        place;  ///< in a json or list value; for other types the root, the whole value
    Template text;
  };
  std::size_t parameter = 0;  ///< its place in the component's parameters
  nlohmann::json base = {};   ///< for json and list: the value around the parts
  std::vector<Part> parts;
};

struct StreamConfig;

/// The streams within a component's parameter, as the configuration describes them.
struct NestedStreams {
  std::size_t parameter = 0;  ///< its place in the component's parameters
  std::shared_ptr<const std::vector<StreamConfig>> streams;
};

/// A source, or an operator of a pipeline, as the configuration describes it.
///
/// Copies share everything and are cheap; nothing in it changes, so it may be read from any thread.
///
///     auto arguments = endpoint.source.resolve(request_values);
///     if (!arguments) return bad_request(arguments.error().sentence);
///     auto stream = registry.source(endpoint.source.name())(*arguments);
class ComponentConfig {
 public:
  /// A component that nobody has chosen yet; only assignment and `empty` are of use.
  ComponentConfig() = default;

  /// With constant arguments, without a file. Those left out have their defaults. A name that the component
  /// does not have, a value of the wrong type or out of bounds, and a required one left out are mistakes.
  static Resolved<ComponentConfig> make(std::shared_ptr<const Component> component,
                                        std::vector<std::pair<std::string, Value>> arguments = {});
  static Resolved<ComponentConfig> make(Component component,
                                        std::vector<std::pair<std::string, Value>> arguments = {});

  /// What the loader has put together: `constants` holds a value, possibly none, for every parameter; that of
  /// `nested` is filled in here.
  ComponentConfig(std::shared_ptr<const Component> component, std::vector<Value> constants,
                  std::vector<ArgumentTemplate> templates, std::vector<NestedStreams> nested,
                  Position position);

  bool empty() const { return !constants_; }
  const Component& component() const { return *constants_->component; }
  const std::string& name() const { return component().name; }
  Position position() const { return position_; }

  /// Whether every request gets the same arguments.
  bool constant() const { return constant_; }

  /// The arguments for one request: its values filled in, converted to the parameters' types, and checked
  /// against their bounds. Where `constant()` it cannot fail and does not allocate.
  Resolved<Arguments> resolve(const RequestValues& values) const;

  /// The request's values that take part, each once, in order: exactly these tell one resolved component
  /// from another.
  std::vector<Reference> references() const;

  /// The template of a text parameter; where no request has a part in it, a constant one.
  Template text_of(std::string_view parameter) const;

  /// What waits for a request, in the order of the configuration; none where `constant()`. What stands in
  /// `nested()` waits for itself.
  std::span<const ArgumentTemplate> templates() const;

  /// The streams within it: those of a `merge`, say.
  std::span<const NestedStreams> nested() const;

  /// The constant arguments; those that a request fills in have no value.
  Arguments constants() const { return Arguments(constants_); }

  /// The arguments for a request without values: what has no default stays as in `constants`.
  Arguments defaults() const;

 private:
  std::shared_ptr<const Arguments::State> constants_;
  std::shared_ptr<const std::vector<ArgumentTemplate>> templates_;  // null where there are none
  std::shared_ptr<const std::vector<NestedStreams>> nested_;        // likewise
  Position position_;
  bool constant_ = true;
};

/// A source and the operators behind it, within a component; or operators alone, where that has no source.
struct StreamConfig {
  ComponentConfig source = {};
  std::vector<ComponentConfig> pipeline = {};
};

/// Calls `visit` with each component of the configuration of a source or an operator: itself, and all that
/// stand in it.
void each_component(const ComponentConfig& config, const std::function<void(const ComponentConfig&)>& visit);

}  // namespace coyield::config
