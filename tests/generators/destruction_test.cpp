// Destroying a generator anywhere runs its destructors, and touches nothing that is gone. The sanitizers
// judge too.
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <coyield/generators/detail/frame_pool.hpp>
#include <coyield/generators/testing.hpp>
#include <functional>
#include <memory>
#include <ostream>
#include <vector>

#include "probes.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::TestLoop;

/// What the generators of the table stand on. It outlives them, but not always the loop.
struct Place {
  explicit Place(TestLoop& loop) : pair(std::make_unique<SocketPair>(loop.context())) {}
  std::unique_ptr<SocketPair> pair;
  Event event;
};

AsyncGenerator<int> at_a_yield(Place& place, Probe) {
  asio::steady_timer in_the_frame(place.pair->here.get_executor());
  co_yield 1;
}
AsyncGenerator<int> in_a_sleep(Place&, Probe) {
  co_await sleep_for(1h);
  co_yield 1;
}
AsyncGenerator<int> giving_way(Place&, Probe) {
  for (;;) co_await yield_now();
  co_yield 1;
}
AsyncGenerator<int> at_an_event(Place& place, Probe) {
  co_await place.event.wait();
  co_yield 1;
}
AsyncGenerator<int> in_a_timer(Place& place, Probe) {
  asio::steady_timer timer(place.pair->here.get_executor(), 1h);
  co_await timer.async_wait(asio::deferred);
  co_yield 1;
}
AsyncGenerator<int> in_a_read(Place& place, Probe) {
  std::array<char, 4096> buffer;
  co_await asio::async_read(place.pair->here, asio::buffer(buffer), asio::deferred);
  co_yield 1;
}
AsyncGenerator<int> in_a_write(Place& place, Probe) {
  std::vector<char> more_than_fits(std::size_t{16} * 1024 * 1024);
  co_await asio::async_write(place.pair->here, asio::buffer(more_than_fits), asio::deferred);
  co_yield 1;
}
asio::awaitable<void> read_for_ever(SocketPair::Socket& socket) {
  std::array<char, 64> buffer;
  co_await asio::async_read(socket, asio::buffer(buffer), asio::use_awaitable);
}
AsyncGenerator<int> in_an_awaitable(Place& place, Probe) {
  co_await read_for_ever(place.pair->here);
  co_yield 1;
}
Task<void> subroutine(Place& place, Probe) {
  std::array<char, 64> buffer;
  co_await asio::async_read(place.pair->here, asio::buffer(buffer), asio::deferred);
}
AsyncGenerator<int> in_a_task(Place& place, Probe probe) {
  co_await subroutine(place, probe);
  co_yield 1;
}

using Make = AsyncGenerator<int> (*)(Place&, Probe);

AsyncGenerator<int> behind(AsyncGenerator<int> stream, Probe) {
  while (auto item = co_await stream.next()) co_yield std::move(*item);
}

struct Position {
  const char* name;
  Make make;
};
void PrintTo(const Position& position, std::ostream* out) { *out << position.name; }

class Destruction : public ::testing::TestWithParam<Position> {
 protected:
  Destruction() : loop(std::make_unique<TestLoop>()), place(std::make_unique<Place>(*loop)) {}
  ~Destruction() override {
    place.reset();
    loop.reset();
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(detail::FramePool::live(), frames_before);
  }

  /// The generator of the table behind two others.
  AsyncGenerator<int> make() {
    return behind(behind(GetParam().make(*place, Probe(alive)), Probe(alive)), Probe(alive));
  }
  Consumer<int> start() {
    Consumer<int> consumer(loop->loop(), make());
    consumer.poll();
    EXPECT_GT(alive, 0);
    return consumer;
  }

  int alive = 0;
  std::int64_t frames_before = detail::FramePool::live();
  std::unique_ptr<TestLoop> loop;
  std::unique_ptr<Place> place;
};

TEST_P(Destruction, OfOneThatHasNotStarted) {
  {
    auto stream = make();
  }
  EXPECT_EQ(alive, 0);
}

TEST_P(Destruction, WhereItStands) {
  {
    Consumer<int> consumer = start();
  }
  loop->context().poll();
  EXPECT_EQ(alive, 0);
}

