#pragma once

#include <boost/asio/execution_context.hpp>
#include <coyield/generators/jq/work.hpp>
#include <coyield/generators/loop.hpp>
#include <coyield/generators/programs.hpp>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace coyield::generators::jq {

/// What jq has against a program, or nothing. Starts a `coyield-jq` and blocks until it has said so, some 40
/// ms. Throws a `Failure` where that cannot be started.
std::optional<std::string> compile_error(const std::string& program);

/// The processes that run one program for one thread: at most two, each started when a batch finds none that
/// is free, and ended when it has had nothing to do for a minute.
///
/// They take one batch after the other, from whichever stream. A batch whose stream has gone is finished all
/// the same where it was begun, and its answers are dropped: a stream that leaves disturbs no other.
class Pool {
 public:
  static constexpr std::size_t most_children = 2;
  static constexpr std::chrono::seconds idle_time{60};

  Pool(Loop& loop, Programs& programs, std::string program);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  /// Starting a process, where it takes one, blocks for a moment. All that comes of it comes to `work`, also
  /// that no process can be started.
  void submit(std::shared_ptr<Work> work);
  /// How many processes it has.
  std::size_t size() const noexcept;
  /// Ends all processes.
  void close() noexcept;

 private:
  class Child;
  class Tidying final : public Wakeup {
   public:
    explicit Tidying(Pool& pool) noexcept : pool_(pool) {}

   private:
    void woken() override { pool_.tidy(); }
    Pool& pool_;
  };

  void start_child();
  std::shared_ptr<Work> take() noexcept;
  void fail_waiting(const std::exception_ptr& why) noexcept;
  void tidy();

  Loop& loop_;
  Programs& programs_;
  std::string program_;
  std::deque<std::shared_ptr<Work>> waiting_;
  std::list<Child> children_;
  Tidying tidying_;
};

/// The pools of a thread. A service of its `io_context`, and the owner of the processes: they do not count
/// among those that clients can have started by `exec`.
class Pools final : public asio::execution_context::service {
 public:
  using key_type = Pools;
  static inline asio::execution_context::id id;

  static Pools& of(const Executor& executor);

  explicit Pools(asio::execution_context& context);
  /// Stays there as long as the service.
  Pool& get(const std::string& program);
  /// How many processes there are, those included that have been told to end and have not yet.
  std::size_t running() const { return programs_.running(); }

 private:
  void shutdown() override;

  Loop& loop_;
  Programs programs_;
  std::map<std::string, Pool, std::less<>> pools_;
};

}  // namespace coyield::generators::jq
