#pragma once

#include <chrono>
#include <stdexcept>
#include <string>

namespace coyield::generators {

/// Why a stream cannot be had, or cannot go on. Each has its HTTP status, for when nothing has been sent yet.
enum class FailureKind : unsigned char {
  not_found,      ///< 404: what was asked for does not exist
  invalid,        ///< 400: the request asked for something that makes no sense
  forbidden,      ///< 403: it exists, and is not for this client
  unavailable,    ///< 503: not now; trying again later makes sense
  upstream,       ///< 502: where the items come from has failed
  conflict,       ///< 409: it contradicts what the stream is: going on where that cannot be done
  gone,           ///< 410: items that were asked for are not there any more
  too_large,      ///< 413: what was sent is longer than it may be
  unprocessable,  ///< 422: what was sent is not what may be sent
  too_many,       ///< 429: it is more than may be asked for in a time: see `retry_after`
  too_slow,       ///< 503: the client has not kept up; it can come back, and resume
  internal,       ///< 500: a fault of the server or of the endpoint
};

/// Whether the same again may come out differently.
enum class Again : unsigned char {
  may_help,
  useless,  ///< what is wrong stands in what was read, and stays there
};

/// What a generator throws to end its stream with a reason that the client may read. Of any other exception
/// the client learns only that there was one; its text goes to the log.
///
///     throw Failure(FailureKind::not_found, "no such file: report.txt");
class Failure : public std::runtime_error {
 public:
  Failure(FailureKind kind, const std::string& message, Again again = Again::may_help)
      : std::runtime_error(message), kind_(kind), again_(again) {}
  FailureKind kind() const noexcept { return kind_; }
  /// It would come again however often one tries: `retry` passes it on at once.
  bool permanent() const noexcept { return again_ == Again::useless; }
  const char* message() const noexcept { return what(); }

  /// How long it is until the same may come out differently, where that is known; else 0.
  std::chrono::nanoseconds retry_after() const noexcept { return retry_after_; }
  Failure& retry_after(std::chrono::nanoseconds delay) noexcept {
    retry_after_ = delay;
    return *this;
  }

 private:
  FailureKind kind_;
  Again again_;
  std::chrono::nanoseconds retry_after_{0};
};

}  // namespace coyield::generators
