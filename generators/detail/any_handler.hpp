#pragma once

#include <boost/asio/append.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <coyield/generators/detail/frame_pool.hpp>
#include <coyield/generators/loop.hpp>
#include <tuple>
#include <utility>

namespace coyield::generators::detail {

/// A completion handler whose type is forgotten: move-only, allocated from the frame pool.
///
/// (Boost 1.81's `any_completion_handler` cannot be assigned: its operator recurses for ever.)
/// Destroying it destroys the handler uncalled.
template <class... Args>
class AnyHandler {
 public:
  AnyHandler() noexcept = default;
  template <class Handler>
    requires(!std::is_same_v<std::decay_t<Handler>, AnyHandler>)
  explicit AnyHandler(Handler handler) : held_(new Holder<Handler>(std::move(handler))) {}
  AnyHandler(AnyHandler&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  AnyHandler& operator=(AnyHandler&& other) noexcept {
    AnyHandler taken(std::move(other));
    std::swap(held_, taken.held_);
    return *this;
  }
  ~AnyHandler() {
    if (held_ != nullptr) held_->discard();
  }

  explicit operator bool() const noexcept { return held_ != nullptr; }

  /// Calls it, at once where its executor is `executor`, on which the caller runs.
  void complete(const Executor& executor, Args... args) {
    std::exchange(held_, nullptr)->complete(executor, std::move(args)...);
  }
  /// Calls it later.
  void post(const Executor& executor, Args... args) {
    std::exchange(held_, nullptr)->post(executor, std::move(args)...);
  }

 private:
  struct Base : Pooled {
    virtual void complete(const Executor& executor, Args... args) = 0;  // each of them deletes the holder
    virtual void post(const Executor& executor, Args... args) = 0;
    virtual void discard() noexcept = 0;

   protected:
    ~Base() = default;
  };
  template <class Handler>
  struct Holder final : Base {
    explicit Holder(Handler&& from) : handler(std::move(from)) {}

    static auto bound(Handler&& handler, Args&&... args) {
      return [handler = std::move(handler), args = std::tuple<Args...>(std::move(args)...)]() mutable {
        std::apply(std::move(handler), std::move(args));
      };
    }
    Handler take() {
      Handler taken(std::move(handler));
      delete this;
      return taken;
    }
    void complete(const Executor& executor, Args... args) override {
      const auto target = asio::get_associated_executor(handler, executor);
      if constexpr (std::is_same_v<std::decay_t<decltype(target)>, Executor>) {
        if (target == executor) {
          Handler taken = take();
          std::move(taken)(std::move(args)...);
          return;
        }
      }
      asio::dispatch(target, bound(take(), std::move(args)...));
    }
    void post(const Executor& executor, Args... args) override {
      const auto target = asio::get_associated_executor(handler, executor);
      asio::post(target, bound(take(), std::move(args)...));
    }
    void discard() noexcept override { delete this; }

    Handler handler;
  };

  Base* held_ = nullptr;
};

}  // namespace coyield::generators::detail
