#include <algorithm>
#include <array>
#include <coyield/config/problem.hpp>
#include <coyield/config/template.hpp>
#include <cstdlib>
#include <stdexcept>

namespace coyield::config {
namespace {

constexpr std::array origins = {Origin::path, Origin::query, Origin::header, Origin::claim, Origin::env};
constexpr std::array origins_with_values = {Origin::path, Origin::query, Origin::header, Origin::env};

bool is_name(std::string_view text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

std::string whole(std::string_view inner) { return "${" + std::string(inner) + "}"; }

Mistake no_origin(std::string_view inner) {
  std::string advice = "write ";
  for (auto origin : origins_with_values) {
    if (origin != origins.front()) advice += origin == origins.back() ? " or " : ", ";
    advice += whole(std::string(origin_name(origin)) + "." + std::string(inner));
  }
  return {whole(inner) + " does not say where the value comes from", advice};
}

Mistake unknown_origin(std::string_view inner, std::string_view origin) {
  std::vector<std::string> known;
  for (auto each : origins_with_values) known.emplace_back(origin_name(each));
  return {"there is no " + in_quotes(origin) + " that " + whole(inner) + " could come from",
          advise(origin, known)};
}

Mistake no_name(std::string_view inner) {
  const auto origin = inner.empty() ? "query." : std::string(inner);
  return {whole(inner) + " names no value", "write " + whole(origin + "NAME")};
}

/// Where a default seems to begin that does not stand behind `:-`: `i-5s`, `i:5s`, `i:=5s`. Names of headers
/// have hyphens, and those of queries may, but hardly before a digit.
std::optional<Mistake> misplaced_default(std::string_view inner, Origin origin, std::string_view name) {
  const auto at = name.find_first_of(origin == Origin::header ? ":" : "-:");
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  const auto text = name.substr(std::min(name.find_first_not_of(":-=", at), name.size()));
  const bool digit = !text.empty() && text[0] >= '0' && text[0] <= '9';
  if (name[at] == '-' && origin != Origin::env && !digit) return std::nullopt;
  const auto meant = whole(std::string(origin_name(origin)) + "." + std::string(name.substr(0, at)) + ":-" +
                           std::string(text));
  return Mistake{"the default in " + whole(inner) + " does not stand behind \":-\"",
                 "did you mean " + meant + "?"};
}

/// `query.interval:-500ms`, what stands between the braces.
Checked<Template::Piece> parse_substitution(std::string_view inner) {
  const auto separator = inner.find(":-");
  const auto reference = inner.substr(0, separator);
  const auto dot = reference.find('.');
  if (reference.empty()) return no_name(inner);
  if (dot == std::string_view::npos) return no_origin(inner);
  const auto name = reference.substr(dot + 1);
  auto origin = std::ranges::find(origins, reference.substr(0, dot), origin_name);
  if (origin == origins.end()) return unknown_origin(inner, reference.substr(0, dot));
  if (name.empty()) return no_name(reference);
  if (separator == std::string_view::npos) {
    if (auto mistake = misplaced_default(inner, *origin, name)) return *mistake;
  }
  if (!is_name(name)) {
    return Mistake{
        whole(inner) + ": " + in_quotes(name) + " is no name",
        "a name consists of letters, digits, \"-\", \"_\" and \".\"; a default stands behind \":-\""};
  }
  Template::Piece piece{.text = std::string(name), .origin = *origin};
  if (separator != std::string_view::npos) piece.fallback = std::string(inner.substr(separator + 2));
  return piece;
}

/// As in a shell, `:-` stands in for an empty value too.
std::optional<std::string> with_fallback(std::optional<std::string> value, const Template::Piece& piece) {
  return piece.fallback && (!value || value->empty()) ? piece.fallback : value;
}

}  // namespace

std::string_view origin_name(Origin origin) {
  switch (origin) {
    case Origin::path:
      return "path";
    case Origin::query:
      return "query";
    case Origin::header:
      return "header";
    case Origin::claim:
      return "claim";
    case Origin::env:
      return "env";
  }
  return "";
}

std::string describe(Origin origin, std::string_view name) {
  switch (origin) {
    case Origin::path:
      return in_quotes(name) + " in the path";
    case Origin::query:
      return "the query parameter " + in_quotes(name);
    case Origin::header:
      return "the header " + in_quotes(name);
    case Origin::claim:
      return "the claim " + in_quotes(name);
    case Origin::env:
      return "the environment variable " + in_quotes(name);
  }
  return in_quotes(name);
}

std::string to_string(const Reference& reference) {
  return std::string(origin_name(reference.origin)) + "." + reference.name;
}

void throw_exception_from_error(const Reference& missing, const boost::source_location&) {
  throw std::invalid_argument(describe(missing.origin, missing.name) + " is missing");
}

const std::vector<std::string>& reserved_query_names() {
  static const std::vector<std::string> names = {"format",   "last_event_id", "since",   "on_gap",
                                                 "envelope", "wait",          "where",   "select",
                                                 "take",     "sample",        "throttle"};
  return names;
}

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
}

Checked<Template> Template::parse(std::string_view text) {
  Template out;
  while (!text.empty()) {
    const auto dollar = text.find('$');
    out.append_text(text.substr(0, dollar));
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    if (!text.starts_with("${")) {
      out.append_text("$");
      text.remove_prefix(text.starts_with("$$") ? 2 : 1);
      continue;
    }
    const auto end = text.find('}');
    if (end == std::string_view::npos) {
      return Mistake{in_quotes(text) + " has no closing brace",
                     "write \"}\" behind the name, or \"$${\" for a plain \"${\""};
    }
    auto piece = parse_substitution(text.substr(2, end - 2));
    if (!piece) return piece.error();
    out.pieces_.push_back(std::move(*piece));
    text.remove_prefix(end + 1);
  }
  return out;
}

Template Template::literal(std::string_view text) {
  Template out;
  out.append_text(text);
  return out;
}

Template Template::of(std::vector<Piece> pieces) {
  Template out;
  for (Piece& piece : pieces) {
    if (piece.origin) {
      out.pieces_.push_back(std::move(piece));
    } else {
      out.append_text(piece.text);
    }
  }
  return out;
}

std::string Template::shown() const {
  std::string out;
  for (const Piece& piece : pieces_)
    out += piece.origin ? "${" + to_string(Reference{*piece.origin, piece.text}) + "}" : piece.text;
  return out;
}

void Template::append_text(std::string_view text) {
  if (text.empty()) return;
  if (pieces_.empty() || pieces_.back().origin) pieces_.emplace_back();
  pieces_.back().text += text;
}

bool Template::constant() const {
  return std::ranges::none_of(pieces_, [](const Piece& piece) { return piece.origin.has_value(); });
}

std::string Template::text() const { return pieces_.empty() ? std::string{} : pieces_.front().text; }

std::optional<std::string> Template::fill_environment(const Environment& environment) {
  Template filled;
  for (auto& piece : pieces_) {
    if (piece.origin != Origin::env) {
      if (piece.origin) filled.pieces_.push_back(piece);
      if (!piece.origin) filled.append_text(piece.text);
      continue;
    }
    auto value = with_fallback(environment(piece.text), piece);
    if (!value) return piece.text;
    filled.append_text(*value);
  }
  pieces_ = std::move(filled.pieces_);
  return std::nullopt;
}

boost::system::result<std::string, Reference> Template::fill(const RequestValues& values) const {
  return fill(values, [](std::string_view value) { return std::string(value); });
}

boost::system::result<std::string, Reference> Template::fill(const RequestValues& values,
                                                             std::string (*encode)(std::string_view)) const {
  std::string out;
  for (const auto& piece : pieces_) {
    if (!piece.origin) {
      out += piece.text;
      continue;
    }
    const auto value = values.find(*piece.origin, piece.text);
    if (piece.fallback && (!value || value->empty())) {
      out += *piece.fallback;
    } else if (value) {
      out += encode(*value);
    } else {
      return Reference{*piece.origin, piece.text};
    }
  }
  return out;
}

namespace {

/// In the place of a character: any text.
constexpr int anything = -1;

std::vector<int> with_wildcards(const Template& of) {
  std::vector<int> characters;
  for (const Template::Piece& piece : of.pieces()) {
    if (piece.origin) {
      characters.push_back(anything);
    } else {
      characters.insert(characters.end(), piece.text.begin(), piece.text.end());
    }
  }
  return characters;
}

}  // namespace

bool may_be_equal(const Template& a, const Template& b) {
  const std::vector<int> x = with_wildcards(a);
  const std::vector<int> y = with_wildcards(b);
  // Whether what is left of `x` from i on and of `y` from j on may be, from the ends to the beginnings.
  std::vector<std::vector<bool>> may(x.size() + 1, std::vector<bool>(y.size() + 1));
  for (std::size_t i = x.size() + 1; i-- > 0;) {
    for (std::size_t j = y.size() + 1; j-- > 0;) {
      const bool more_x = i < x.size();
      const bool more_y = j < y.size();
      bool here = !more_x && !more_y;
      if (more_x && x[i] == anything) here |= may[i + 1][j] || (more_y && may[i][j + 1]);
      if (more_y && y[j] == anything) here |= may[i][j + 1] || (more_x && may[i + 1][j]);
      if (more_x && more_y && x[i] == y[j]) here |= may[i + 1][j + 1];
      may[i][j] = here;
    }
  }
  return may[0][0];
}

}  // namespace coyield::config
