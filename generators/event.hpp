#pragma once

#include <coroutine>
#include <coyield/generators/detail/chain.hpp>

namespace coyield::generators {

/// Lets one coroutine wait until somebody on the same thread says `set()`.
///
/// A set event stays set until a wait has consumed it: a `set` that comes before the wait is not lost, and
/// several are one. `set` resumes nothing by itself: the waiter goes on soon, from the loop. The waiter may
/// be destroyed at any time; the event must outlive its wait.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void set() noexcept {
    set_ = true;
    if (waiter_ != nullptr) waiter_->wake();
  }
  bool is_set() const noexcept { return set_; }
  void clear() noexcept { set_ = false; }

  class Awaiter final : public detail::Wait {
   public:
    Awaiter(detail::Chain& owner, Event& event) noexcept : Wait(owner), event_(event) {}
    ~Awaiter() {
      if (event_.waiter_ == this) event_.waiter_ = nullptr;
    }
    bool await_ready() const {
      if (chain().cancelled()) [[unlikely]]
        detail::throw_cancelled();
      return event_.set_;
    }
    void await_suspend(std::coroutine_handle<> waiter) {
      park(waiter);
      chain().loop().park(*this);
      event_.waiter_ = this;
    }
    void await_resume() const {
      event_.waiter_ = nullptr;
      throw_if_aborted();
      event_.set_ = false;
    }

   private:
    friend class Event;
    void wake() { chain().loop().soon(*this); }
    Event& event_;
  };
  struct InChain {
    Event& event;
    Awaiter in_chain(detail::Chain& chain) const noexcept { return Awaiter(chain, event); }
  };

  /// `co_await event.wait();`
  [[nodiscard]] InChain wait() noexcept { return InChain{*this}; }

 private:
  Awaiter* waiter_ = nullptr;
  bool set_ = false;
};

}  // namespace coyield::generators
