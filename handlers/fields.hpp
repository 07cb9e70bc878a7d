#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace coyield::handlers {

/// Compares names as HTTP does: ASCII letters without case.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Whether it may stand in a token: a method, the name of a field (`tchar` of RFC 9110, 5.6.2).
bool is_token_character(char c) noexcept;

/// Without blanks and tabs at both ends.
std::string_view trim(std::string_view text) noexcept;

/// Takes the first element off a comma-separated list, trimmed; empty elements are passed over. Empty at the
/// end.
std::string_view next_element(std::string_view& list) noexcept;

/// Whether the comma-separated `list` holds `token`, in whatever case.
bool list_contains(std::string_view list, std::string_view token) noexcept;

/// The fields of a response, as they go over the wire: `Name: value` lines, ready to be sent.
///
/// A line break in a value is replaced by a blank, so that no value can bring a field of its own.
class Fields {
 public:
  Fields& add(std::string_view name, std::string_view value);
  /// Those of `other`, behind these.
  Fields& add(const Fields& other);
  const std::string& text() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }

 private:
  std::string text_;
};

}  // namespace coyield::handlers
