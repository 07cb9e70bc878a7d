#include <coyield/generators/relay.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/hub.hpp>
#include <coyield/generators/spawn.hpp>
#include <coyield/generators/task.hpp>
#include <future>
#include <random>
#include <string>
#include <thread>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;

/// An io_context with a thread that runs it, until it is stopped.
class Runner {
 public:
  Runner() : thread_([this] { io_.run(); }) {}
  ~Runner() { stop(); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  Executor executor() { return io_.get_executor(); }
  std::thread::id id() const { return thread_.get_id(); }
  /// Lets no more run; what still waits is destroyed with this.
  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }
  /// Runs the task on the thread, to its end. Throws what it throws.
  void run(Task<void> task) {
    auto over = std::make_shared<std::promise<void>>();
    spawn(executor(), std::move(task), [over](const std::exception_ptr& error) {
      if (error) {
        over->set_exception(error);
      } else {
        over->set_value();
      }
    });
    over->get_future().get();
  }

 private:
  asio::io_context io_{1};
  asio::executor_work_guard<Executor> work_{io_.get_executor()};
  std::thread thread_;
};

/// What a generator has done, seen from another thread.
struct Seen {
  std::atomic<int> given = 0;
  std::atomic<bool> destroyed = false;
  std::atomic<std::thread::id> thread = std::thread::id();
};
struct Life {
  explicit Life(Seen& of) : seen(of) {}
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;
  ~Life() {
    seen.thread = std::this_thread::get_id();
    seen.destroyed = true;
  }
  Seen& seen;
};

AsyncGenerator<int> count_to(int end, Seen& seen) {
  const Life life(seen);
  for (int i = 0; i < end; ++i) {
    ++seen.given;
    co_yield i;
  }
}
AsyncGenerator<int> count_and_fail(int end, Seen& seen) {
  const Life life(seen);
  for (int i = 0; i < end; ++i) co_yield i;
  throw Failure(FailureKind::upstream, "broken");
}
AsyncGenerator<int> wait_for_ever(Seen& seen) {
  const Life life(seen);
  co_yield 0;
  for (;;) co_await sleep_for(1h);
}

template <class Condition>
void wait_until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

Task<void> expect_numbers(AsyncGenerator<int> numbers, int end) {
  int next = 0;
  while (auto number = co_await numbers.next()) {
    EXPECT_EQ(*number, next);
    ++next;
  }
  EXPECT_EQ(next, end);
}

class Relay : public ::testing::Test {
 protected:
  AsyncGenerator<int> relayed(std::function<AsyncGenerator<int>()> make, RelayLimits limits = {}) {
    return relay<int>(there.executor(), std::move(make), limits);
  }

  Seen seen;
  Runner there;
  Runner here;
};

