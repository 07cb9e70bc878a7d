#pragma once

#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <chrono>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/detail/stage.hpp>
#include <coyield/generators/gauge.hpp>
#include <coyield/generators/item.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::generators {

class Trace;
using TracePtr = boost::intrusive_ptr<Trace>;

/// What has gone through each component of one stream, and which of them it waits in: for whoever runs the
/// server, on any thread, while the stream goes on.
///
/// Counting costs an addition an item; the rest is noted when the stream has to wait. The stream's thread
/// writes, and holds it; who looks from another thread has to see to it that it stays meanwhile.
class Trace {
 public:
  static TracePtr make() { return TracePtr(new Trace); }
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  // On the thread of the stream.

  /// The components, the source first: their names, which live longer. Called again, with the same ones, when
  /// the stream is started again.
  void begin(std::span<const std::string_view> names);
  /// The generator that is the component at `place`, just made.
  void attach(std::size_t place, const AsyncGenerator<Item>& generator);
  /// Notes which component the stream waits in: the last one that was asked for an item and has none.
  void note_awaited() noexcept;
  /// It has failed with that, and is started again.
  void failed(const std::exception_ptr& failure) noexcept;

  // On any thread.

  struct StageFigures {
    std::string_view name;
    std::uint64_t items;  ///< that it has given, gaps among them
  };
  std::vector<StageFigures> stages() const;
  /// Which one it waited in when it had to wait last; empty: it has not.
  std::string_view awaited() const noexcept;
  /// How many times it was started behind the first one.
  std::uint64_t restarts() const noexcept;
  /// What it failed with the last time; empty: it has not.
  std::string last_error() const;

 private:
  struct Named : detail::Stage {
    Trace* trace = nullptr;
    std::string_view name;
    std::atomic<const detail::Stage*> same =
        nullptr;  ///< it has passed on the generator of this one as it was
  };

  Trace() = default;
  friend void intrusive_ptr_add_ref(Trace* trace) noexcept { ++trace->holders_; }
  friend void intrusive_ptr_release(Trace* trace) noexcept {
    if (--trace->holders_ == 0) delete trace;
  }
  std::span<const Named> known() const noexcept;

  std::size_t holders_ = 0;
  std::vector<Named> stages_;
  Gauge<std::uint64_t> starts_;
  Gauge<std::uint32_t> awaited_;        // its place, from 1
  std::atomic<bool> begun_ = false;     // `stages_` does not change any more
  std::unique_ptr<std::string> error_;  // under a mutex of all
};

}  // namespace coyield::generators
