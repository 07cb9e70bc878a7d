#include <coyield/handlers/fields.hpp>

#include <algorithm>

namespace coyield::handlers {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool is_token_character(char c) noexcept {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return alphanumeric || others.find(c) != std::string_view::npos;
}

std::string_view trim(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view next_element(std::string_view& list) noexcept {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view element = trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (!element.empty()) return element;
  }
  return {};
}

bool list_contains(std::string_view list, std::string_view token) noexcept {
  for (std::string_view element = next_element(list); !element.empty(); element = next_element(list)) {
    if (equal_ignoring_case(element, token)) return true;
  }
  return false;
}

Fields& Fields::add(std::string_view name, std::string_view value) {
  text_.append(name).append(": ");
  const std::size_t begin = text_.size();
  text_.append(value);
  std::replace_if(
      text_.begin() + static_cast<std::ptrdiff_t>(begin), text_.end(),
      [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  text_.append("\r\n");
  return *this;
}

Fields& Fields::add(const Fields& other) {
  text_ += other.text_;
  return *this;
}

}  // namespace coyield::handlers
