#include <gtest/gtest.h>

#include <coyield/generators/operators/enumerate.hpp>
#include <coyield/generators/testing.hpp>
#include <string>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

TEST(Enumerate, NumbersItemsFromZeroOrFromWhereItIsTold) {
  TestLoop loop;
  for (const std::uint64_t from : {0u, 7u}) {
    Script<std::string> script;
    script.item("a").item("b");
    auto seen = loop.collect(script.play() | enumerate(from));
    ASSERT_EQ(seen.size(), 2u);
    auto [index, item] = seen.stamped()[1].item;
    EXPECT_EQ(index, from + 1);
    EXPECT_EQ(item, "b");
  }
}

TEST(Enumerate, OfReferencesRefersToTheSame) {
  TestLoop loop;
  static int stored;
  auto source = []() -> AsyncGenerator<int&> { co_yield stored; };
  Consumer<Indexed<int&>> consumer(loop.loop(), source() | enumerate());
  ASSERT_EQ(consumer.poll(), Poll::item);
  EXPECT_EQ(&consumer.item()->item, &stored);
}

}  // namespace
}  // namespace coyield::generators
