// where, select and set as a configuration has them: what their own units cannot say.
#include <gtest/gtest.h>

#include <boost/system/system_error.hpp>
#include <coyield/config/load.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/registry.hpp>
#include <coyield/generators/testing.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;
using Texts = std::vector<std::string>;

/// A request with one query parameter, or none.
class Query final : public config::RequestValues {
 public:
  Query() = default;
  Query(std::string name, std::string value) : name_(std::move(name)), value_(std::move(value)) {}
  std::optional<std::string> find(config::Origin origin, std::string_view name) const override {
    if (origin != config::Origin::query || name != name_) return std::nullopt;
    return value_;
  }

 private:
  std::string name_;
  std::string value_;
};

class Operators {
 public:
  Operators() {
    for (Operator& op : all_operators()) registry_.add(std::move(op));
  }
  config::Loaded<config::ComponentConfig> load(std::string_view text) const {
    return config::load_component(config::ComponentKind::operator_, text, registry_.catalogue());
  }
  AsyncGenerator<Item> apply(std::string_view text, AsyncGenerator<Item> upstream,
                             const config::RequestValues& request = config::NoRequestValues()) const {
    const auto loaded = load(text).value();
    return registry_.find_operator(loaded.name())
        ->apply(std::move(upstream), loaded.resolve(request).value(), {});
  }
  Positions positions(std::string_view name) const { return registry_.find_operator(name)->positions; }

 private:
  Registry registry_;
};

Texts payloads(const testing::Collection<Item>& seen) {
  Texts all;
  for (const auto& stamped : seen.stamped()) {
    Buffer out;
    stamped.item.write_payload(out);
    all.emplace_back(out.view());
  }
  return all;
}

/// Passes every item that `item()` makes on, just as it was.
struct Case {
  const char* name;
  const char* text;
};
void PrintTo(const Case& tested, std::ostream* out) { *out << tested.name; }

Item item(int number) {
  const std::string text = R"({"n":)" + std::to_string(number) + "}";
  return Item::json(text).own();
}
Texts texts_of(std::initializer_list<int> numbers) {
  Texts all;
  for (const int number : numbers) all.push_back(R"({"n":)" + std::to_string(number) + "}");
  return all;
}

class JsonOperator : public ::testing::TestWithParam<Case> {
 protected:
  AsyncGenerator<Item> play() { return operators.apply(GetParam().text, script.play()); }

  const Operators operators;
  Script<Item> script;
  TestLoop loop;
};

TEST_P(JsonOperator, OfAnEmptyStreamIsEmpty) {
  auto seen = loop.collect(play());
  loop.run_ready();
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(seen.size(), 0u);
  EXPECT_TRUE(script.destroyed());
}

TEST_P(JsonOperator, EndsWhenTheSourceEnds) {
  script.item(item(1)).wait(10ms).item(item(2)).wait(10ms);
  auto seen = loop.collect(play());
  loop.advance(1s);
  EXPECT_EQ(payloads(seen), texts_of({1, 2}));
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
}

TEST_P(JsonOperator, DroppedHalfWayDropsTheSource) {
  script.item(item(1)).wait(10ms).item(item(2));
  auto seen = loop.collect(play(), 1);
  loop.run_ready();
  EXPECT_EQ(payloads(seen), texts_of({1}));
  seen.drop();
  EXPECT_TRUE(script.destroyed());
}

