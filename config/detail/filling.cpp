#include <coyield/config/detail/filling.hpp>

#include <algorithm>
#include <coyield/config/problem.hpp>
#include <stdexcept>

namespace coyield::config::detail {
namespace {

std::string shown(const Template::Piece& piece) {
  return "${" + to_string(Reference{*piece.origin, piece.text}) + "}";
}

/// The first value of a request in it.
const Template::Piece& first_value(const Template& text) {
  return *std::ranges::find_if(text.pieces(), [](const auto& piece) { return piece.origin.has_value(); });
}

std::optional<Mistake> check_argument(const nlohmann::json::json_pointer& place, const Template& text) {
  const std::string value = shown(first_value(text));
  if (place == nlohmann::json::json_pointer("/0"))
    return Mistake{"which program it is, no request may say", "write its name out"};
  if (text.pieces().size() == 1) return std::nullopt;
  return Mistake{value + " is a part of an argument",
                 "make it one of its own, \"" + value + "\", or give it in \"env\""};
}

/// A value may choose neither another server nor, by a `@`, whom it is taken for.
std::optional<Mistake> check_url(const Template& text) {
  const Template::Piece& front = text.pieces().front();
  const auto scheme_end = front.origin ? std::string::npos : front.text.find("://");
  if (scheme_end != std::string::npos && front.text.find_first_of("/?#", scheme_end + 3) != std::string::npos)
    return std::nullopt;
  return Mistake{shown(first_value(text)) + " stands where the URL says which server is asked",
                 "write that out: \"https://example.com/${path.x}\""};
}

/// Which endpoint it is, the configuration says as far as its first slash.
std::optional<Mistake> check_path(const Template& text) {
  const Template::Piece& front = text.pieces().front();
  if (!front.origin && front.text.starts_with('/')) return std::nullopt;
  return Mistake{shown(first_value(text)) + " stands where the path of an endpoint begins",
                 "write a slash in front of it"};
}

std::optional<Mistake> check_argument_value(std::string_view value) {
  if (value.starts_with('-')) {
    return Mistake{in_quotes(value) + " begins with \"-\", and would be taken for an option",
                   "begin it with something else"};
  }
  if (value.find('\0') == std::string_view::npos) return std::nullopt;
  return Mistake{"an argument cannot hold a NUL character", "leave it out"};
}

std::optional<Mistake> check_url_value(std::string_view value) {
  if (value != "." && value != "..") return std::nullopt;
  return Mistake{in_quotes(value) + " is no name, but a way to another path", "write a name"};
}

std::optional<Mistake> check_value(Filling filling, std::string_view value) {
  switch (filling) {
    case Filling::argument:
      return check_argument_value(value);
    case Filling::url:
    case Filling::path:
      return check_url_value(value);
    case Filling::plain:
      break;
  }
  return std::nullopt;
}

/// RFC 3986, section 2.3: all but the unreserved characters.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (alphanumeric || std::string_view("-._~").find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return encoded;
}

}  // namespace

void throw_exception_from_error(const Unfit& unfit, const boost::source_location&) {
  throw std::invalid_argument(describe(unfit.reference.origin, unfit.reference.name) +
                              (unfit.mistake ? ": " + to_string(*unfit.mistake) : " is missing"));
}

std::optional<Mistake> check_filling(const Parameter& parameter, const nlohmann::json::json_pointer& place,
                                     const Template& text) {
  switch (parameter.filling) {
    case Filling::argument:
      return check_argument(place, text);
    case Filling::url:
      return check_url(text);
    case Filling::path:
      return check_path(text);
    case Filling::plain:
      break;
  }
  return std::nullopt;
}

boost::system::result<std::string, Unfit> fill(const Parameter& parameter, const Template& text,
                                               const RequestValues& values) {
  if (parameter.filling != Filling::plain) {
    for (const auto& piece : text.pieces()) {
      if (!piece.origin) continue;
      const auto value = values.find(*piece.origin, piece.text);
      auto mistake = value ? check_value(parameter.filling, *value) : std::nullopt;
      if (mistake) return Unfit{{*piece.origin, piece.text}, std::move(mistake)};
    }
  }
  const bool encoded = parameter.filling == Filling::url || parameter.filling == Filling::path;
  auto filled = encoded ? text.fill(values, &percent_encoded) : text.fill(values);
  if (!filled) return Unfit{filled.error()};
  return *std::move(filled);
}

}  // namespace coyield::config::detail
