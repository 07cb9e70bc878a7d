#pragma once

#include <chrono>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/sleep.hpp>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace coyield::testing {

/// A source that does what a test says, and remembers what was done to it.
///
/// `play()` gives the generator, once; the script stays with the test and tells about it, also when the
/// generator is gone. It ends behind the last step. Steps are counted from 0.
///
///     Script<int> script;
///     script.item(1).wait(100ms).item(2).fail(Failure(FailureKind::upstream, "broken"));
///     auto seen = loop.collect(throttle(script.play(), 1s));
///     seen.drop();
///     EXPECT_TRUE(script.destroyed());
///     EXPECT_EQ(script.cancelled_at(), 1u);
template <class T>
class Script {
 public:
  Script() : record_(std::make_shared<Record>()) {}

  /// Yields `value`. It moves out of the script.
  Script& item(T value) { return add(Yield{std::move(value)}); }
  Script& items(std::vector<T> values) {
    for (T& value : values) item(std::move(value));
    return *this;
  }
  Script& wait(std::chrono::nanoseconds duration) { return add(Sleep{duration}); }
  /// Lets the others run, and goes on in the same moment.
  Script& give_way() { return add(GiveWay{}); }
  /// Waits until it is cancelled.
  Script& wait_for_ever() { return add(Park{}); }
  template <class Exception>
  Script& fail(Exception exception) {
    return add(Throw{std::make_exception_ptr(std::move(exception))});
  }

  generators::AsyncGenerator<T> play() { return run(record_); }

  /// Somebody has asked for an item.
  bool started() const noexcept { return record_->started; }
  /// Items handed over.
  std::size_t given() const noexcept { return record_->given; }
  /// The generator is gone: it ran to its end, threw, or was destroyed, once it had started.
  bool destroyed() const noexcept { return record_->destroyed; }
  /// The step at which it waited when it was cancelled or destroyed; none when it was not waiting.
  std::optional<std::size_t> cancelled_at() const noexcept { return record_->cancelled_at; }

 private:
  struct Yield {
    T value;
  };
  struct Sleep {
    std::chrono::nanoseconds duration;
  };
  struct GiveWay {};
  struct Park {};
  struct Throw {
    std::exception_ptr error;
  };
  using Step = std::variant<Yield, Sleep, GiveWay, Park, Throw>;

  struct Record {
    std::vector<Step> steps;
    generators::Event never;
    bool started = false;
    bool destroyed = false;
    std::size_t given = 0;
    std::optional<std::size_t> cancelled_at;
  };
  /// Stands in the frame while it waits.
  class Waiting {
   public:
    Waiting(Record& record, std::size_t step) noexcept : record_(record), step_(step) {}
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() {
      if (!over_) record_.cancelled_at = step_;
    }
    void over() noexcept { over_ = true; }

   private:
    Record& record_;
    std::size_t step_;
    bool over_ = false;
  };
  class Life {
   public:
    explicit Life(Record& record) noexcept : record_(record) { record_.started = true; }
    Life(const Life&) = delete;
    Life& operator=(const Life&) = delete;
    ~Life() { record_.destroyed = true; }

   private:
    Record& record_;
  };

  template <class Kind>
  Script& add(Kind step) {
    record_->steps.push_back(Step(std::move(step)));
    return *this;
  }

  static generators::AsyncGenerator<T> run(std::shared_ptr<Record> record) {
    const Life life(*record);
    for (std::size_t at = 0; at < record->steps.size(); ++at) {
      Step& step = record->steps[at];
      if (auto* yield = std::get_if<Yield>(&step)) {
        ++record->given;
        co_yield std::move(yield->value);
      } else if (auto* failing = std::get_if<Throw>(&step)) {
        std::rethrow_exception(failing->error);
      } else {
        Waiting waiting(*record, at);
        if (auto* sleep = std::get_if<Sleep>(&step)) {
          co_await generators::sleep_for(sleep->duration);
        } else if (std::holds_alternative<Park>(step)) {
          co_await record->never.wait();
        } else {
          co_await generators::yield_now();
        }
        waiting.over();
      }
    }
  }

  std::shared_ptr<Record> record_;
};

}  // namespace coyield::testing
