#include <coyield/generators/operators/condition.hpp>

#include <algorithm>
#include <array>
#include <coyield/config/document.hpp>
#include <coyield/config/problem.hpp>
#include <nlohmann/json.hpp>

namespace coyield::generators {

namespace {

using config::Checked;
using config::in_quotes;
using config::Mistake;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

std::string shown(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (const auto* text = value.get_ptr<const std::string*>()) return in_quotes(*text);
  return value.dump();
}

/// The conditions on one value that compare it with one other.
struct Comparison {
  std::string_view word;
  ValueTest::Kind kind;
  bool (*accepts)(const Json&);
  std::string_view accepted;
  std::string_view example;
};

bool is_anything(const Json&) { return true; }
bool is_orderable(const Json& value) { return value.is_number() || value.is_string(); }
bool is_text(const Json& value) { return value.is_string(); }
constexpr std::string_view orderable = "a number or a text";

constexpr std::array comparisons = {
    Comparison{"equals", ValueTest::Kind::one_of, is_anything, "", ""},
    Comparison{"less", ValueTest::Kind::less, is_orderable, orderable, "5"},
    Comparison{"greater", ValueTest::Kind::greater, is_orderable, orderable, "5"},
    Comparison{"at_least", ValueTest::Kind::at_least, is_orderable, orderable, "5"},
    Comparison{"at_most", ValueTest::Kind::at_most, is_orderable, orderable, "5"},
    Comparison{"prefix", ValueTest::Kind::prefix, is_text, "a text", R"("web")"},
    Comparison{"contains", ValueTest::Kind::contains, is_anything, "", ""},
};

const Comparison* find_comparison(std::string_view word) {
  const auto* const found = std::ranges::find(comparisons, word, &Comparison::word);
  return found == comparisons.end() ? nullptr : found;
}

Words words_for_values() {
  Words words = {"one_of", "exists", "and", "or", "not"};
  for (const Comparison& each : comparisons) words.emplace_back(each.word);
  return words;
}

struct Foreign {
  std::string_view word;
  std::string_view own;
};

/// What other languages call the conditions.
constexpr auto foreign_words = std::to_array<Foreign>({
    {"eq", "equals"},
    {"==", "equals"},
    {"=", "equals"},
    {"is", "equals"},
    {"ne", "not"},
    {"neq", "not"},
    {"!=", "not"},
    {"<>", "not"},
    {"gt", "greater"},
    {">", "greater"},
    {"lt", "less"},
    {"<", "less"},
    {"gte", "at_least"},
    {"ge", "at_least"},
    {">=", "at_least"},
    {"min", "at_least"},
    {"lte", "at_most"},
    {"le", "at_most"},
    {"<=", "at_most"},
    {"max", "at_most"},
    {"in", "one_of"},
    {"any_of", "one_of"},
    {"like", "contains"},
    {"includes", "contains"},
    {"starts_with", "prefix"},
    {"startsWith", "prefix"},
});
constexpr std::array<std::string_view, 6> words_of_patterns = {"regex",   "regexp",  "match",
                                                               "matches", "pattern", "=~"};

/// What is called so elsewhere, also with the `$` of MongoDB; else nothing.
std::string_view own_word(std::string_view word) {
  if (word.starts_with('$')) word.remove_prefix(1);
  const auto* const found = std::ranges::find(foreign_words, word, &Foreign::word);
  return found == foreign_words.end() ? std::string_view{} : found->own;
}

Mistake unknown_word(std::string_view word) {
  if (const auto own = own_word(word); !own.empty())
    return {in_quotes(word) + " is called " + in_quotes(own) + " here",
            "write { " + in_quotes(own) + ": ... }"};
  if (std::ranges::find(words_of_patterns, word.substr(word.starts_with('$') ? 1 : 0)) !=
      words_of_patterns.end())
    return {in_quotes(word) + " is no condition: there are no regular expressions",
            R"(write { "prefix": "..." } or { "contains": "..." })"};
  if (word.starts_with('/'))
    return {in_quotes(word) + " stands within the conditions of another place",
            "write the whole way to it in one pointer, as \"/user/name\""};
  std::string advice = config::suggest(word, words_for_values());
  if (advice.empty())
    advice =
        "there are equals, not, one_of, less, greater, at_least, at_most, exists, prefix, contains, and, or";
  return {in_quotes(word) + " is no condition", advice};
}

/// A key that is neither a place nor a word that may stand beside places.
Mistake unknown_place(std::string_view key, const Mistake& no_pointer) {
  const Words words = words_for_values();
  if (std::ranges::find(words, key) != words.end())
    return {in_quotes(key) + " does not say what is compared",
            "write a place in front of it: { \"/name\": { " + in_quotes(key) + ": ... } }"};
  if (const auto own = own_word(key); !own.empty())
    return {in_quotes(key) + " does not say what is compared, and is called " + in_quotes(own) + " here",
            "write { \"/name\": { " + in_quotes(own) + ": ... } }"};
  const std::string meant = config::suggest(key, {"and", "or", "not"});
  if (meant.empty() || key.size() < 3) return no_pointer;
  return {no_pointer.what, no_pointer.advice + "; or " + meant};
}

Mistake no_condition(const Json& written) {
  const std::string usual =
      R"(write { "/level": "error" }, with the place that is looked at as a JSON Pointer)";
  if (written.is_array()) return {"a list is no condition", R"(write { "and": [...] } or { "or": [...] })"};
  if (written.is_object()) return {"there is no condition in it", usual};
  return {shown(written) + " is no condition", usual};
}

Mistake no_conditions_on_value() {
  return {"there is no condition in it", R"(write { "equals": {} } to compare with an empty object)"};
}

Mistake no_list(std::string_view word, const Json& written) {
  return {in_quotes(word) + (written.is_array() ? " has an empty list" : " needs a list") +
              (written.is_array() ? "" : ", not " + shown(written)),
          word == "one_of" ? R"(write { "one_of": ["first", "second"] })"
                           : "write { " + in_quotes(word) + ": [{ ... }, { ... }] }"};
}

Mistake too_deep() {
  return {"conditions are nested too deep",
          "the deepest is " + std::to_string(config::max_document_depth) + " levels"};
}

}  // namespace

/// Makes nodes of what is written. A mistake is noted with its place, and the reading goes on: the node that
/// stands in for what is wrong is of no use to anybody.
class Condition::Reader {
 public:
  Reader(JsonFinder& finder, Texts texts, std::string parameter = {}) noexcept
      : finder_(finder), texts_(texts), parameter_(std::move(parameter)) {}