TEST_F(Relay, GivesAllItemsInOrderAndEnds) {
  here.run(expect_numbers(relayed([this] { return count_to(10'000, seen); }), 10'000));
  EXPECT_TRUE(seen.destroyed);
  EXPECT_EQ(seen.thread.load(), there.id());
}

TEST_F(Relay, OfNothingEnds) {
  here.run(expect_numbers(relayed([this] { return count_to(0, seen); }), 0));
  EXPECT_TRUE(seen.destroyed);
}

TEST_F(Relay, ThrowsWhatTheGeneratorThrowsBehindItsItems) {
  int taken = 0;
  const auto take = [](AsyncGenerator<int> numbers, int& count) -> Task<void> {
    while (auto number = co_await numbers.next()) ++count;
  };
  EXPECT_THROW(here.run(take(relayed([this] { return count_and_fail(300, seen); }), taken)), Failure);
  EXPECT_EQ(taken, 300);
}

TEST_F(Relay, ThrowsWhatTheFactoryThrows) {
  const auto make = []() -> AsyncGenerator<int> { throw Failure(FailureKind::not_found, "no such thing"); };
  EXPECT_THROW(here.run(expect_numbers(relayed(make), 0)), Failure);
}

TEST_F(Relay, RunsNoFurtherAheadThanItMay) {
  const auto take_one_and_wait = [](AsyncGenerator<int> numbers, Seen& of) -> Task<void> {
    auto first = co_await numbers.next();
    EXPECT_TRUE(static_cast<bool>(first));
    while (of.given < 10) co_await sleep_for(1ms);
    co_await sleep_for(20ms);
  };
  here.run(take_one_and_wait(relayed([this] { return count_to(1'000'000, seen); }, {.items = 10}), seen));
  EXPECT_EQ(seen.given, 10);
}

TEST_F(Relay, RunsOnWhenItsItemsAreTaken) {
  for (const std::size_t items : {1U, 2U, 3U, 7U})
    here.run(expect_numbers(relayed([this] { return count_to(1000, seen); }, {.items = items}), 1000));
  here.run(
      expect_numbers(relayed([this] { return count_to(1000, seen); }, {.items = 100, .bytes = 1}), 1000));
}

TEST_F(Relay, DroppedHalfWayDestroysTheGeneratorOnItsThread) {
  const auto take_one = [](AsyncGenerator<int> numbers) -> Task<void> {
    auto first = co_await numbers.next();
    EXPECT_TRUE(static_cast<bool>(first));
  };
  here.run(take_one(relayed([this] { return wait_for_ever(seen); })));
  wait_until([this] { return seen.destroyed.load(); });
  EXPECT_EQ(seen.thread.load(), there.id());
}

TEST_F(Relay, NotPulledStartsNothing) {
  {
    const auto unused = relayed([this] { return count_to(10, seen); });
  }
  here.run(expect_numbers(relayed([this] { return count_to(0, seen); }), 0));
  EXPECT_EQ(seen.given, 0);
}

/// Whichever goes first, once both have come to rest.
TEST(RelayEnds, EitherLoopMayGoFirst) {
  for (const bool there_first : {true, false}) {
    for (const RelayLimits limits : {RelayLimits{}, RelayLimits{.items = 1}}) {
      Seen seen;
      auto there = std::make_unique<Runner>();
      auto here = std::make_unique<Runner>();
      std::atomic<bool> began = false;
      const auto take_one_and_stay = [](AsyncGenerator<int> numbers, std::atomic<bool>& flag) -> Task<void> {
        auto first = co_await numbers.next();
        flag = static_cast<bool>(first);
        for (;;) co_await sleep_for(1h);
      };
      std::function<AsyncGenerator<int>()> make = [&seen] { return wait_for_ever(seen); };
      spawn(here->executor(), take_one_and_stay(relay<int>(there->executor(), make, limits), began),
            asio::detached);
      wait_until([&began] { return began.load(); });
      there->stop();
      here->stop();
      (there_first ? there : here).reset();
      (there_first ? here : there).reset();
      EXPECT_TRUE(seen.destroyed);
    }
  }
}

/// Numbers as fast as they go, each an item of its own.
AsyncGenerator<Item> numbers(std::uint64_t end) {
  for (std::uint64_t i = 0; i < end; ++i) {
    const std::string text = std::to_string(i);
    Item item = Item::json(text);
    co_yield std::move(item);
    if (i % 50 == 49) co_await yield_now();
  }
}

/// A client of a hub on another thread that leaves and comes back behind its last item until it has seen the
/// end. Counts what it was told is missing.
Task<void> read_and_resume(Executor home, std::shared_ptr<Hub> hub, std::uint64_t end, unsigned seed) {
  std::mt19937 random(seed);
  std::string last_id;
  std::uint64_t next = 0;
  bool ended = false;
  while (!ended) {
    std::function<AsyncGenerator<Item>()> make = [hub, last_id] {
      return hub->subscribe({.resume_after = last_id, .last = LogLimits::any});
    };
    auto items = relay<Item>(home, std::move(make), {.items = 1 + random() % 40});
    std::uint64_t left = random() % 400;
    ended = true;
    while (auto item = co_await items.next()) {
      if (is_gap(*item)) {
        const std::string text(item->payload());
        const std::size_t at = text.find("\"count\":");
        if (at == std::string::npos) throw std::runtime_error("a gap of nobody knows how many: " + text);
        next += std::stoull(text.substr(at + 8));
        continue;
      }
      const std::string expected = std::to_string(next);
      if (item->payload() != expected)
        throw std::runtime_error(std::string(item->payload()) + " in the place of " + expected);
      last_id = std::string(item->id());
      ++next;
      if (left-- == 0) {
        ended = false;
        break;
      }
    }
  }
  EXPECT_EQ(next, end);
}

class HubFromAfar : public ::testing::TestWithParam<SlowPolicy> {};

TEST_P(HubFromAfar, NobodyMissesAnItemUnknowingly) {
  constexpr std::uint64_t end = 20'000;
  Runner home;
  Runner far;
  std::shared_ptr<Hub> hub;
  const auto make_hub = [](std::shared_ptr<Hub>& out, SlowPolicy policy) -> Task<void> {
    Loop& loop = co_await this_loop();
    ShareOptions options;
    options.replay = {.items = 100'000};
    options.queue.items = 64;
    options.slow = policy;
    options.start = SharedStart::at_once;
    out = share(loop, numbers(end), std::move(options));
  };
  home.run(make_hub(hub, GetParam()));
  std::vector<std::future<void>> clients;
  for (unsigned i = 0; i < 6; ++i) {
    Runner& on = i % 2 == 0 ? far : home;
    auto over = std::make_shared<std::promise<void>>();
    clients.push_back(over->get_future());
    spawn(on.executor(), read_and_resume(home.executor(), hub, end, i),
          [over](const std::exception_ptr& error) {
            if (error) {
              over->set_exception(error);
            } else {
              over->set_value();
            }
          });
  }
  for (auto& client : clients) client.get();
  // The hub is its thread's.
  const auto let_go = [](std::shared_ptr<Hub> last) -> Task<void> {
    last.reset();
    co_return;
  };
  home.run(let_go(std::move(hub)));
}

std::string name_of(const ::testing::TestParamInfo<SlowPolicy>& tested) {
  const std::vector<std::string> names = {"Disconnect", "DropOldest", "DropNewest", "Latest", "Block"};
  return names[static_cast<std::size_t>(tested.param)];
}

INSTANTIATE_TEST_SUITE_P(Policies, HubFromAfar,
                         ::testing::Values(SlowPolicy::disconnect, SlowPolicy::drop_oldest,
                                           SlowPolicy::drop_newest, SlowPolicy::latest, SlowPolicy::block),
                         name_of);

}  // namespace
}  // namespace coyield::generators
