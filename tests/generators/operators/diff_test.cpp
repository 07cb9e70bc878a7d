// diff as a configuration has it: what its own unit, JsonDiff, cannot say.
#include <gtest/gtest.h>

#include "configured.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

std::string whole(std::string_view value) {
  return R"([{"op":"replace","path":"","value":)" + std::string(value) + "}]";
}

const std::string long_text(200, 'x');
std::string numbered(int n) { return R"({"n":)" + std::to_string(n) + R"(,"text":")" + long_text + "\"}"; }

TEST(Diff, GivesTheWholeAndThenTheDifferences) {
  const ConfiguredOperators operators;
  EXPECT_EQ(through(operators, R"({ "diff": {} })", {numbered(1), numbered(2), numbered(2), numbered(3)}),
            (Texts{whole(numbered(1)), R"([{"op":"replace","path":"/n","value":2}])",
                   R"([{"op":"replace","path":"/n","value":3}])"}));
}

TEST(Diff, GivesTheWholeBehindAGap) {
  const ConfiguredOperators operators;
  const std::string gap(gap_text);
  EXPECT_EQ(through(operators, R"("diff")", {numbered(1), gap, numbered(1), gap, numbered(2)}),
            (Texts{whole(numbered(1)), gap, whole(numbered(1)), gap, whole(numbered(2))}));
}

TEST(Diff, KeepsIdsAndEventNames) {
  const ConfiguredOperators operators;
  TestLoop loop;
  Script<Item> script;
  Item given = json_item("1");
  given.set_id("17");
  given.set_event("new");
  script.item(given.own());
  auto seen = loop.collect(operators.apply(R"("diff")", script.play()));
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen.stamped()[0].item.id(), "17");
  EXPECT_EQ(seen.stamped()[0].item.event(), "new");
}

}  // namespace
}  // namespace coyield::generators
