#pragma once
#include <coyield/config/problem.hpp>
#include <string_view>

namespace coyield::config::detail {

/// Walks through a JSON text token by token and knows line and column.
///
/// It follows a parser that has already accepted each token, so it does not check them: a string reaches to
/// the next quote that no backslash stands before, a number or a word as far as its letters do.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool at_end() const { return offset_ == text_.size(); }
  char peek(std::size_t ahead = 0) const {
    return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0';
  }
  std::string_view rest() const { return text_.substr(offset_); }
  Position position() const { return position_; }

  void advance(std::size_t bytes) {
    for (; bytes > 0 && !at_end(); --bytes) step();
  }

  /// To behind blanks and comments. A comment that does not end, and a lone slash, are left alone.
  void skip_blanks();
  /// To behind blanks, comments, commas and colons.
  void skip_to_token();
  /// Over one token; gives its text.
  std::string_view take_token();

 private:
  void step();

  std::string_view text_;
  std::size_t offset_ = 0;
  Position position_ = {1, 1};
};

}  // namespace coyield::config::detail
