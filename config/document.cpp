// nlohmann's parser does the reading and the checking; its SAX events come without positions, and its tree
// would have no room for them. So a cursor of our own follows the events through the text: an event means
// that the next token was accepted, and where that token stands is found by stepping over blanks, comments,
// commas and colons.
#include <algorithm>
#include <coyield/config/detail/cursor.hpp>
#include <coyield/config/detail/syntax.hpp>
#include <coyield/config/document.hpp>
#include <coyield/config/units.hpp>

namespace coyield::config {
namespace {

using detail::Cursor;
using detail::SyntaxState;
using Json = nlohmann::json;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// With its mark, or a first character of ASCII in two bytes.
bool is_utf16(std::string_view text) {
  return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
         (text.size() >= 2 && (text[0] == '\0') != (text[1] == '\0'));
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/// `server` of a text whose first line that says something is `server:`, else nothing.
std::string_view first_key_of_yaml(std::string_view text) {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find_first_of("\r\n"));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with('#') || line.starts_with("---") || line.find_first_not_of(" \t") == line.npos)
      continue;
    const auto key =
        line.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(line, is_word) - line.begin()));
    const auto behind = line.substr(key.size());
    return behind == ":" || behind.starts_with(": ") ? key : std::string_view{};
  }
  return {};
}
constexpr int nlohmann_out_of_range = 406;

class TreeBuilder final : public nlohmann::json_sax<Json> {
 public:
  explicit TreeBuilder(std::string_view text) : state_{.cursor = Cursor(text)} {}

  bool null() override { return add({}); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(std::int64_t value) override { return add(value); }
  bool number_unsigned(std::uint64_t value) override {
    if (value > static_cast<std::uint64_t>(INT64_MAX)) return add(value);
    return add(static_cast<std::int64_t>(value));
  }
  bool number_float(double value, const std::string& written) override {
    Node& node = place();
    node = Node{value, take(), written};
    state_.after = SyntaxState::After::value;
    return true;
  }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(Json::binary_t&) override { return false; }  // not in JSON text

  bool start_object(std::size_t) override { return open('{', Node::Object{}); }
  bool start_array(std::size_t) override { return open('[', Node::Array{}); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& value) override {
    auto position = take();
    state_.after = SyntaxState::After::key;
    std::get<Node::Object>(containers_.back()->value).push_back({std::move(value), position, {}});
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    error_ = explain_syntax(state_, error.id == nlohmann_out_of_range);
    return false;
  }

  Node take_root() { return std::move(root_); }
  const detail::SyntaxError& error() const { return error_; }

 private:
  Position take() {
    state_.cursor.skip_to_token();
    state_.token_position = state_.cursor.position();
    state_.token = state_.cursor.take_token();
    return state_.token_position;
  }

  template <class T>
  bool add(T value) {
    auto position = take();
    state_.after = SyntaxState::After::value;
    place() = Node{std::move(value), position};
    return true;
  }

  bool add(std::monostate) { return add<std::monostate>({}); }

  template <class Container>
  bool open(char bracket, Container empty) {
    auto position = take();
    if (containers_.size() == max_document_depth) {
      error_ = {position,
                {"more than " + std::to_string(max_document_depth) + " brackets deep", "write it flatter"}};
      return false;
    }
    state_.after = SyntaxState::After::bracket;
    state_.open.push_back({bracket, position});
    Node& node = place();
    node = Node{std::move(empty), position};
    containers_.push_back(&node);
    return true;
  }

  bool close() {
    take();
    state_.after = SyntaxState::After::value;
    state_.open.pop_back();
    containers_.pop_back();
    return true;
  }

  /// Where the next value belongs. Only the innermost container grows, so pointers to those around it stay
  /// good.
  Node& place() {
    if (containers_.empty()) return root_;
    auto& container = containers_.back()->value;
    if (auto* array = std::get_if<Node::Array>(&container)) return array->emplace_back();
    return std::get<Node::Object>(container).back().value;
  }

  SyntaxState state_;
  Node root_;
  std::vector<Node*> containers_;
  detail::SyntaxError error_;
};

struct ToJson {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(const Node::Array& array) const {
    Json out = Json::array();
    for (const auto& element : array) out.push_back(to_json(element));
    return out;
  }
  Json operator()(const Node::Object& object) const {
    Json out = Json::object();
    for (const auto& member : object)
      out.emplace(member.key, to_json(member.value));  // the first of two stays
    return out;
  }
  template <class T>
  Json operator()(const T& value) const {
    return value;
  }
};

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto* object = as<Object>();
  if (!object) return nullptr;
  auto member = std::ranges::find(*object, key, &Member::key);
  return member == object->end() ? nullptr : &member->value;
}

std::string_view kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::boolean:
      return "true or false";
    case Node::Kind::integer:
    case Node::Kind::unsigned_:
      return "a whole number";
    case Node::Kind::number:
      return "a number";
    case Node::Kind::string:
      return "text";
    case Node::Kind::array:
      return "a list";
    case Node::Kind::object:
      return "an object";
  }
  return "a value";
}

Json to_json(const Node& node) { return std::visit(ToJson{}, node.value); }

std::optional<Node> read_document(std::string_view text, std::string_view file, Problems& problems) {
  auto fail = [&](Position position, Mistake mistake) {
    problems.add({std::string(file), position.line, position.column, {}, mistake.what, mistake.advice});
    return std::nullopt;
  };
  if (text.size() > max_document_bytes) {
    return fail({1, 1}, {"the text is longer than " + format_size({max_document_bytes}),
                         "split it, or write it shorter"});
  }
  if (is_utf16(text)) return fail({1, 1}, {"this file is UTF-16", "save it as UTF-8"});
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  TreeBuilder builder(text);
  if (!Json::sax_parse(text.begin(), text.end(), &builder, Json::input_format_t::json, true, true)) {
    if (const auto key = first_key_of_yaml(text); !key.empty())
      return fail({1, 1},
                  {"this looks like YAML", "a configuration is JSON: { " + in_quotes(key) + ": { ... } }"});
    return fail(builder.error().position, builder.error().mistake);
  }
  return builder.take_root();
}

}  // namespace coyield::config
