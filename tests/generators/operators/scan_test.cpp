#include <gtest/gtest.h>

#include <coyield/generators/operators/scan.hpp>
#include <coyield/generators/testing.hpp>
#include <string>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

TEST(Scan, GivesTheRunningResultWithoutTheFirst) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3});
  EXPECT_EQ(loop.drain(script.play() | scan(10, std::plus<>())), (std::vector{11, 13, 16}));
}

TEST(Scan, KeepsItsStateWhenTheConsumerMovesFromAResult) {
  TestLoop loop;
  Script<char> script;
  script.items({'a', 'b', 'c'});
  Consumer<std::string> consumer(
      loop.loop(), script.play() | scan(std::string("a text too long to be stored inline: "),
                                        [](std::string text, char letter) { return text + letter; }));
  std::string last;
  while (consumer.poll() == Poll::item) last = std::move(*consumer.item());
  EXPECT_EQ(last, "a text too long to be stored inline: abc");
}

}  // namespace
}  // namespace coyield::generators
