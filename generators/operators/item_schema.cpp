#include <coyield/generators/operators/item_schema.hpp>

// Without it the library ends the process over a schema that is none.
#define VALIJSON_USE_EXCEPTIONS 1

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <coyield/generators/operators/as_json.hpp>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#include <vector>

namespace coyield::generators {

namespace {

using Json = nlohmann::json;
using Pointer = Json::json_pointer;

// What the library does itself costs too much for what comes from elsewhere: std::regex takes stack in
// proportion to a text, and uniqueItems time in the square of an array. Under these names they are ours.
constexpr const char* own_pattern = "coyield:pattern";
constexpr const char* own_unique = "coyield:uniqueItems";

/// Where the schemas stand that a schema consists of.
struct Keyword {
  enum class Holds { schema, list, members };
  const char* name;
  Holds holds;
  bool in_place;  ///< for the same value, and no part of it
};
constexpr std::array<Keyword, 17> keywords = {{
    {"allOf", Keyword::Holds::list, true},
    {"anyOf", Keyword::Holds::list, true},
    {"oneOf", Keyword::Holds::list, true},
    {"not", Keyword::Holds::schema, true},
    {"if", Keyword::Holds::schema, true},
    {"then", Keyword::Holds::schema, true},
    {"else", Keyword::Holds::schema, true},
    {"dependencies", Keyword::Holds::members, true},
    {"properties", Keyword::Holds::members, false},
    {"additionalProperties", Keyword::Holds::schema, false},
    {"propertyNames", Keyword::Holds::schema, false},
    {"items", Keyword::Holds::list, false},
    {"items", Keyword::Holds::schema, false},
    {"additionalItems", Keyword::Holds::schema, false},
    {"contains", Keyword::Holds::schema, false},
    {"definitions", Keyword::Holds::members, false},
    {"$defs", Keyword::Holds::members, false},
}};

using Visit = std::function<void(Json& schema, const Pointer& place, bool in_place)>;

/// The schemas within one, one level down.
void each_part(Json& schema, const Pointer& place, const Visit& visit) {
  if (!schema.is_object()) return;
  for (const Keyword& keyword : keywords) {
    const auto found = schema.find(keyword.name);
    if (found == schema.end()) continue;
    const Pointer here = place / keyword.name;
    if (keyword.holds == Keyword::Holds::schema && found->is_object()) {
      visit(*found, here, keyword.in_place);
    } else if (keyword.holds == Keyword::Holds::list && found->is_array()) {
      for (std::size_t i = 0; i < found->size(); ++i) visit((*found)[i], here / i, keyword.in_place);
    } else if (keyword.holds == Keyword::Holds::members && found->is_object()) {
      for (auto& [name, part] : found->items()) visit(part, here / name, keyword.in_place);
    }
  }
}

config::Mistake at(const Pointer& place, config::Mistake mistake) {
  const std::string where = place.to_string();
  if (!where.empty()) mistake.what = config::in_quotes(where) + ": " + mistake.what;
  return mistake;
}

/// Gives the library's names for what it shall not do to keywords of ours, and refuses what nobody does.
std::optional<config::Mistake> prepare(Json& schema, const Pointer& place) {
  if (schema.is_object()) {
    if (schema.contains("patternProperties"))
      return at(place, {"\"patternProperties\" is not supported", "name them in \"properties\""});
    schema.erase("format");
    if (const auto pattern = schema.find("pattern"); pattern != schema.end()) {
      if (!pattern->is_string()) return at(place, {"\"pattern\" is no text", "write \"^[a-z]+$\""});
      const RE2 compiled(pattern->get<std::string>(), RE2::Quiet);
      if (!compiled.ok())
        return at(place, {"\"pattern\" is not one of RE2: " + compiled.error(), "write it otherwise"});
      schema[own_pattern] = *pattern;
      schema.erase("pattern");
    }
    if (const auto unique = schema.find("uniqueItems"); unique != schema.end()) {
      if (*unique == true) schema[own_unique] = true;
      schema.erase("uniqueItems");
    }
    if (const auto ref = schema.find("$ref"); ref != schema.end()) {
      if (!ref->is_string() || !ref->get_ref<const std::string&>().starts_with('#'))
        return at(place, {"\"$ref\" leads to another document", "write \"#/$defs/NAME\""});
    }
  }
  std::optional<config::Mistake> mistake;
  each_part(schema, place, [&mistake](Json& part, const Pointer& there, bool) {
    if (!mistake) mistake = prepare(part, there);
  });
  return mistake;
}

/// References and parts for the same value must not lead back to where they began.
class Circles {
 public:
  explicit Circles(Json& root) : root_(root) {}