  /// `{ "/level": "error", "or": [...] }`
  Node condition(const Json& written) {
    if (!written.is_object() || written.empty()) return wrong(no_condition(written));
    return each_member(
        written, [this](const auto& key, const Json& value) { return member_of_condition(key, value); });
  }

  config::ParameterMistakes take_mistakes() { return std::move(mistakes_); }

 private:
  Node wrong(Mistake mistake) {
    mistakes_.push_back({parameter_, std::move(mistake), place_});
    return {};
  }

  Node member_of_condition(const std::string& key, const Json& value) {
    const auto inner = [this](const Json& each) { return condition(each); };
    if (key == "and") return list(key, Node::Kind::all, value, inner);
    if (key == "or") return list(key, Node::Kind::any, value, inner);
    if (key == "not") return negated(inner(value));
    const auto pointer = parse_pointer(key);
    if (!pointer) return wrong(unknown_place(key, pointer.error()));
    return on_value(finder_.add(*pointer), value);
  }

  /// `"error"`, or `{ "greater": 5, "less": 10 }`
  Node on_value(std::size_t place, const Json& written) {
    if (!written.is_object()) return test(place, ValueTest::Kind::one_of, {written});
    if (written.empty()) return wrong(no_conditions_on_value());
    return each_member(written, [this, place](const auto& word, const Json& value) {
      return member_on_value(place, word, value);
    });
  }

