#pragma once
#include <coyield/config/mistake.hpp>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::config {

/// A place in a text, counted from 1 in lines and characters; 0 where there is no text behind a value.
struct Position {
  int line = 0;
  int column = 0;

  auto operator<=>(const Position&) const = default;
};

/// One thing that somebody has to change in a configuration file.
struct Problem {
  std::string file;
  int line = 0;
  int column = 0;
  std::string path;    ///< `endpoints./ticks.source.interval`, or empty for the text as a whole
  std::string what;    ///< `"10" has no unit`
  std::string advice;  ///< `write "10ms" or "10s"`, or empty

  bool operator==(const Problem&) const = default;
};

/// One line, without a line feed: `coyield.json:12: endpoints./ticks.source.interval: "10" has no unit; write
/// "10ms" or "10s"`. Where there is no path the column stands behind the line.
std::string to_string(const Problem& problem);

/// All that is wrong with one text, in the order of its lines.
class Problems {
 public:
  void add(Problem problem);

  bool empty() const { return list_.empty(); }
  std::size_t size() const { return list_.size(); }
  const Problem& operator[](std::size_t index) const { return list_[index]; }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

  /// One line per problem, each with its line feed.
  std::string text() const;

 private:
  std::vector<Problem> list_;
};

std::ostream& operator<<(std::ostream& out, const Problems& problems);

/// For a `result<T, Problems>` that was not looked at: std::invalid_argument with the text.
[[noreturn]] void throw_exception_from_error(const Problems& problems, const boost::source_location& where);

/// `it is called "where" here` for the one of `candidates` that other programs call `word`; `did you mean
/// "interval"?` for the nearest one; nothing where none is near: at most one slip (a letter too many,
/// missing, wrong, or two swapped) per three letters, or two missing of six or more, whatever the case.
std::string suggest(std::string_view word, const std::vector<std::string>& candidates);

/// What to write where `word` is none of `candidates`: the suggestion, else all of them if they are few
/// (`write "a", "b" or "c"`), else nothing.
std::string advise(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace coyield::config