  std::optional<config::Mistake> find(Json& schema, const Pointer& place) {
    follow(schema, place);
    each_part(schema, place, [this](Json& part, const Pointer& there, bool) {
      if (!mistake_) find(part, there);
    });
    return mistake_;
  }

 private:
  void follow(Json& schema, const Pointer& place) {
    if (mistake_ || done_.contains(&schema)) return;
    if (!on_the_way_.insert(&schema).second) {
      mistake_ = at(place, {"it leads back to itself without a part of the item in between",
                            "let it say something of a member, or of elements"});
      return;
    }
    if (schema.is_object() && schema.contains("$ref")) follow_reference(schema, place);
    each_part(schema, place, [this](Json& part, const Pointer& there, bool in_place) {
      if (in_place) follow(part, there);
    });
    on_the_way_.erase(&schema);
    done_.insert(&schema);
  }
  void follow_reference(const Json& schema, const Pointer& place) {
    const std::string ref = schema["$ref"].get<std::string>().substr(1);
    try {
      const Pointer target(ref);
      follow(root_.at(target), place);
    } catch (const Json::exception&) {
      mistake_ = at(place, {"\"$ref\" leads to " + config::in_quotes("#" + ref) + ", which is not there",
                            "write \"#/$defs/NAME\""});
    }
  }

  Json& root_;
  std::set<const Json*> on_the_way_;
  std::set<const Json*> done_;
  std::optional<config::Mistake> mistake_;
};

// ---- what we do ourselves

/// A constraint of ours, which the library copies where it likes.
template <class Derived>
class OwnConstraint : public valijson::constraints::PolyConstraint {
  Constraint* cloneInto(void* place) const override {
    return new (place) Derived(static_cast<const Derived&>(*this));
  }
  std::size_t sizeOf() const override { return sizeof(Derived); }

 protected:
  static bool refuse(const std::vector<std::string>& context, valijson::ValidationResults* results,
                     const std::string& why) {
    if (results != nullptr) results->pushError(context, why);
    return false;
  }
};

class Pattern final : public OwnConstraint<Pattern> {
 public:
  explicit Pattern(const std::string& pattern) : pattern_(std::make_shared<RE2>(pattern, RE2::Quiet)) {}
  bool validate(const valijson::adapters::Adapter& target, const std::vector<std::string>& context,
                valijson::ValidationResults* results) const override {
    if (!target.isString() || RE2::PartialMatch(target.asString(), *pattern_)) return true;
    return refuse(context, results, "the text does not match the pattern " + pattern_->pattern());
  }

 private:
  std::shared_ptr<const RE2> pattern_;
};

class UniqueItems final : public OwnConstraint<UniqueItems> {
 public:
  bool validate(const valijson::adapters::Adapter& target, const std::vector<std::string>& context,
                valijson::ValidationResults* results) const override {
    if (!target.isArray()) return true;
    const auto* adapter = dynamic_cast<const valijson::adapters::NlohmannJsonAdapter*>(&target);
    std::set<Json> seen;
    for (const auto& element : adapter->getArray()) {
      if (!seen.insert(tree_of(element)).second)
        return refuse(context, results, "elements of the array are the same");
    }
    return true;
  }

