#include <gtest/gtest.h>

#include <coyield/generators/operators/debounce.hpp>
#include <coyield/generators/testing.hpp>
#include <stdexcept>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

using Times = std::vector<std::chrono::nanoseconds>;

TEST(Debounce, GivesTheNewestAfterASilence) {
  TestLoop loop;
  Script<int> script;
  script.item(1).wait(60ms).item(2).wait(60ms).item(3).wait(500ms).item(4).wait_for_ever();
  auto seen = loop.collect(debounce(script.play(), 100ms));
  loop.advance(1s);
  EXPECT_EQ(seen.items(), (std::vector{3, 4}));
  EXPECT_EQ(seen.times(), (Times{220ms, 720ms}));
}

TEST(Debounce, HearsNothingOfASourceThatIsNeverSilent) {
  TestLoop loop;
  Script<int> script;
  for (int item = 0; item < 50; ++item) script.item(item).wait(99ms);
  script.wait_for_ever();
  auto seen = loop.collect(debounce(script.play(), 100ms));
  loop.advance(49 * 99ms);
  EXPECT_EQ(seen.size(), 0u);
  loop.advance(100ms);
  EXPECT_EQ(seen.items(), (std::vector{49}));
}

TEST(Debounce, GivesAWaitingItemAtOnceWhenTheSourceEnds) {
  TestLoop loop;
  Script<int> script;
  script.item(1).wait(10ms).item(2).wait(10ms);
  auto seen = loop.collect(debounce(script.play(), 100ms));
  loop.advance(20ms);
  EXPECT_EQ(seen.items(), (std::vector{2}));
  EXPECT_EQ(seen.times(), (Times{20ms}));
  EXPECT_TRUE(seen.ended());
}

TEST(Debounce, ForgetsAWaitingItemWhenTheSourceFails) {
  TestLoop loop;
  Script<int> script;
  script.item(1).wait(10ms).fail(std::runtime_error("broken"));
  auto seen = loop.collect(debounce(script.play(), 100ms));
  loop.advance(1s);
  EXPECT_EQ(seen.size(), 0u);
  EXPECT_THROW(seen.rethrow_failure(), std::runtime_error);
}

TEST(Debounce, OfASourceThatIsAlwaysReadyLetsOthersRun) {
  TestLoop loop;
  auto endless = []() -> AsyncGenerator<int> {
    for (int item = 0;; ++item) co_yield int(item);
  };
  auto seen = loop.collect(debounce(endless(), 100ms));
  bool other_ran = false;
  boost::asio::post(loop.context(), [&] {
    other_ran = true;
    seen.drop();
  });
  loop.run_ready();
  EXPECT_TRUE(other_ran);
}

}  // namespace
}  // namespace coyield::generators
