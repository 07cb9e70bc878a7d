#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/backoff.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/operators/streams.hpp>
#include <coyield/generators/sleep.hpp>
#include <exception>
#include <functional>
#include <optional>

namespace coyield::generators {

/// Whether trying again may help: a `Failure` that is `unavailable` or `upstream` and not permanent, and any
/// exception that is no `Failure`. One that is `not_found`, `invalid`, `forbidden`, `conflict` or `internal`
/// would come again.
bool worth_retrying(const std::exception_ptr& failure);

/// How long the failure says that it takes until trying again makes sense: `Failure::retry_after`, at most an
/// hour; else 0.
std::chrono::nanoseconds asked_for(const std::exception_ptr& failure);

struct RetryOptions {
  BackoffOptions backoff = {};
  /// A stream that has given an item and has lasted this long went well: when it fails, attempts and pauses
  /// begin anew. With zero, for a factory that goes on behind the last item, any item is progress; one that
  /// begins anew gives the first items every time.
  std::chrono::nanoseconds healthy_after = std::chrono::nanoseconds::zero();
  /// Which failures are tried again; the others pass on.
  std::function<bool(const std::exception_ptr&)> retried = &worth_retrying;
};

namespace detail {

template <class Factory>
struct Restarted;
template <class Factory>
  requires std::invocable<Factory&>
struct Restarted<Factory> {
  static auto start(Factory& factory, const std::exception_ptr& /*failed*/) { return std::invoke(factory); }
};
template <class Factory>
  requires std::invocable<Factory&, std::exception_ptr>
struct Restarted<Factory> {
  static auto start(Factory& factory, const std::exception_ptr& failed) {
    return std::invoke(factory, failed);
  }
};
template <class Factory>
using RestartedItem =
    ItemOf<decltype(Restarted<Factory>::start(std::declval<Factory&>(), std::exception_ptr()))>;

/// Decides after each failure whether and when there is another attempt.
class Attempts {
 public:
  explicit Attempts(RetryOptions options) : options_(std::move(options)), backoff_(options_.backoff) {}

  void begin(std::chrono::nanoseconds now) noexcept {
    begun_ = now;
    given_ = false;
  }
  void gave_item() noexcept { given_ = true; }
  /// The pause before the next attempt; none: the failure passes on.
  std::optional<std::chrono::nanoseconds> failed(const std::exception_ptr& failure,
                                                 std::chrono::nanoseconds now) {
    if (!options_.retried(failure)) return std::nullopt;
    if (given_ && now - begun_ >= options_.healthy_after) backoff_.reset();
    const auto pause = backoff_.next();
    return pause ? std::optional(std::max(*pause, asked_for(failure))) : std::nullopt;
  }

 private:
  RetryOptions options_;
  Backoff backoff_;
  std::chrono::nanoseconds begun_{};
  bool given_ = false;
};

}  // namespace detail

/// Gives the items of the generator that `factory()` makes, and when that fails, of another one that it
/// makes.
///
/// Between a failure and the next attempt lies a pause that grows, as `options.backoff` says, and is never
/// shorter than the failure asks for; as long as it lasts, nothing runs. `factory` may take an
/// `std::exception_ptr`: what the attempt before it failed with, null for the first. What is given twice or
/// left out across a restart is the factory's affair: it can remember what it has given. Ends when a
/// generator ends. Throws the last failure when attempts are used up, and at once a failure that
/// `options.retried` refuses; `factory` itself may throw, which is a failure like another. Being cancelled is
/// no failure, and passes. Owns `factory` and the generator; destroying it cancels that, or the pause.
///
///     auto lasting = retry([url] { return events_of(url); }, {.backoff = {.attempts = 10}});
template <class Factory>
AsyncGenerator<detail::RestartedItem<Factory>> retry(Factory factory, RetryOptions options = {}) {
  using T = detail::RestartedItem<Factory>;
  Loop& loop = co_await this_loop();
  detail::Attempts attempts(std::move(options));
  AsyncGenerator<T> stream;
  std::exception_ptr failed;
  for (;;) {
    attempts.begin(loop.now());
    try {
      stream = detail::Restarted<Factory>::start(factory, std::exchange(failed, nullptr));
    } catch (...) {
      failed = std::current_exception();
    }
    while (!failed) {
      Next<T> item(nullptr);
      try {
        item = co_await stream.next();
      } catch (...) {
        failed = std::current_exception();
        break;
      }
      if (!item) co_return;
      if (!is_gap(*item)) attempts.gave_item();
      co_yield static_cast<T&&>(*item);
    }
    co_await check_cancelled();
    const auto pause = attempts.failed(failed, loop.now());
    if (!pause) std::rethrow_exception(failed);
    co_await yield_now();  // without a pause, and failing at once, it would keep the others from running
    co_await sleep_for(*pause);
  }
}

}  // namespace coyield::generators
