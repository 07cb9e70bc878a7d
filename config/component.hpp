#pragma once
#include <coyield/config/value.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::config {

class Arguments;

/// What a parameter holds, and with that its C++ type in `Arguments`.
enum class ParameterType {
  boolean,   ///< bool
  integer,   ///< std::int64_t
  number,    ///< double
  duration,  ///< std::chrono::nanoseconds, written with a unit
  size,      ///< Size, written with a unit
  text,      ///< std::string
  choice,    ///< std::string, one of `choices`
  json,      ///< nlohmann::json, any value
  list,      ///< std::vector<std::string>
  streams,  ///< Streams: sources, each alone or with operators behind it, `{ "source": ..., "pipeline": [...]
            ///< }`
  operators,  ///< Streams: one, of operators alone
};

/// `a duration`, `a whole number`, `true or false`: what to write, in words.
std::string_view type_name(ParameterType type);

/// How values of a request stand in a text.
enum class Filling {
  plain,     ///< as they are
  argument,  ///< each is one whole argument of a program, behind its name, and none begins with "-"
  url,       ///< percent-encoded; scheme and authority of the URL are not theirs to choose
  path,      ///< percent-encoded, in the path of an endpoint with its query
};

/// One parameter of a component.
struct Parameter {
  std::string name;
  ParameterType type = ParameterType::text;
  std::string summary = {};
  bool required = false;     ///< if not, `default_value` holds, which may be none
  Value default_value = {};  ///< of the parameter's type
  Value minimum = {};        ///< both bounds are allowed values; for integer, number, duration and size
  Value maximum = {};
  std::vector<std::string> choices = {};
  /// Whether `${path.x}` and other values of a request may stand in it. False where they would be dangerous
  /// or too dear: a program, a file's root. `${env.X}` may stand everywhere.
  bool request_values = true;
  Filling filling = Filling::plain;  ///< `argument` for a list, `url` and `path` for a text
};

enum class ComponentKind { source, operator_, format };

/// `source`, `operator`, `format`.
std::string_view kind_name(ComponentKind kind);

/// A mistake that concerns one parameter.
struct ParameterMistake {
  std::string parameter;
  Mistake mistake;
  nlohmann::json::json_pointer place = nlohmann::json::json_pointer();  ///< in the value, if that is JSON
};
using ParameterMistakes = std::vector<ParameterMistake>;

/// The mistake with the names on the way to its place in front of it: `"/level": "and": a list is ...`.
Mistake with_place(const ParameterMistake& refusal);

/// What a source, an operator or a format offers. It is written once, beside its code; checking, `coyield
/// list`, the JSON Schema, the console and the reference all read it.
///
///     Component{.kind = ComponentKind::source,
///               .name = "counter",
///               .summary = "Whole numbers, one after the other.",
///               .parameters = {{.name = "from",
///                               .type = ParameterType::integer,
///                               .summary = "The first number.",
///                               .default_value = 1},
///                              {.name = "to", .type = ParameterType::integer, .summary = "..."}},
///               .main = "to",
///               .example = R"({ "counter": { "from": 1, "to": 5, "interval": "500ms" } })",
///               .details = "Yields the first number at once. Ends after `to`; without it, never."}
struct Component {
  ComponentKind kind = ComponentKind::source;
  std::string name;
  std::string summary = {};
  std::vector<Parameter> parameters = {};  ///< at most 64
  std::string main = {};            ///< the parameter that the short form `{ "take": 5 }` sets, or empty
  std::string example = {};         ///< the component as it stands in a configuration, in JSON
  std::string details = {};         ///< what it yields, when it ends, what can go wrong
  std::string position = {};        ///< what a client gets that comes back with the id of an item
  bool reads_input = false;         ///< a source that takes what clients send: of use only where they may
  std::string reads_input_if = {};  ///< one that does so where this parameter, a boolean, is true
  /// A source that gives what is published under the name that its main parameter says.
  bool is_topic = false;
  /// A source that gives what the endpoint does whose path its main parameter says.
  bool is_endpoint = false;
  /// An operator that takes bounded memory and time for each item, whatever its arguments: an endpoint may
  /// let clients add it in their query, under its name.
  bool for_clients = false;
  bool configurable = true;  ///< false: a configuration cannot name it; it is there to be read about

  /// What no single parameter's description can say: `batch` needs `items` or `within`. Gives all mistakes,
  /// none for good arguments. Called when the configuration is read, once more with the defaults of those
  /// values of a request that have one, and again for each request that fills in values. On the first
  /// occasion a parameter that a request fills in has no value yet, or for json and lists the value with
  /// empty texts where those of the request will stand, and for streams theirs likewise;
  /// `Arguments::from_request` tells it from one that was left out.
  ParameterMistakes (*check)(const Arguments&) = nullptr;

  /// The place of a parameter in `parameters`, if there is one of that name.
  std::optional<std::size_t> find(std::string_view parameter) const;
};

/// All that this program offers. Holds copies: the components' own files need not live on.
class Catalogue {
 public:
  /// Throws std::logic_error for a description that contradicts itself (a default of the wrong type, a `main`
  /// that is no parameter, a name taken twice): a bug that every start would show.
  void add(Component component);

  /// Null if there is none of that name.
  std::shared_ptr<const Component> find(ComponentKind kind, std::string_view name) const;
  /// In alphabetical order.
  std::vector<std::string> names(ComponentKind kind) const;

 private:
  std::vector<std::shared_ptr<const Component>> components_;
};

}  // namespace coyield::config
