#include <coyield/generators/idempotency.hpp>

#include <gtest/gtest.h>

#include <coyield/generators/item.hpp>
#include <string>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;

TEST(IdempotencyKeys, KnowsWhatWasPublishedUnderAKey) {
  IdempotencyKeys keys;
  EXPECT_EQ(keys.find("a", 0s), nullptr);
  keys.remember("a", 7, "e-0", 0s);
  ASSERT_NE(keys.find("a", 1s), nullptr);
  EXPECT_EQ(keys.find("a", 1s)->id, "e-0");
  EXPECT_EQ(keys.find("a", 1s)->fingerprint, 7U);
  EXPECT_EQ(keys.find("b", 1s), nullptr);
}

TEST(IdempotencyKeys, ForgetsAKeyWhenItsTimeIsOver) {
  IdempotencyKeys keys;
  keys.remember("a", 7, "e-0", 0s);
  keys.remember("b", 7, "e-1", 1s);
  EXPECT_NE(keys.find("a", IdempotencyKeys::memory - 1ns), nullptr);
  EXPECT_EQ(keys.find("a", IdempotencyKeys::memory), nullptr);
  EXPECT_NE(keys.find("b", IdempotencyKeys::memory), nullptr);
  EXPECT_FALSE(keys.empty(IdempotencyKeys::memory));
  EXPECT_TRUE(keys.empty(IdempotencyKeys::memory + 1s));
}

TEST(IdempotencyKeys, RemembersTheNewestOnly) {
  IdempotencyKeys keys;
  for (std::size_t i = 0; i <= IdempotencyKeys::most_keys; ++i)
    keys.remember("key" + std::to_string(i), i, std::to_string(i), 0s);
  EXPECT_EQ(keys.find("key0", 0s), nullptr);
  for (std::size_t i = 1; i <= IdempotencyKeys::most_keys; ++i)
    ASSERT_NE(keys.find("key" + std::to_string(i), 0s), nullptr) << i;
}

TEST(IdempotencyKeys, TellsItemsApartByWhatTheyAre) {
  const auto print = [](const Item& item) { return IdempotencyKeys::fingerprint_of(item); };
  EXPECT_EQ(print(Item::text("5")), print(Item::text(std::string("5"))));
  EXPECT_NE(print(Item::text("5")), print(Item::text("6")));
  EXPECT_NE(print(Item::text("5")), print(Item::json("5")));
}

}  // namespace
}  // namespace coyield::generators