 private:
  static Json tree_of(const valijson::adapters::NlohmannJsonAdapter& value) {
    if (value.isString()) return value.getString();
    if (value.isBool()) return value.getBool();
    if (value.isInteger()) return value.getInteger();
    if (value.isDouble()) return value.getDouble();
    Json tree;
    if (value.isArray()) {
      tree = Json::array();
      for (const auto& element : value.getArray()) tree.push_back(tree_of(element));
    } else if (value.isObject()) {
      tree = Json::object();
      for (const auto& member : value.getObject()) tree[member.first] = tree_of(member.second);
    }
    return tree;
  }
};

template <class Make>
class Builder final : public valijson::ConstraintBuilder {
 public:
  explicit Builder(Make make) : make_(make) {}
  valijson::constraints::Constraint* make(const valijson::adapters::Adapter& value) const override {
    return make_(value);
  }

 private:
  Make make_;
};

/// The library takes whole numbers for signed ones of 64 bits: what is more counts as the most.
void keep_signed(Json& value) {
  if (value.is_structured()) {
    for (Json& part : value) keep_signed(part);
  } else if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) {
    value = INT64_MAX;
  }
}

/// `<root>` `[a]` `[0]` as a JSON Pointer.
std::string pointer_of(const std::vector<std::string>& context) {
  Pointer pointer;
  for (const std::string& step : context) {
    if (step.size() > 2 && step.starts_with('[')) pointer /= step.substr(1, step.size() - 2);
  }
  return pointer.to_string();
}

}  // namespace

struct ItemSchema::Compiled {
  valijson::Schema schema;
  valijson::Validator validator;
  Buffer text;
};

ItemSchema::ItemSchema(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
ItemSchema::ItemSchema(ItemSchema&&) noexcept = default;
ItemSchema& ItemSchema::operator=(ItemSchema&&) noexcept = default;
ItemSchema::~ItemSchema() = default;

config::Checked<ItemSchema> ItemSchema::compile(const Json& written) {
  if (!written.is_object()) return config::Mistake{"a schema is an object", R"(write { "type": "object" })"};
  Json prepared = written;
  if (auto mistake = prepare(prepared, Pointer())) return *std::move(mistake);
  keep_signed(prepared);
  if (auto mistake = Circles(prepared).find(prepared, Pointer())) return *std::move(mistake);
  auto compiled = std::make_unique<Compiled>();
  valijson::SchemaParser parser;
  const auto pattern = [](const valijson::adapters::Adapter& value) { return new Pattern(value.asString()); };
  const auto unique = [](const valijson::adapters::Adapter&) { return new UniqueItems; };
  parser.addConstraintBuilder(own_pattern, new Builder(pattern));
  parser.addConstraintBuilder(own_unique, new Builder(unique));
  try {
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(prepared), compiled->schema);
  } catch (const std::exception& error) {
    return config::Mistake{"it is no JSON Schema of draft 7: " + std::string(error.what())};
  }
  return ItemSchema(std::move(compiled));
}

std::optional<std::string> ItemSchema::mistake_in(const Item& item) {
  Buffer& text = compiled_->text;
  text.clear();
  append_as_json(text, item);
  Json tree = Json::parse(text.view(), nullptr, false);
  if (tree.is_discarded()) return "it is not JSON";
  keep_signed(tree);
  valijson::ValidationResults results;
  const valijson::adapters::NlohmannJsonAdapter target(tree);
  if (compiled_->validator.validate(compiled_->schema, target, &results)) return std::nullopt;
  valijson::ValidationResults::Error error;
  if (!results.popError(error)) return "it does not fit";
  const std::string place = pointer_of(error.context);
  return (place.empty() ? "" : config::in_quotes(place) + ": ") + error.description;
}

}  // namespace coyield::generators
