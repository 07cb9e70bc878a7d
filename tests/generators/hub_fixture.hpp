#pragma once

#include <gtest/gtest.h>

#include <coyield/generators/hub.hpp>
#include <coyield/generators/testing.hpp>
#include <memory>
#include <string>

#include "feed.hpp"

namespace coyield::generators {

inline ShareOptions options(LogLimits replay = {.items = 0}) {
  ShareOptions result;
  result.replay = replay;
  result.epoch = "e";
  return result;
}
inline ShareOptions slow(SlowPolicy policy, std::uint64_t items) {
  ShareOptions result = options();
  result.slow = policy;
  result.queue.items = items;
  return result;
}

class HubTest : public ::testing::Test {
 protected:
  auto subscribe(const std::shared_ptr<Hub>& hub, SubscribeOptions from = {},
                 std::size_t limit = testing::Collection<Item>::no_limit) {
    auto seen = loop.collect(hub->subscribe(std::move(from)), limit);
    loop.run_ready();
    return seen;
  }
  void say(std::initializer_list<int> values) {
    feed.say(values);
    loop.run_ready();
  }
  /// More than the log keeps beyond its limits.
  void say_many(int from, int count) {
    for (int i = 0; i < count; ++i) feed.say({from + i});
    loop.run_ready();
  }

  testing::TestLoop loop;
  Feed feed;
};

}  // namespace coyield::generators
