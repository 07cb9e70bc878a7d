#include <coyield/generators/operators/json_diff.hpp>

#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/json_check.hpp>
#include <coyield/generators/json_text.hpp>
#include <coyield/generators/json_value.hpp>
#include <coyield/generators/operators/as_json.hpp>

// Both texts are read into lists of values, which are views of them. Whatever is written the same is the
// same, and is not looked into: the work lies where something has changed. Members are compared by name.
// Elements are compared by place, but for as many at the beginning and at the end as have stayed: what was
// put in front of a list is one operation, not one for each element. That is not the shortest patch there can
// be; for that one would have to compare all with all.

namespace coyield::generators {

namespace {

constexpr std::string_view patch_begin = R"([{"op":"replace","path":"","value":)";
constexpr std::string_view patch_end = "}]";

}  // namespace

/// Reads a text that is known to be valid, and without blanks.
class JsonDiff::Reader {
 public:
  explicit Reader(Document& document) noexcept : document_(document), at_(document.text.data()) {}

  /// As deep as the text is nested.
  void value(std::string_view name) {
    const std::size_t place = document_.nodes.size();
    document_.nodes.emplace_back();
    const char* const begin = at_;
    Kind kind = Kind::scalar;
    if (*at_ == '{') {
      kind = Kind::object;
      members();
    } else if (*at_ == '[') {
      kind = Kind::array;
      elements();
    } else if (*at_ == '"') {
      string();
    } else {
      const char* const end = document_.text.data() + document_.text.size();
      while (at_ != end && *at_ != ',' && *at_ != '}' && *at_ != ']') ++at_;
    }
    Node& node = document_.nodes[place];
    node.raw = {begin, static_cast<std::size_t>(at_ - begin)};
    node.name = name;
    node.next = static_cast<std::uint32_t>(document_.nodes.size());
    node.kind = kind;
  }

 private:
  void members() {
    while (*at_++ != '}') {
      if (*at_ == '}') continue;
      const std::string_view name = without_escapes(string());
      ++at_;  // the colon
      value(name);
    }
  }
  void elements() {
    while (*at_++ != ']') {
      if (*at_ != ']') value({});
    }
  }
  /// With its quotes.
  std::string_view string() noexcept {
    const char* const begin = at_;
    for (++at_; *at_ != '"'; ++at_) {
      if (*at_ == '\\') ++at_;
    }
    ++at_;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }
  std::string_view without_escapes(std::string_view quoted) {
    const std::string_view inner = quoted.substr(1, quoted.size() - 2);
    if (inner.find('\\') == std::string_view::npos) return inner;
    return document_.names.emplace_back(JsonValue::json(quoted).text());
  }

  Document& document_;
  const char* at_;
};

/// Writes the operations that lead from one document to another, as long as they are shorter than `longest`.
class JsonDiff::Comparison {
 public:
  Comparison(const Document& from, const Document& to, Buffer& patch, std::size_t longest) noexcept
      : from_(from.nodes), to_(to.nodes), patch_(patch), longest_(longest) {}

  /// Whether it is the whole patch, which may be empty.
  bool run() {
    compare(from_.front(), to_.front());
    if (!patch_.empty()) patch_.push_back(']');
    return patch_.size() <= longest_;
  }

 private:
  using Nodes = std::vector<const Node*>;

  /// As deep as the shallower of both is nested.
  void compare(const Node& from, const Node& to) {
    if (from.raw == to.raw || patch_.size() > longest_) return;
    if (from.kind == Kind::object && to.kind == Kind::object) {
      compare_members(members(from_, from), members(to_, to));
    } else if (from.kind == Kind::array && to.kind == Kind::array) {
      compare_elements(children(from_, from), children(to_, to));
    } else {
      write("replace", &to);
    }
  }

  void compare_members(const Nodes& from, const Nodes& to) {
    auto old = from.begin();
    auto now = to.begin();
    while (old != from.end() || now != to.end()) {
      const int order = old == from.end() ? 1 : now == to.end() ? -1 : (*old)->name.compare((*now)->name);
      const std::size_t here = enter((order > 0 ? *now : *old)->name);
      if (order < 0) write("remove", nullptr);
      if (order > 0) write("add", *now);
      if (order == 0) compare(**old, **now);
      leave(here);
      if (order <= 0) ++old;
      if (order >= 0) ++now;
    }
  }

