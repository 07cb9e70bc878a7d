#pragma once

#include <atomic>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/system/system_error.hpp>
#include <condition_variable>
#include <coyield/generators/detail/frame_pool.hpp>
#include <exception>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace coyield::generators {

class BlockingPool;
namespace asio = boost::asio;

namespace detail {

class BlockingCall;
class BlockingCalls;

using InQueue = boost::intrusive::list_base_hook<boost::intrusive::tag<BlockingPool>>;
using InContext =
    boost::intrusive::list_base_hook<boost::intrusive::tag<BlockingCalls>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// One call of a `BlockingPool`. It waits in the pool's queue, runs on one of its threads, and is posted to
/// its `io_context`, on whose thread it was made and is destroyed. Up to then it is also known to the
/// `io_context`.
class BlockingCall : public InQueue, public InContext {
 public:
  BlockingCall(BlockingPool& pool, asio::execution_context& context);
  BlockingCall(const BlockingCall&) = delete;
  BlockingCall& operator=(const BlockingCall&) = delete;
  virtual ~BlockingCall() = default;

  BlockingCalls& context() const noexcept { return context_; }
  /// True where it had not begun; then it never will. On the thread of its `io_context`.
  bool withdraw() noexcept;

  virtual void execute() noexcept = 0;  ///< on a thread of the pool
  virtual void abort() noexcept = 0;    ///< instead of `execute`
  virtual void post() = 0;              ///< completes it on its `io_context`, and may destroy it meanwhile

 private:
  friend class generators::BlockingPool;

  BlockingPool& pool_;
  BlockingCalls& context_;
  std::atomic<bool> queued_ = true;  // while it is, the pool is there
};

/// The calls of one `io_context`: a service of it, so that none of them outlives it.
class BlockingCalls final : public asio::execution_context::service {
 public:
  using key_type = BlockingCalls;
  static inline asio::execution_context::id id;

  explicit BlockingCalls(asio::execution_context& context) : service(context) {}

  void add(BlockingCall& call) { calls_.push_back(call); }
  void begun();   ///< a thread of a pool has taken one of its calls
  void let_go();  ///< and has posted it

 private:
  void shutdown() override;

  boost::intrusive::list<BlockingCall, boost::intrusive::base_hook<InContext>,
                         boost::intrusive::constant_time_size<false>>
      calls_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t under_way_ = 0;
};

template <class Result>
struct BlockingSignatureOf {
  static_assert(std::is_default_constructible_v<Result>, "a call that throws has a result too");
  using type = void(std::exception_ptr, Result);
};
template <>
struct BlockingSignatureOf<void> {
  using type = void(std::exception_ptr);
};
template <class Result>
using BlockingSignature = typename BlockingSignatureOf<Result>::type;

/// What a function has returned or thrown.
template <class Result>
class Outcome {
 public:
  template <class Function>
  void run(Function& function) {
    result_ = function();
  }
  template <class Handler>
  void deliver(Handler handler, std::exception_ptr error) {
    std::move(handler)(std::move(error), std::move(result_));
  }

 private:
  Result result_{};
};
template <>
class Outcome<void> {
 public:
  template <class Function>
  void run(Function& function) {
    function();
  }
  template <class Handler>
  void deliver(Handler handler, std::exception_ptr error) {
    std::move(handler)(std::move(error));
  }
};

template <class Handler, class Function>
class BlockingCallOf final : public BlockingCall, public Pooled {
 public:
  using HandlerExecutor = asio::associated_executor_t<Handler>;

  BlockingCallOf(BlockingPool& pool, Handler&& handler, Function&& function)
      : BlockingCall(pool, asio::query(asio::get_associated_executor(handler), asio::execution::context)),
        work_(asio::get_associated_executor(handler)),
        handler_(std::move(handler)),
        function_(std::move(function)) {
    slot_ = asio::get_associated_cancellation_slot(handler_);
    if (!slot_.is_connected()) return;
    slot_.assign([this](asio::cancellation_type) {
      if (!withdraw()) return;
      abort();
      post();
    });
  }

 private:
  /// Stands for the call in the queue of the `io_context`, which may be destroyed before it comes to it.
  class Completion {
   public:
    explicit Completion(BlockingCallOf* call) noexcept : call_(call) {}
    Completion(Completion&& other) noexcept : call_(std::exchange(other.call_, nullptr)) {}
    Completion& operator=(Completion&&) = delete;
    ~Completion() { delete call_; }
    void operator()() { std::exchange(call_, nullptr)->complete(); }

   private:
    BlockingCallOf* call_;
  };

  void execute() noexcept override {
    try {
      outcome_.run(function_);
    } catch (...) {
      error_ = std::current_exception();
    }
  }
  void abort() noexcept override {
    error_ = std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
  }
  void post() override { asio::post(work_.get_executor(), Completion(this)); }

  void complete() {
    if (slot_.is_connected()) slot_.clear();
    Handler handler = std::move(handler_);
    auto outcome = std::move(outcome_);
    std::exception_ptr error = std::move(error_);
    delete this;  // before the handler runs, which may start the next call with this memory
    outcome.deliver(std::move(handler), std::move(error));
  }

  asio::executor_work_guard<HandlerExecutor> work_;
  Handler handler_;
  Function function_;
  asio::cancellation_slot slot_;
  Outcome<decltype(std::declval<Function&>()())> outcome_;
  std::exception_ptr error_;
};

}  // namespace detail
}  // namespace coyield::generators
