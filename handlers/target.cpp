#include <coyield/handlers/target.hpp>

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <coyield/generators/utf8.hpp>

namespace coyield::handlers {

namespace {

namespace urls = boost::urls;

std::optional<config::Mistake> fault_in_text(const std::string& text) {
  if (text.find('\0') != std::string::npos) return config::Mistake{"the target holds a NUL character"};
  if (!generators::is_utf8(text)) {
    return config::Mistake{"the target is not UTF-8 once it is decoded", "percent-encode the bytes of UTF-8"};
  }
  return std::nullopt;
}

std::optional<config::Mistake> fault_in_segment(const std::string& segment) {
  if (segment == "." || segment == "..")
    return config::Mistake{"the path has a \"" + segment + "\" in it", "write the path itself"};
  return fault_in_text(segment);
}

template <class Encoded>
std::string decode(const Encoded& encoded, urls::encoding_opts options = {}) {
  return encoded.decode(options);
}

std::optional<config::Mistake> read_segments(const urls::url_view& url, Target& target) {
  // Boost.URL takes a "/." in front for a mark of its own, and does not count it among the segments.
  if (url.encoded_path().starts_with("/./")) return fault_in_segment(".");
  const auto segments = url.encoded_segments();
  std::size_t left = segments.size();
  for (const auto& encoded : segments) {
    --left;
    if (encoded.empty()) {
      if (left == 0) break;
      return config::Mistake{"the path has an empty segment, \"//\"", "write one slash"};
    }
    std::string segment = decode(encoded);
    if (auto fault = fault_in_segment(segment)) return fault;
    target.segments.push_back(std::move(segment));
  }
  return std::nullopt;
}

std::optional<config::Mistake> read_query(const urls::url_view& url, Target& target) {
  urls::encoding_opts form;
  form.space_as_plus = true;
  for (const auto& parameter : url.encoded_params()) {
    std::string name = decode(parameter.key, form);
    std::string value = parameter.has_value ? decode(parameter.value, form) : std::string();
    for (const std::string* text : {&name, &value}) {
      if (auto fault = fault_in_text(*text)) return fault;
    }
    target.query.emplace_back(std::move(name), std::move(value));
  }
  return std::nullopt;
}

std::optional<config::Mistake> read_host(const urls::url_view& url, Target& target) {
  const auto mistake = [&url](std::string_view what) {
    return config::Mistake{"the target " + config::in_quotes(url.buffer()) + std::string(what),
                           "write a path, or \"http://\", a host and a path"};
  };
  if (url.scheme_id() != urls::scheme::http && url.scheme_id() != urls::scheme::https)
    return mistake(" is not of http");
  if (url.has_userinfo()) return mistake(" names a user");
  if (url.encoded_host().empty()) return mistake(" names no host");
  target.host = std::string(url.encoded_host_and_port());
  return std::nullopt;
}

/// Whether the path has nothing in it that has to be decoded, refused or explained, as most have: letters,
/// digits, and the punctuation that is common there.
bool is_plain(std::string_view path) noexcept {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-';
  };
  return path.starts_with('/') && std::all_of(path.begin(), path.end(), plain) &&
         path.find("//") == std::string_view::npos;
}

void split_plain(std::string_view path, Target& target) {
  path.remove_prefix(1);
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    target.segments.emplace_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
}

}  // namespace

const std::string* Target::find_query(std::string_view name) const noexcept {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

config::Checked<Target> parse_target(std::string_view text) {
  Target target;
  if (text == "*") {
    target.asterisk = true;
    return target;
  }
  if (is_plain(text)) {
    split_plain(text, target);
    return target;
  }
  const bool origin_form = text.starts_with('/');
  // `//host/path` would be read as a path that begins with an empty segment, which is refused anyway.
  const auto url = origin_form ? urls::parse_origin_form(text) : urls::parse_absolute_uri(text);
  if (!url) {
    return config::Mistake{"the target " + config::in_quotes(text) + " is not a valid path",
                           "percent-encode blanks, quotes, braces, and whatever is not ASCII"};
  }
  if (!origin_form) {
    if (auto fault = read_host(*url, target)) return *fault;
  }
  if (auto fault = read_segments(*url, target)) return *fault;
  if (auto fault = read_query(*url, target)) return *fault;
  return target;
}

}  // namespace coyield::handlers
