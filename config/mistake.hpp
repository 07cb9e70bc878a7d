#pragma once
#include <boost/system/result.hpp>
#include <string>
#include <string_view>

namespace coyield::config {

/// What is wrong with a value that somebody wrote, and what to write instead.
///
/// `what` reads on after the name of the place: `"10" has no unit`. `advice` is a hint in the imperative,
/// `write "10ms" or "10s"`, and may be empty.
struct Mistake {
  std::string what;
  std::string advice = {};

  bool operator==(const Mistake&) const = default;
};

/// `what; advice`, for places that show one sentence.
std::string to_string(const Mistake& mistake);

/// A value, or the mistake in the text that should have been one.
template <class T>
using Checked = boost::system::result<T, Mistake>;

/// Called by `Checked::value()` where the caller did not look first: std::invalid_argument with the sentence.
[[noreturn]] void throw_exception_from_error(const Mistake& mistake, const boost::source_location& where);

/// The text, fit for one line of a log or of a terminal: control characters and bytes that are no UTF-8 are
/// escaped.
std::string printable(std::string_view text);

/// The same in double quotes, where what is longer than 80 characters is cut and ends in `...`.
std::string in_quotes(std::string_view text);

}  // namespace coyield::config
