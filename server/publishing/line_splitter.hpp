#pragma once

#include <coyield/generators/buffer.hpp>
#include <cstddef>
#include <optional>
#include <string_view>

namespace coyield::server {

/// Cuts lines out of bytes that come in pieces. One that is too long is given in part, as the first
/// `max_line` + 1 bytes, and the rest of it is passed over: what comes behind it is not lost. A line ends
/// with LF or CR LF, and those of nothing but blanks are passed over.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t max_line) noexcept : max_line_(max_line) {}

  /// Where more is to be appended.
  generators::Buffer& room() {
    if (begin_ != 0) {
      pending_.consume(begin_);
      searched_ -= begin_;
      begin_ = 0;
    }
    return pending_;
  }
  /// The next whole line, valid until the next `room`.
  std::optional<std::string_view> next() {
    while (const auto line = next_of_any_kind()) {
      if (line->find_first_not_of(" \t") != std::string_view::npos) return line;
    }
    return std::nullopt;
  }
  /// What stands behind the last line end, when no more comes.
  std::optional<std::string_view> rest() {
    const std::string_view line = pending_.view().substr(begin_);
    begin_ = searched_ = pending_.size();
    if (skipping_ || line.find_first_not_of(" \t\r") == std::string_view::npos) return std::nullopt;
    return without_return(line);
  }
  std::size_t held_bytes() const noexcept { return pending_.capacity(); }

 private:
  static std::string_view without_return(std::string_view line) noexcept {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  std::optional<std::string_view> next_of_any_kind() {
    for (;;) {
      const std::string_view all = pending_.view();
      const std::size_t end = all.find('\n', searched_);
      const std::size_t size = (end == std::string_view::npos ? all.size() : end) - begin_;
      const std::string_view line = all.substr(begin_, size);
      searched_ = end == std::string_view::npos ? all.size() : end + 1;
      if (skipping_) {
        begin_ = searched_;
        skipping_ = end == std::string_view::npos;
        if (skipping_) return std::nullopt;
        continue;
      }
      if (end == std::string_view::npos && size <= max_line_ + 1) return std::nullopt;
      begin_ = searched_;
      skipping_ = end == std::string_view::npos;
      return size > max_line_ + 1 ? line.substr(0, max_line_ + 1) : without_return(line);
    }
  }

  const std::size_t max_line_;
  generators::Buffer pending_;
  std::size_t begin_ = 0;     // of what was not given yet
  std::size_t searched_ = 0;  // there is no line end before
  bool skipping_ = false;     // up to the end of a line that was too long
};

}  // namespace coyield::server
