#include <gtest/gtest.h>

#include <algorithm>
#include <coyield/generators/operators/number_totals.hpp>
#include <deque>
#include <limits>
#include <random>

namespace coyield::generators {
namespace {

JsonNumber whole(std::int64_t value) { return JsonNumber(value); }

TEST(NumberTotals, OfWholeNumbersAreExact) {
  NumberTotals totals;
  totals.add(NumberTotals(JsonNumber(std::numeric_limits<std::uint64_t>::max())));
  totals.add(NumberTotals(whole(1)));
  totals.add(NumberTotals(whole(std::numeric_limits<std::int64_t>::min())));
  EXPECT_TRUE(totals.all_whole);
  EXPECT_TRUE(totals.wholes == WholeSum{1} << 63);
  EXPECT_EQ(totals.count, 3u);
  EXPECT_EQ(totals.least, whole(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(totals.greatest, JsonNumber(std::numeric_limits<std::uint64_t>::max()));
}

TEST(NumberTotals, OfMixedNumbersAreThoseOfDoubles) {
  NumberTotals totals(whole(-5));
  totals.add(NumberTotals(JsonNumber(0.25)));
  totals.add(NumberTotals());
  EXPECT_FALSE(totals.all_whole);
  EXPECT_EQ(totals.sum(), -4.75);
  EXPECT_EQ(totals.least, whole(-5));
  EXPECT_EQ(totals.greatest, JsonNumber(0.25));
}

TEST(NumberQueue, HasTheTotalsOfWhatIsInIt) {
  std::mt19937 random(1);
  NumberQueue queue;
  std::deque<std::int64_t> numbers;
  for (int round = 0; round < 20'000; ++round) {
    // Grows and shrinks, and is empty again and again.
    const bool grows = random() % 100 < (round / 100 % 2 == 0 ? 60U : 40U);
    if (grows || numbers.empty()) {
      numbers.push_back(static_cast<std::int64_t>(random() % 1000) - 500);
      queue.push(whole(numbers.back()));
    } else {
      numbers.pop_front();
      queue.pop();
    }
    const NumberTotals totals = queue.totals();
    ASSERT_EQ(totals.count, numbers.size());
    ASSERT_EQ(queue.numbers().size(), numbers.size());
    if (numbers.empty()) continue;
    std::int64_t sum = 0;
    for (const std::int64_t number : numbers) sum += number;
    ASSERT_TRUE(totals.wholes == sum);
    ASSERT_EQ(totals.least, whole(*std::ranges::min_element(numbers)));
    ASSERT_EQ(totals.greatest, whole(*std::ranges::max_element(numbers)));
  }
}

TEST(NumberQueue, ForgetsWhatHasLeft) {
  NumberQueue queue;
  queue.push(JsonNumber(std::numeric_limits<double>::infinity()));
  queue.push(JsonNumber(0.1));
  queue.push(JsonNumber(1e300));
  queue.push(JsonNumber(0.2));
  for (int gone = 0; gone < 3; ++gone) queue.pop();
  EXPECT_EQ(queue.totals().sum(), 0.2) << "not what is left of subtracting what was there";
  queue.pop();
  EXPECT_EQ(queue.totals().count, 0u);
  EXPECT_TRUE(queue.totals().all_whole);
}

}  // namespace
}  // namespace coyield::generators
