#include <algorithm>
#include <coyield/config/detail/utf8.hpp>
#include <coyield/config/route_pattern.hpp>
#include <optional>

namespace coyield::config {
namespace {

using Segment = RoutePattern::Segment;

constexpr std::string_view rest_marker = "...";
constexpr std::string_view own_paths = ".coyield";

bool is_name(std::string_view text) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  auto letter_or_digit = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && letter(text[0]) && std::ranges::all_of(text, letter_or_digit);
}

Checked<Segment> parse_parameter(std::string_view text) {
  auto name = text.substr(1, text.size() - 2);
  auto kind = Segment::Kind::parameter;
  if (name.ends_with(rest_marker)) {
    name.remove_suffix(rest_marker.size());
    kind = Segment::Kind::rest;
  }
  if (!is_name(name)) {
    return Mistake{in_quotes(name) + " is no name",
                   "write letters, digits and \"_\" between the braces, such as {room}"};
  }
  return Segment{kind, std::string(name)};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = detail::utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

Checked<Segment> parse_literal(std::string_view text) {
  if (text.find_first_of("{}") != std::string_view::npos) {
    return Mistake{in_quotes(text) + " has a brace amid other text", "write {name} as a segment of its own"};
  }
  if (text.find('?') != std::string_view::npos) {
    return Mistake{in_quotes(text) + " has a query in it",
                   "leave it out; ${query.name} reads a query parameter"};
  }
  if (text.find('%') != std::string_view::npos) {
    return Mistake{in_quotes(text) + " has an escape in it", "write the character itself"};
  }
  if (text == "." || text == "..")
    return Mistake{in_quotes(text) + " is never asked for", "write the path that is meant"};
  if (text == "*" || text == "**")
    return Mistake{in_quotes(text) + " matches nothing else", "write {name} or {name...}"};
  auto unfit = [](char c) { return (c & 0xE0) == 0 || c == 0x7F || c == '#' || c == '\\'; };
  const auto found = std::ranges::find_if(text, unfit);
  if (found != text.end()) {
    return Mistake{in_quotes(text) + " has the character " + in_quotes({found, 1}) + ", which no path has",
                   "remove it"};
  }
  if (!is_utf8(text)) return Mistake{in_quotes(text) + " is no UTF-8", "save the file as UTF-8"};
  return Segment{Segment::Kind::literal, std::string(text)};
}

/// The name in `:n`, `<n>` and `<int:n>`, which are parameters elsewhere; else nothing.
std::string_view name_written_otherwise(std::string_view text) {
  const bool in_brackets = text.starts_with('<') && text.ends_with('>');
  if (in_brackets) text = text.substr(1, text.size() - 2);
  if (!in_brackets && !text.starts_with(':')) return {};
  const auto name = text.substr(text.rfind(':') + 1);
  return is_name(name) ? name : "name";
}

/// `GET /a`: where the path begins behind a method, else 0.
std::size_t behind_method(std::string_view text) {
  const auto end = text.find(" /");
  const bool method = end != std::string_view::npos && end > 0 &&
                      std::ranges::all_of(text.substr(0, end), [](char c) { return c >= 'A' && c <= 'Z'; });
  return method ? end + 1 : 0;
}

Checked<Segment> parse_segment(std::string_view text) {
  const bool parameter = text.size() >= 2 && text.starts_with('{') && text.ends_with('}');
  return parameter ? parse_parameter(text) : parse_literal(text);
}

std::optional<Mistake> check(const RoutePattern& pattern) {
  const auto& segments = pattern.segments;
  for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
    if (segments[i].kind == Segment::Kind::rest) {
      return Mistake{"{" + segments[i].text + "...} is the rest of the path and must come last",
                     "write {" + segments[i].text + "} for one segment"};
    }
  }
  auto names = pattern.names();
  std::ranges::sort(names);
  auto twice = std::ranges::adjacent_find(names);
  if (twice != names.end())
    return Mistake{"{" + *twice + "} stands twice", "give each parameter a name of its own"};
  if (!segments.empty() && segments[0] == Segment{Segment::Kind::literal, std::string(own_paths)}) {
    return Mistake{"paths under /.coyield/ are the program's own", "choose another beginning"};
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> RoutePattern::names() const {
  std::vector<std::string> out;
  for (const auto& segment : segments) {
    if (segment.kind != Segment::Kind::literal) out.push_back(segment.text);
  }
  return out;
}

Checked<RoutePattern> parse_route_pattern(std::string_view text) {
  RoutePattern pattern{.text = std::string(text)};
  if (const auto path = behind_method(text))
    return Mistake{in_quotes(text) + " has a method in it",
                   "write a path only, every endpoint answers GET: " + in_quotes(text.substr(path))};
  if (!text.starts_with('/'))
    return Mistake{in_quotes(text) + " does not begin with a slash",
                   "write " + in_quotes("/" + pattern.text)};
  if (text.size() > 1 && text.ends_with('/')) {
    return Mistake{in_quotes(text) + " ends in a slash",
                   "write " + in_quotes(text.substr(0, text.find_last_not_of('/') + 1))};
  }
  auto rest = text.substr(1);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('/'), rest.size());
    if (end == 0) return Mistake{in_quotes(text) + " has an empty segment", "write one slash for the two"};
    if (const auto name = name_written_otherwise(rest.substr(0, end)); !name.empty()) {
      const auto before = std::string(text.substr(0, text.size() - rest.size()));
      return Mistake{
          in_quotes(rest.substr(0, end)) + " is no parameter here",
          "write " + in_quotes(before + "{" + std::string(name) + "}" + std::string(rest.substr(end)))};
    }
    auto segment = parse_segment(rest.substr(0, end));
    if (!segment) return segment.error();
    pattern.segments.push_back(std::move(*segment));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (auto mistake = check(pattern)) return *mistake;
  return pattern;
}

bool same_paths(const RoutePattern& a, const RoutePattern& b) {
  return std::ranges::equal(a.segments, b.segments, [](const Segment& x, const Segment& y) {
    return x.kind == y.kind && (x.kind != Segment::Kind::literal || x.text == y.text);
  });
}

}  // namespace coyield::config