  Node member_on_value(std::size_t place, const std::string& word, const Json& value) {
    const auto inner = [this, place](const Json& each) { return on_value(place, each); };
    if (word == "and") return list(word, Node::Kind::all, value, inner);
    if (word == "or") return list(word, Node::Kind::any, value, inner);
    if (word == "not") return negated(inner(value));
    if (word == "exists") return exists(place, value);
    if (word == "one_of") {
      if (!value.is_array() || value.empty()) return wrong(no_list(word, value));
      return test(place, ValueTest::Kind::one_of, value.get<std::vector<Json>>());
    }
    const Comparison* comparison = find_comparison(word);
    if (comparison == nullptr) return wrong(unknown_word(word));
    if (comparison->accepts(value)) return test(place, comparison->kind, {value});
    return wrong({in_quotes(word) + " compares with " + std::string(comparison->accepted) + ", not with " +
                      shown(value),
                  "write { " + in_quotes(word) + ": " + std::string(comparison->example) + " }"});
  }

  Node exists(std::size_t place, const Json& value) {
    if (!value.is_boolean())
      return wrong({R"("exists" is true or false, not )" + shown(value), R"(write { "exists": true })"});
    Node node{.place = place};
    return value.get<bool>() ? std::move(node) : negated(std::move(node));
  }

  Node test(std::size_t place, ValueTest::Kind kind, std::vector<Json> values) const {
    std::vector<Operand> operands;
    operands.reserve(values.size());
    for (Json& value : values) operands.emplace_back(std::move(value), texts_);
    return {.place = place, .test = ValueTest(kind, std::move(operands))};
  }

  static Node negated(Node node) {
    Node none{.kind = Node::Kind::none};
    none.children.push_back(std::move(node));
    return none;
  }

  template <class Read>
  Node list(const std::string& word, Node::Kind kind, const Json& written, const Read& read) {
    if (!written.is_array() || written.empty()) return wrong(no_list(word, written));
    std::size_t index = 0;
    return each_of(kind, written, [&](const Json& element) { return within(index++, element, read); });
  }

  template <class Read>
  Node each_member(const Json& written, const Read& read) {
    return each_of(Node::Kind::all, written.items(), [&](const auto& member) {
      return within(member.key(), member.value(),
                    [&](const Json& value) { return read(member.key(), value); });
    });
  }

  template <class Name, class Read>
  Node within(const Name& name, const Json& value, const Read& read) {
    place_.push_back(token_of(name));
    Node node = read(value);
    place_.pop_back();
    return node;
  }
  static std::string token_of(std::size_t index) { return std::to_string(index); }
  static std::string token_of(const std::string& key) { return key; }

  template <class Range, class Read>
  Node each_of(Node::Kind kind, Range&& range, const Read& read) {
    if (depth_ == config::max_document_depth) return wrong(too_deep());
    ++depth_;
    Node node{.kind = kind};
    for (const auto& each : range) node.children.push_back(read(each));
    --depth_;
    return node.children.size() == 1 ? std::move(node.children.front()) : std::move(node);
  }

  JsonFinder& finder_;
  Texts texts_;
  std::string parameter_;
  Json::json_pointer place_;
  config::ParameterMistakes mistakes_;
  std::size_t depth_ = 0;
};

Checked<Condition> Condition::compile(const Json& written, Texts texts) {
  Condition condition;
  Reader reader(condition.finder_, texts);
  condition.root_ = reader.condition(written);
  if (const auto mistakes = reader.take_mistakes(); !mistakes.empty())
    return config::with_place(mistakes.front());
  condition.found_.resize(condition.finder_.size());
  return condition;
}

config::ParameterMistakes Condition::check(const Json& written, const std::string& parameter) {
  JsonFinder finder;
  Reader reader(finder, Texts::written, parameter);
  reader.condition(written);
  return reader.take_mistakes();
}

bool Condition::holds(const Item& item) {
  finder_.find(item, found_);
  return holds(root_);
}

bool Condition::holds(const Node& node) const {
  const auto child_holds = [this](const Node& child) { return holds(child); };
  switch (node.kind) {
    case Node::Kind::test:
      return node.test.holds(found_[node.place]);
    case Node::Kind::all:
      return std::ranges::all_of(node.children, child_holds);
    case Node::Kind::any:
      return std::ranges::any_of(node.children, child_holds);
    case Node::Kind::none:
      return std::ranges::none_of(node.children, child_holds);
  }
  return false;
}

}  // namespace coyield::generators