  void compare_elements(const Nodes& from, const Nodes& to) {
    const auto same = [](const Node* a, const Node* b) { return a->raw == b->raw; };
    const std::size_t shorter = std::min(from.size(), to.size());
    std::size_t first = 0;
    while (first < shorter && same(from[first], to[first])) ++first;
    std::size_t last = 0;
    while (last < shorter - first && same(from[from.size() - 1 - last], to[to.size() - 1 - last])) ++last;
    const std::size_t from_end = from.size() - last;
    const std::size_t to_end = to.size() - last;
    std::size_t index = first;
    for (; index < std::min(from_end, to_end); ++index) {
      const std::size_t here = enter(index);
      compare(*from[index], *to[index]);
      leave(here);
    }
    // Those behind one that goes move up.
    for (std::size_t gone = index; gone < from_end; ++gone) write_at(index, "remove", nullptr);
    for (; index < to_end; ++index) write_at(index, "add", to[index]);
  }

  static Nodes children(const std::vector<Node>& all, const Node& node) {
    Nodes found;
    auto child = static_cast<std::size_t>(&node - all.data()) + 1;
    for (; child < node.next; child = all[child].next) found.push_back(&all[child]);
    return found;
  }
  /// In the order of their names, each once.
  static Nodes members(const std::vector<Node>& all, const Node& node) {
    Nodes found = children(all, node);
    std::ranges::sort(found, [](const Node* one, const Node* other) {
      const int order = one->name.compare(other->name);
      return order != 0 ? order < 0 : one < other;  // of the same name, as they stand in the text
    });
    const auto first = [](const Node* one, const Node* other) { return one->name == other->name; };
    // Of equal ones the last: it is the first from behind.
    const auto kept = std::unique(found.rbegin(), found.rend(), first);
    found.erase(found.begin(), kept.base());
    return found;
  }

  /// Each gives how to leave.
  std::size_t enter(std::string_view name) {
    const std::size_t here = path_.size();
    name_.clear();
    for (const char c : name) {
      if (c == '~' || c == '/') {
        name_.append(c == '~' ? "~0" : "~1");
      } else {
        name_.push_back(c);
      }
    }
    quoted_.clear();
    append_json_string(quoted_, name_.view());
    path_.push_back('/');
    path_.append(quoted_.view().substr(1, quoted_.size() - 2));
    return here;
  }
  std::size_t enter(std::size_t index) {
    const std::size_t here = path_.size();
    path_.push_back('/');
    append_integer(path_, index);
    return here;
  }
  void leave(std::size_t here) noexcept { path_.resize(here); }

  void write_at(std::size_t index, std::string_view operation, const Node* value) {
    const std::size_t here = enter(index);
    write(operation, value);
    leave(here);
  }
  void write(std::string_view operation, const Node* value) {
    if (patch_.size() > longest_) return;
    patch_.append(patch_.empty() ? R"([{"op":")" : R"(,{"op":")");
    patch_.append(operation);
    patch_.append(R"(","path":")");
    patch_.append(path_.view());
    patch_.push_back('"');
    if (value != nullptr) {
      patch_.append(R"(,"value":)");
      patch_.append(value->raw);
    }
    patch_.push_back('}');
  }

  const std::vector<Node>& from_;
  const std::vector<Node>& to_;
  Buffer& patch_;
  std::size_t longest_;
  Buffer path_;  // as it stands in a JSON string
  Buffer name_;
  Buffer quoted_;
};

bool JsonDiff::apply(Item& item) {
  Document& before = documents_[newest_];
  Document& now = documents_[newest_ ^ 1];
  read_.clear();
  append_as_json(read_, item);
  if (check_json(read_.view(), JsonLineBreaks::allowed) != JsonVerdict::good) {
    throw Failure(FailureKind::internal, "an item that should be JSON cannot be read, or is nested too deep");
  }
  now.text.clear();
  now.nodes.clear();
  now.names.clear();
  append_compact_json(now.text, read_.view());
  if (known_ && now.text.view() == before.text.view()) return false;
  Reader(now).value({});

  const std::size_t whole = patch_begin.size() + now.text.size() + patch_end.size();
  patch_.clear();
  const bool shorter = known_ && Comparison(before, now, patch_, whole).run();
  newest_ ^= 1;
  if (shorter && patch_.empty()) return false;
  if (!shorter) {
    patch_.clear();
    patch_.append(patch_begin);
    patch_.append(now.text.view());
    patch_.append(patch_end);
  }
  known_ = true;
  item.set(PayloadKind::json, patch_.view());
  return true;
}

}  // namespace coyield::generators