TEST_P(Destruction, ClosesAndSaysWhenAllFramesAreGone) {
  Consumer<int> consumer = start();
  bool closed = false;
  consumer.async_close([&] {
    closed = true;
    EXPECT_EQ(alive, 0);
  });
  loop->context().poll();
  EXPECT_TRUE(closed);
}

TEST_P(Destruction, OfTheLoopFirst) {
  Consumer<int> consumer = start();
  // Asio's own objects must not outlive their context either.
  place->pair.reset();
  loop.reset();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(consumer.poll(), Poll::done);
  EXPECT_FALSE(consumer.item());
}

TEST_P(Destruction, OfTheLoopRightAfterIt) {
  {
    Consumer<int> consumer = start();
  }
  place->pair.reset();
  loop.reset();
  EXPECT_EQ(alive, 0);
}

TEST_P(Destruction, FromWithinTheCallbackThatItIsReady) {
  struct Owner {
    Consumer<int> consumer;
    static void on_ready(void* owner, bool) { static_cast<Owner*>(owner)->consumer.reset(); }
  };
  Owner owner{start()};
  if (owner.consumer.status() == Poll::pending) {
    owner.consumer.on_ready(&Owner::on_ready, &owner);
    owner.consumer.cancel();
    loop->context().poll();
    EXPECT_EQ(alive, 0);
    EXPECT_FALSE(owner.consumer);
  }
}

TEST_P(Destruction, CancellingReachesTheInnermostAtOnce) {
  Consumer<int> consumer = start();
  if (consumer.status() != Poll::pending) return;
  consumer.cancel();
  loop->run_ready();
  EXPECT_EQ(loop->now(), 0ns);
  ASSERT_EQ(consumer.poll(), Poll::done);
  EXPECT_THROW(consumer.item(), boost::system::system_error);
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(consumer.item());
}

INSTANTIATE_TEST_SUITE_P(
    Positions, Destruction,
    ::testing::Values(Position{"at_a_yield", &at_a_yield}, Position{"in_a_sleep", &in_a_sleep},
                      Position{"giving_way", &giving_way}, Position{"at_an_event", &at_an_event},
                      Position{"in_a_timer", &in_a_timer}, Position{"in_a_read", &in_a_read},
                      Position{"in_a_write", &in_a_write}, Position{"in_an_awaitable", &in_an_awaitable},
                      Position{"in_a_task", &in_a_task}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(DestructionFromInside, AGeneratorThatDestroysItsOwnerFailsAtItsNextAwait) {
  int alive = 0;
  TestLoop loop;
  SocketPair pair(loop.context());
  Consumer<int> consumer;
  auto source = [](Consumer<int>& owner, SocketPair::Socket& socket, Probe) -> AsyncGenerator<int> {
    owner.reset();
    std::array<char, 64> buffer;
    co_await asio::async_read(socket, asio::buffer(buffer), asio::deferred);
    co_yield 1;
  };
  consumer = Consumer<int>(loop.loop(), source(consumer, pair.here, Probe(alive)));
  loop.spawn([](Consumer<int>& owner) -> Task<void> {
    owner.poll();
    co_return;
  }(consumer));
  loop.run_ready();
  EXPECT_EQ(alive, 0);
}

TEST(DestructionOfALoop, ReachesThoseThatAreWokenByTheDestructorsOfOthers) {
  int alive = 0;
  Event event;
  struct SetsAtItsEnd {
    Event& event;
    ~SetsAtItsEnd() { event.set(); }
  };
  auto sleeper = [](Event& at_the_end, Probe) -> Task<void> {
    const SetsAtItsEnd last{at_the_end};
    co_await sleep_for(1h);
  };
  auto waiter = [](Event& until, Probe) -> Task<void> { co_await until.wait(); };
  auto loop = std::make_unique<TestLoop>();
  loop->spawn(waiter(event, Probe(alive)));
  loop->spawn(sleeper(event, Probe(alive)));
  loop->run_ready();
  EXPECT_EQ(alive, 2);
  loop.reset();
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace coyield::generators
