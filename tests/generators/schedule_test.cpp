// Random pipelines under random schedules of polling, waiting, time, cancelling and destroying, against a
// model that knows which items there are. What is given must be a beginning of those, all of them when
// nothing interfered, and nothing may be left over.
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <coyield/generators/detail/frame_pool.hpp>
#include <coyield/generators/operators.hpp>
#include <coyield/generators/testing.hpp>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <vector>

#include "probes.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::TestLoop;

using Random = std::minstd_rand;

int dice(Random& random, int sides) { return std::uniform_int_distribution<int>(0, sides - 1)(random); }

/// Waits in one of all ways, or not.
Task<void> wait_somehow(Random& random, Probe) {
  switch (dice(random, 6)) {
    case 0:
      co_await sleep_for(std::chrono::milliseconds(dice(random, 20)));
      break;
    case 1:
      co_await yield_now();
      break;
    case 2:
      co_await asio::post(co_await asio::this_coro::executor, asio::deferred);
      break;
    case 3: {
      // Already over: Asio completes it from the loop.
      asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::nanoseconds(0));
      co_await timer.async_wait(asio::deferred);
      break;
    }
    case 4: {
      Event event;
      event.set();
      co_await event.wait();
      break;
    }
    default:
      break;
  }
}

AsyncGenerator<int> source(Random& random, int first, int count, bool fails, Probe probe) {
  for (int item = first; item < first + count; ++item) {
    if (dice(random, 2) == 0) co_await wait_somehow(random, probe);
    co_yield int(item);
  }
  if (fails) throw std::runtime_error("as told");
}

AsyncGenerator<int> passing(Random& random, AsyncGenerator<int> upstream, Probe probe) {
  while (auto item = co_await upstream.next()) {
    if (dice(random, 4) == 0) co_await wait_somehow(random, probe);
    co_yield std::move(*item);
  }
}

struct Model {
  AsyncGenerator<int> stream;
  std::vector<int> items;
  bool fails;
};

/// A pipeline that keeps the order of what it passes on, and with it what it must give.
Model random_stream(Random& random, int& alive) {
  Model model;
  const int count = dice(random, 40);
  model.fails = dice(random, 4) == 0;
  model.stream = source(random, 0, count, model.fails, Probe(alive));
  model.items.resize(static_cast<std::size_t>(count));
  std::iota(model.items.begin(), model.items.end(), 0);
  for (int operators = dice(random, 5); operators > 0; --operators) {
    switch (dice(random, 7)) {
      case 0:
        model.stream = passing(random, std::move(model.stream), Probe(alive));
        break;
      case 1:
        model.stream = std::move(model.stream) | map([probe = Probe(alive)](int item) { return item + 1; });
        for (int& item : model.items) ++item;
        break;
      case 2:
        model.stream = std::move(model.stream) | filter([](int item) { return item % 3 != 0; });
        std::erase_if(model.items, [](int item) { return item % 3 == 0; });
        break;
      case 3: {
        const auto most = static_cast<std::size_t>(dice(random, 50));
        model.stream = std::move(model.stream) | take(most);
        // It never gets to the failure behind its last item.
        if (most <= model.items.size()) {
          model.items.resize(most);
          model.fails = false;
        }
        break;
      }
      case 4:
        model.stream = timeout(std::move(model.stream), 1h);
        break;
      case 5:
        model.stream = merge(std::move(model.stream), AsyncGenerator<int>());
        break;
      default:
        model.stream = batch(std::move(model.stream), 1) | map([](const auto& items) { return items.at(0); });
        break;
    }
  }
  return model;
}

class Schedule : public ::testing::TestWithParam<unsigned> {};

void run_one(Random& random) {
  int alive = 0;
  const auto frames = detail::FramePool::live();
  auto loop = std::make_unique<TestLoop>();
  Model model = random_stream(random, alive);
  Consumer<int> consumer(loop->loop(), std::move(model.stream));
  std::vector<int> seen;
  bool cancelled = false;
  bool threw = false;
  bool ended = false;
  bool destroyed = false;
  int waits = 0;
  for (int step = 0; step < 400 && !ended && !destroyed; ++step) {
    const int choice = dice(random, 100);
    if (choice < 60) {
      const Poll status = consumer.poll();
      if (status == Poll::item) seen.push_back(*consumer.item());
      if (status == Poll::done) {
        try {
          EXPECT_FALSE(consumer.item());
        } catch (const std::exception&) {
          threw = true;
        }
        ended = true;
      }
    } else if (choice < 90) {
      loop->advance(std::chrono::milliseconds(dice(random, 15)));
      // Asio's timers go by the real clock, and may be over in the kernel a little later than here.
      loop->context().restart();
      loop->context().poll();
    } else if (choice < 95 && waits == 0 && consumer.status() == Poll::pending && step > 0) {
      ++waits;
      consumer.async_wait([&waits](boost::system::error_code) { --waits; });
    } else if (choice == 95) {
      consumer.cancel();
      cancelled = true;
    } else if (choice == 96 && step > 20) {
      consumer.reset();
      destroyed = true;
    } else if (choice == 97 && step > 20) {
      loop.reset();
      EXPECT_EQ(consumer.poll(), Poll::done);
      destroyed = true;
    }
  }
  const bool interfered = cancelled || destroyed || !ended;
  ASSERT_LE(seen.size(), model.items.size());
  EXPECT_TRUE(std::equal(seen.begin(), seen.end(), model.items.begin()));
  if (!interfered) {
    EXPECT_EQ(seen, model.items);
    EXPECT_EQ(threw, model.fails);
  }
  consumer.reset();
  if (loop) loop->run_ready();
  loop.reset();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(detail::FramePool::live(), frames);
}

TEST_P(Schedule, GivesWhatTheModelSaysAndLeavesNothing) {
  Random random(GetParam());
  for (int run = 0; run < 250 && !HasFailure(); ++run) {
    SCOPED_TRACE(run);
    run_one(random);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Schedule, ::testing::Range(1u, 17u));

}  // namespace
}  // namespace coyield::generators
