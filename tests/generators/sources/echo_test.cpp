#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/testing/script.hpp>
#include <coyield/generators/testing/test_loop.hpp>

#include "start_source.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

AsyncGenerator<Item> echo(AsyncGenerator<Item> input) {
  SourceContext context;
  context.input = std::move(input);
  return start_source("echo", {}, std::move(context));
}

TEST(Echo, YieldsWhatTheClientSendsAsItIs) {
  TestLoop loop;
  Script<Item> client;
  client.item(Item::text("hello")).wait(1s).item(Item::bytes(std::string_view("\0\xff", 2)));
  const auto seen = loop.collect(echo(client.play()));
  EXPECT_EQ(seen.size(), 1u);
  loop.advance(2s);
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(payloads(seen), (std::vector<std::string>{"hello", std::string("\0\xff", 2)}));
  EXPECT_EQ(seen.stamped()[0].item.kind(), PayloadKind::text);
  EXPECT_EQ(seen.stamped()[1].item.kind(), PayloadKind::bytes);
}

TEST(Echo, EndsAtOnceWhereTheClientMaySendNothing) {
  TestLoop loop;
  const auto seen = loop.collect(echo({}));
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(seen.size(), 0u);
}

TEST(Echo, FailsAsItsInputAndCancelsItWhenItIsDropped) {
  TestLoop loop;
  Script<Item> failing;
  failing.item(Item::text("a")).fail(Failure(FailureKind::invalid, "too long"));
  const auto seen = loop.collect(echo(failing.play()));
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_THROW(seen.rethrow_failure(), Failure);

  Script<Item> waiting;
  waiting.wait_for_ever();
  auto dropped = loop.collect(echo(waiting.play()));
  dropped.drop();
  EXPECT_TRUE(waiting.destroyed());
}

}  // namespace
}  // namespace coyield::generators