TEST_P(JsonOperator, PassesAFailureBeforeTheFirstItemOn) {
  script.fail(Failure(FailureKind::not_found, "no such thing"));
  auto seen = loop.collect(play());
  loop.run_ready();
  EXPECT_EQ(seen.size(), 0u);
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST_P(JsonOperator, PassesAFailureAfterAnItemOn) {
  script.item(item(1)).fail(Failure(FailureKind::upstream, "broken"));
  auto seen = loop.collect(play());
  loop.run_ready();
  EXPECT_EQ(payloads(seen), texts_of({1}));
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST_P(JsonOperator, CancelledWhileItWaitsCancelsTheSource) {
  script.item(item(1)).wait_for_ever();
  auto seen = loop.collect(play());
  loop.run_ready();
  seen.cancel();
  loop.run_ready();
  EXPECT_THROW(seen.rethrow_failure(), boost::system::system_error);
  EXPECT_EQ(script.cancelled_at(), 1u);
}

TEST_P(JsonOperator, DoesNotRunAheadOfASlowConsumer) {
  for (int number = 0; number < 3; ++number) script.item(item(number));
  auto seen = loop.collect(play(), 0);
  for (std::size_t taken = 1; taken <= 3; ++taken) {
    seen.take();
    loop.advance(1s);
    ASSERT_EQ(seen.size(), taken);
    EXPECT_EQ(script.given(), taken);
  }
  EXPECT_EQ(payloads(seen), texts_of({0, 1, 2}));
}

TEST_P(JsonOperator, KeepsPositionsIdsAndEvents) {
  Item given = item(1);
  given.set_id("17");
  given.set_event("new");
  script.item(given.own());
  auto seen = loop.collect(play());
  loop.run_ready();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen.stamped().front().item.id(), "17");
  EXPECT_EQ(seen.stamped().front().item.event(), "new");
  EXPECT_EQ(operators.positions(operators.load(GetParam().text)->name()), Positions::kept);
}

TEST_P(JsonOperator, PassesAGapOn) {
  script.item(Item::gap(R"({"count":5})")).item(item(1));
  auto seen = loop.collect(play());
  loop.run_ready();
  EXPECT_EQ(payloads(seen), (Texts{R"({"count":5})", R"({"n":1})"}));
  EXPECT_EQ(seen.stamped().front().item.kind(), PayloadKind::gap);
}

INSTANTIATE_TEST_SUITE_P(Operators, JsonOperator,
                         ::testing::Values(Case{"where", R"({ "where": { "/n": { "at_least": 0 } } })"},
                                           Case{"select", R"({ "select": ["/n", "/x"] })"},
                                           Case{"set", R"({ "set": { "/n/x": 1 } })"},
                                           Case{"redact", R"({ "redact": ["/x", "/n/*"] })"}),
                         [](const auto& tested) { return std::string(tested.param.name); });

AsyncGenerator<Item> items_of(Texts given) {
  for (const std::string& text : given) co_yield Item::json(text);
}

TEST(Where, DropsItemsThatTheConditionDoesNotHoldFor) {
  TestLoop loop;
  const Operators operators;
  auto seen = loop.collect(operators.apply(R"({ "where": { "/level": "error" } })",
                                           items_of({R"({"level":"error"})", R"({"level":"info"})", "1"})));
  EXPECT_EQ(payloads(seen), (Texts{R"({"level":"error"})"}));
  EXPECT_TRUE(seen.ended());
}

TEST(Where, ComparesWithWhatARequestBrings) {
  const Operators operators;
  const auto where = [&operators](const char* text, const Query& request) {
    TestLoop loop;
    auto seen = loop.collect(
        operators.apply(text, items_of({R"({"user":"ann","n":5})", R"({"user":"bob","n":50})"}), request));
    return payloads(seen);
  };
  const Texts bob = {R"({"user":"bob","n":50})"};
  EXPECT_EQ(where(R"({ "where": { "/user": "${query.user}" } })", Query("user", "bob")), bob);
  EXPECT_EQ(where(R"({ "where": { "/n": { "greater": "${query.min:-9}" } } })", Query()), bob);
  EXPECT_EQ(where(R"({ "where": { "/user": "${query.user}" } })", Query("user", R"({"not":"ann"})")), Texts())
      << "a request brings texts and no conditions";
}

TEST(Where, IsCheckedWithTheConfiguration) {
  const Operators operators;
  for (const char* text :
       {R"({ "where": { "level": "error" } })", R"({ "where": { "level": "${query.level}" } })",
        R"({ "where": { "condition": { "level": "error" } } })"}) {
    const auto loaded = operators.load(text);
    ASSERT_FALSE(loaded) << text;
    EXPECT_NE(loaded.error().text().find(R"("level" is no JSON Pointer; write "/level")"), std::string::npos)
        << loaded.error().text();
  }
  EXPECT_TRUE(operators.load(R"({ "where": { "/n": { "less": "${query.n}", "prefix": "${query.p}" } } })"));
  EXPECT_FALSE(operators.load(R"({ "where": {} })"));
  EXPECT_FALSE(operators.load(R"({ "where": "error" })"));
}

TEST(Where, EveryMistakeIsReportedOnItsLine) {
  const Operators operators;
  const auto loaded = operators.load(
      "{ \"where\": {\n\"/a~2\": 1,\n\"/b/\": { \"gt\": 5 },\n\"/c\": {\n\"less\": 1,\n\"at_least\": null } "
      "} }");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(
      loaded.error().text(),
      R"(:2: operator./a~2: "/a~2" has a "~" without 0 or 1 behind it; write "~0" for "~", and "~1" for "/" in a name
:3: operator./b/.gt: "gt" is called "greater" here; write { "greater": ... }
:6: operator./c.at_least: "at_least" compares with a number or a text, not with null; write { "at_least": 5 }
)");
}

TEST(Where, SaysWhatToWriteForNothingAndForAWholeCondition) {
  const Operators operators;
  const auto sentence = [&operators](const char* text) {
    const auto loaded = operators.load(text);
    return loaded ? "" : loaded.error().text();
  };
  const std::string nothing =
      ":1: operator: no condition is given; write { \"where\": { \"/level\": \"error\" } }\n";
  EXPECT_EQ(sentence(R"({ "where": {} })"), nothing);
  EXPECT_EQ(sentence(R"("where")"), nothing);
  EXPECT_EQ(sentence(R"({ "where": "${query.c}" })"),
            ":1: operator: a whole condition cannot come from a request; "
            "write { \"/level\": \"${query.level}\" }\n");
  EXPECT_EQ(sentence(R"({ "set": {} })"),
            ":1: operator: there is nothing to set; write { \"set\": { \"/host\": \"web1\" } }\n");
  EXPECT_EQ(sentence(R"({ "select": {} })"),
            ":1: operator: there is nothing to keep; write { \"select\": [\"/ts\", \"/msg\"] }\n");
}

TEST(Select, AMemberMayBeCalledMembers) {
  TestLoop loop;
  const Operators operators;
  const char* item = R"({"m":1,"y":2})";
  auto one = loop.collect(operators.apply(R"({ "select": { "members": "/m" } })", items_of({item}), Query()));
  EXPECT_EQ(payloads(one), (Texts{R"({"members":1})"}));
  auto two = loop.collect(
      operators.apply(R"({ "select": { "members": "/m", "x": "/y" } })", items_of({item}), Query()));
  EXPECT_EQ(payloads(two), (Texts{R"({"members":1,"x":2})"}));
  auto named =
      loop.collect(operators.apply(R"({ "select": { "members": ["/m"] } })", items_of({item}), Query()));
  EXPECT_EQ(payloads(named), (Texts{R"({"m":1})"}));
}

TEST(Select, IsCheckedWithTheConfiguration) {
  const Operators operators;
  EXPECT_FALSE(operators.load(R"({ "select": ["ts"] })"));
  EXPECT_FALSE(operators.load(R"({ "select": "/ts" })"));
  EXPECT_FALSE(operators.load(R"({ "select": ["/${query.name}"] })")) << "a request names no place";
  EXPECT_TRUE(operators.load(R"({ "select": { "time": "/ts" } })"));
}

TEST(Set, SetsWhatARequestBringsAsAText) {
  TestLoop loop;
  const Operators operators;
  auto seen = loop.collect(operators.apply(R"({ "set": { "/user": "${query.user}", "/n": 1 } })",
                                           items_of({R"({"n":0})"}), Query("user", R"(5","x":"y)")));
  EXPECT_EQ(payloads(seen), (Texts{R"({"n":1,"user":"5\",\"x\":\"y"})"}));
  EXPECT_FALSE(operators.load(R"({ "set": { "host": "web1" } })"));
}

}  // namespace
}  // namespace coyield::generators
