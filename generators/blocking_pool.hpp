#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/intrusive/list.hpp>
#include <condition_variable>
#include <coyield/generators/detail/blocking_call.hpp>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace coyield::generators {

/// A few threads for calls that block: opening a file, reading what is not in the page cache, asking a
/// library that has no other way.
///
///     const auto read = [&] { return ::pread(fd, buffer.data(), buffer.size(), offset); };
///     const ssize_t n = co_await pool.run(read);
///
/// A thread is started when a call finds none idle, up to `max_threads`; further calls wait their turn. The
/// destructor drops the calls that have not begun (their awaits throw `operation_aborted`) and waits for the
/// rest.
///
/// Any thread may use it. It and the `io_context`s may be destroyed in any order, though not at the same
/// time: an `io_context` that is destroyed first drops its calls that have not begun and waits for those that
/// have.
class BlockingPool {
 public:
  explicit BlockingPool(unsigned max_threads = 4);
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  ~BlockingPool();

  /// An Asio operation, `void(std::exception_ptr[, Result])`: calls `function` on a thread of the pool, and
  /// completes on the executor of the handler, which must be that of an `io_context` run by one thread. What
  /// `function` throws comes out of the `co_await`. `Result` must have a default constructor. Until it is
  /// over, `io_context::run` does not return.
  ///
  /// Cancelling drops a call that has not begun. One that has begun goes on to its end, and the frame that
  /// awaits it stays until then: `function` may refer to what stands in that frame.
  template <class Function, class Token = asio::deferred_t>
  auto run(Function function, Token&& token = {}) {
    return asio::async_initiate<Token, detail::BlockingSignature<std::invoke_result_t<Function&>>>(
        [](auto handler, BlockingPool* pool, Function taken) {
          pool->start(std::move(handler), std::move(taken));
        },
        token, this, std::move(function));
  }

  /// How many threads it has by now.
  std::size_t threads() const;

 private:
  friend class detail::BlockingCall;
  using Queue = boost::intrusive::list<detail::BlockingCall, boost::intrusive::base_hook<detail::InQueue>>;

  template <class Handler, class Function>
  void start(Handler handler, Function function) {
    using Call = detail::BlockingCallOf<Handler, Function>;
    auto call = std::make_unique<Call>(*this, std::move(handler), std::move(function));
    submit(*call);
    call.release();  // it belongs to the queue, then to its thread, then to its completion
  }

  void submit(detail::BlockingCall& call);
  /// True where the call had not begun; then it never will.
  bool withdraw(detail::BlockingCall& call) noexcept;
  void work();

  const unsigned max_threads_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Queue queue_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace coyield::generators
