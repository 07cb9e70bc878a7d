#pragma once

#include <algorithm>
#include <cassert>
#include <chrono>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/streams.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <numeric>
#include <type_traits>
#include <utility>
#include <vector>

namespace coyield::generators {

/// How many items have come.
struct MeasuredRate {
  std::uint64_t count;  ///< since the beginning
  double per_second;    ///< lately

  bool operator==(const MeasuredRate&) const = default;
};

namespace detail {

/// Counts items in steps of `every`, of which it keeps those of a window.
class RateMeter {
 public:
  RateMeter(std::chrono::nanoseconds window, std::chrono::nanoseconds every)
      : every_(every), steps_(static_cast<std::size_t>((window + every - one_ns) / every) + 1) {}

  void begin(std::chrono::nanoseconds now) noexcept {
    begin_ = now;
    due_ = now + every_;
  }
  /// When the rate is to be given next.
  std::chrono::nanoseconds due() const noexcept { return due_; }
  /// `now` lies before that.
  void add(std::chrono::nanoseconds now) noexcept {
    go_on_to(now);
    ++steps_[place(step_)];
    ++count_;
    news_ = true;
  }
  /// Whether anything has come since it was given last.
  bool news() const noexcept { return news_; }
  /// At a time at which it is due; or later, which is as if it were the last such time.
  MeasuredRate give_when_due(std::chrono::nanoseconds now) noexcept {
    return give(now - (now - begin_) % every_);
  }
  /// At any time, with what has come in a part of a step.
  MeasuredRate give(std::chrono::nanoseconds now) noexcept {
    go_on_to(now);
    news_ = false;
    due_ = begin_ + every_ * static_cast<std::int64_t>(step_ + 1);
    const auto items = std::accumulate(steps_.begin(), steps_.end(), std::uint64_t{0});
    const std::chrono::duration<double> seconds = measured(now);
    return {count_, static_cast<double>(items) / seconds.count()};
  }

 private:
  static constexpr std::chrono::nanoseconds one_ns{1};

  std::size_t place(std::uint64_t step) const noexcept { return step % steps_.size(); }
  void go_on_to(std::chrono::nanoseconds now) noexcept {
    const auto step = static_cast<std::uint64_t>((now - begin_) / every_);
    for (std::uint64_t old = std::min<std::uint64_t>(step - step_, steps_.size()); old > 0; --old)
      steps_[place(step - old + 1)] = 0;
    step_ = step;
  }
  /// The whole steps that are kept, and what has gone by of the present one. Never less than a step, since a
  /// moment after the beginning there is no rate yet.
  std::chrono::nanoseconds measured(std::chrono::nanoseconds now) const noexcept {
    const auto whole = static_cast<std::int64_t>(std::min<std::uint64_t>(step_, steps_.size() - 1));
    return whole == 0 ? every_ : every_ * whole + (now - begin_) % every_;
  }

  std::chrono::nanoseconds every_;
  std::vector<std::uint64_t> steps_;  // a ring, by the number of the step
  std::chrono::nanoseconds begin_{};
  std::chrono::nanoseconds due_{};
  std::uint64_t step_ = 0;
  std::uint64_t count_ = 0;
  bool news_ = false;
};

/// `rate` into anything: `Output`, `given(MeasuredRate)`, and `passed(item)` for a gap.
template <class T, class Into>
AsyncGenerator<typename Into::Output> measure(AsyncGenerator<T> upstream, RateMeter meter, Into into) {
  using Output = typename Into::Output;
  Loop& loop = co_await this_loop();
  Event changed;
  Reminder reminder(changed);
  Upstream<T> source(loop, std::move(upstream), changed);
  std::exception_ptr failed;
  unsigned looks = 0;
  meter.begin(loop.now());
  for (;;) {
    const std::chrono::nanoseconds now = loop.now();
    Poll status = Poll::item;
    Output* gap = nullptr;
    try {
      for (unsigned taken = 0; taken < items_per_look && now < meter.due() && gap == nullptr; ++taken) {
        status = source.poll();
        if (status == Poll::pending) break;
        auto item = source.item();
        status = item ? Poll::item : Poll::done;
        if (!item) break;
        if (is_gap(*item)) {
          gap = &into.passed(*item);
        } else {
          meter.add(now);
        }
      }
    } catch (...) {
      failed = std::current_exception();  // what came before it is counted before it
      status = Poll::done;
    }
    const bool ended = status == Poll::done;
    const bool given = ended ? !failed || meter.news() : now >= meter.due();
    if (gap != nullptr) {
      co_yield static_cast<Output&&>(*gap);
    } else if (given) {
      looks = 0;
      co_yield static_cast<Output&&>(into.given(ended ? meter.give(now) : meter.give_when_due(now)));
    }
    if (ended) break;
    if (status == Poll::pending) {
      loop.at(meter.due(), reminder);
      co_await changed.wait();
    } else if (++looks % looks_per_turn == 0) {
      co_await yield_now();
    }
  }
  if (failed) std::rethrow_exception(failed);
}

/// The rates themselves, among which there is no place for a gap.
struct Rates {
  using Output = MeasuredRate;
  MeasuredRate& given(MeasuredRate rate) noexcept { return last = rate; }
  template <class T>
  MeasuredRate& passed(const T& item) {
    if constexpr (std::is_same_v<T, Item>) refuse_gap(item);
    return last;
  }
  MeasuredRate last{};
};

}  // namespace detail

/// Gives every `every` how many items have come so far, and how many a second within the last `window`.
///
/// Also while none come, until the upstream ends: then once more, with all. The times are counted from when
/// the first is asked for, and do not drift. `window` is rounded up to whole steps of `every`, of which it
/// keeps the counts (8 bytes each); as long as it has not gone by, the rate is that since the beginning.
/// Both must be positive. Throws what the upstream throws, behind a last figure if items have come since
/// the one before; and Failure(gone) where items are missing (`is_gap`), which cannot be said in figures.
/// Owns the upstream. Destroying it cancels the upstream. While the consumer is busy the upstream is not
/// asked for anything, and times go by.
///
///     auto load = requests() | rate(10s, 1s);       // {0, 0.0}, {12, 12.0}, ...
template <class T>
AsyncGenerator<MeasuredRate> rate(AsyncGenerator<T> upstream, std::chrono::nanoseconds window,
                                  std::chrono::nanoseconds every) {
  assert(window > std::chrono::nanoseconds::zero() && every > std::chrono::nanoseconds::zero());
  return detail::measure(std::move(upstream), detail::RateMeter(window, every), detail::Rates());
}

inline auto rate(std::chrono::nanoseconds window, std::chrono::nanoseconds every) {
  return Pipe([window, every]<class T>(AsyncGenerator<T>&& upstream) {
    return rate(std::move(upstream), window, every);
  });
}

}  // namespace coyield::generators
