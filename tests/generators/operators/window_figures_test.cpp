#include <gtest/gtest.h>

#include <algorithm>
#include <coyield/generators/operators/window_figures.hpp>
#include <deque>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace coyield::generators {
namespace {

using Json = nlohmann::json;
using Texts = std::vector<std::string>;

std::string written(WindowFigures& figures) {
  Buffer out;
  figures.write(out);
  return std::string(out.view());
}
WindowFigures compiled(std::string_view text, Leave leave = Leave::together) {
  return WindowFigures::compile(Json::parse(text), leave).value();
}
/// The figure of these items, both ways.
std::string figure(const std::string& figure, const Texts& items) {
  std::string result;
  for (const Leave leave : {Leave::together, Leave::one_by_one}) {
    WindowFigures figures = compiled("{\"f\":" + figure + "}", leave);
    for (const std::string& item : items) figures.add(Item::json(item));
    std::string other = written(figures);
    EXPECT_TRUE(result.empty() || result == other) << result << " and " << other;
    result = std::move(other);
  }
  return result.substr(5, result.size() - 6);
}
Texts at_v(const Texts& values) {
  Texts items;
  for (const std::string& value : values) items.push_back(R"({"v":)" + value + "}");
  return items;
}

TEST(WindowFigures, CountItems) {
  const Texts items{R"({"v":1})", R"({"v":null})", "{}", "5"};
  EXPECT_EQ(figure(R"("count")", items), "4");
  EXPECT_EQ(figure(R"("count")", {}), "0");
  EXPECT_EQ(figure(R"({"count":"/v"})", items), "2");
  EXPECT_EQ(figure(R"({"count":""})", items), "4");
  EXPECT_EQ(figure(R"({"count":"/x"})", items), "0");
}

TEST(WindowFigures, SumsOfWholeNumbersStayWhole) {
  const auto sum = [](const Texts& values) { return figure(R"({"sum":"/v"})", at_v(values)); };
  EXPECT_EQ(sum({"1", "2", "-5"}), "-2");
  EXPECT_EQ(sum({"9007199254740993", "9007199254740993"}), "18014398509481986");
  EXPECT_EQ(sum({"9223372036854775807", "1"}), "9223372036854775808");
  EXPECT_EQ(sum({"18446744073709551615", "1", "-1"}), "18446744073709551615");
  EXPECT_EQ(sum({"-9223372036854775808", "-1", "1"}), "-9223372036854775808");
  EXPECT_EQ(sum({"18446744073709551615", "1"}), "18446744073709551616") << "a double";
  EXPECT_EQ(sum({"18446744073709551615", "18446744073709551615", "-7"}), "36893488147419103232");
  EXPECT_EQ(sum({"1", "0.5"}), "1.5");
  EXPECT_EQ(sum({"1", R"("2")", "null", "[3]"}), "1") << "what is no number does not count";
  EXPECT_EQ(sum({R"("2")"}), "null");
  EXPECT_EQ(sum({}), "null");
}

TEST(WindowFigures, MeansLeastsAndGreatests) {
  const Texts items = at_v({"3", "1", "2.5", "18446744073709551615", "\"x\""});
  EXPECT_EQ(figure(R"({"min":"/v"})", items), "1");
  EXPECT_EQ(figure(R"({"max":"/v"})", items), "18446744073709551615");
  EXPECT_EQ(figure(R"({"mean":"/v"})", at_v({"1", "2", "4"})), "2.3333333333333335");
  EXPECT_EQ(figure(R"({"mean":"/v"})", at_v({"1", "3"})), "2");
  EXPECT_EQ(figure(R"({"mean":"/x"})", items), "null");
  EXPECT_EQ(figure(R"({"min":"/x"})", items), "null");
}

TEST(WindowFigures, PercentilesAreExactByNearestRank) {
  Texts hundred;
  for (int i = 100; i > 0; --i) hundred.push_back(std::to_string(i));
  const auto percentile = [](const char* function, const Texts& values) {
    return figure(std::string("{\"") + function + "\":\"/v\"}", at_v(values));
  };
  EXPECT_EQ(percentile("p50", hundred), "50");
  EXPECT_EQ(percentile("p90", hundred), "90");
  EXPECT_EQ(percentile("p95", hundred), "95");
  EXPECT_EQ(percentile("p99", hundred), "99");
  EXPECT_EQ(percentile("p50", {"1", "2"}), "1");
  EXPECT_EQ(percentile("p50", {"3", "1", "2"}), "2");
  EXPECT_EQ(percentile("p99", {"3", "1", "2"}), "3");
  EXPECT_EQ(percentile("p99", {"0.5"}), "0.5");
  EXPECT_EQ(percentile("p99", {}), "null");
}

TEST(WindowFigures, FirstAndLastAreAsTheyAreWritten) {
  const Texts items{"{}", R"({"v":1.50})", R"({"v":[1, 2]})", R"({"w":1})", R"({"v":null})", "{}"};
  EXPECT_EQ(figure(R"({"first":"/v"})", items), "1.50");
  EXPECT_EQ(figure(R"({"last":"/v"})", items), "null");
  EXPECT_EQ(figure(R"({"last":"/w"})", items), "1");
  EXPECT_EQ(figure(R"({"first":""})", {R"({ "a": 1 })"}), R"({ "a": 1 })");
  EXPECT_EQ(figure(R"({"first":"/x"})", items), "null");
}

TEST(WindowFigures, OtherItemsAreATextAsAWhole) {
  WindowFigures figures =
      compiled(R"({"first":{"first":""},"last":{"last":""},"n":{"count":""},"sum":{"sum":""}})");
  figures.add(Item::text("say \"hi\""));
  figures.add(Item::bytes(std::string_view("\0\xff", 2)));
  EXPECT_EQ(written(figures), R"({"first":"say \"hi\"","last":"AP8=","n":2,"sum":null})");
}

TEST(WindowFigures, NamesComeInTheOrderOfTheAlphabetAndAreEscaped) {
  WindowFigures figures = compiled(R"({"b\"":"count","a":{"sum":"/v"},"c":{"max":"/v"}})");
  figures.add(Item::json(R"({"v":3})"));
  EXPECT_EQ(written(figures), R"({"a":3,"b\"":1,"c":3})");
}

TEST(WindowFigures, ClearedTheyBeginAnew) {
  const char* all =
      R"({"c":{"count":"/v"},"f":{"first":"/v"},"l":{"last":"/v"},"m":{"max":"/v"},"p":{"p50":"/v"},"s":{"sum":"/v"}})";
  for (const Leave leave : {Leave::together, Leave::one_by_one}) {
    WindowFigures figures = compiled(all, leave);
    figures.add(Item::json(R"({"v":3})"));
    figures.clear();
    EXPECT_EQ(figures.items(), 0u);
    EXPECT_EQ(written(figures), R"({"c":0,"f":null,"l":null,"m":null,"p":null,"s":null})");
    figures.add(Item::json(R"({"v":1})"));
    EXPECT_EQ(written(figures), R"({"c":1,"f":1,"l":1,"m":1,"p":1,"s":1})");
  }
}

TEST(WindowFigures, OfWhatIsLeftAreThoseOfThatAlone) {
  const char* all =
      R"({"a":"count","c":{"count":"/v"},"f":{"first":"/v"},"l":{"last":"/v"},"m":{"mean":"/v"},"n":{"min":"/v"},"p":{"p90":"/v"},"s":{"sum":"/v"},"t":{"sum":"/w"},"x":{"max":"/v"}})";
  std::mt19937 random(2);
  WindowFigures sliding = compiled(all, Leave::one_by_one);
  std::deque<std::string> window;
  for (int round = 0; round < 3'000; ++round) {
    if (window.size() == 20 || (!window.empty() && random() % 3 == 0)) {
      window.pop_front();
      sliding.drop_oldest();
    } else {
      const Texts values{"1", "-7", "2.5", "null", "\"x\"", "1e3", "9007199254740993"};
      std::string item = random() % 4 == 0 ? "{}" : R"({"v":)" + values[random() % values.size()] + "}";
      sliding.add(Item::json(window.emplace_back(std::move(item))));
    }
    WindowFigures fresh = compiled(all, Leave::one_by_one);
    for (const std::string& item : window) fresh.add(Item::json(item));
    // Sums of fractions may differ in the order in which they are made, and these do not: all are exact.
    ASSERT_EQ(written(sliding), written(fresh));
    ASSERT_EQ(sliding.items(), window.size());
    ASSERT_EQ(sliding.text_bytes(), fresh.text_bytes());
  }
}

TEST(WindowFigures, KeepItemsOnlyWhereTheyMust) {
  EXPECT_FALSE(
      compiled(R"({"a":"count","b":{"sum":"/v"},"c":{"first":"/v"},"d":{"max":"/v"}})").keeps_items());
  EXPECT_TRUE(compiled(R"({"a":{"p50":"/v"}})").keeps_items());
  EXPECT_TRUE(compiled(R"({"a":"count"})", Leave::one_by_one).keeps_items());
}

TEST(WindowFigures, SaysWhatToWriteInstead) {
  struct Row {
    const char* figures;
    const char* sentence;
  };
  const Row rows[] = {
      {R"("count")", R"("count" has no name; write { "count": "count" })"},
      {"{}",
       R"(there is nothing to tell of a window; write names and figures: { "items": "count", "warmth": { "mean": "/temp" } })"},
      {"[5]",
       R"(there is nothing to tell of a window; write names and figures: { "items": "count", "warmth": { "mean": "/temp" } })"},
      {R"({"a":"mean"})", R"("a": "mean" is said of a place in the items; write { "mean": "/name" })"},
      {R"({"a":"cuont"})", R"("a": "cuont" is no function; did you mean "count"?)"},
      {R"({"a":{"p98":"/v"}})", R"("a": "p98" is no function; did you mean "p90"?)"},
      {R"({"a":{"mean":"v"}})", R"("a": "mean": "v" is no JSON Pointer; write "/v")"},
      {R"({"a":{"mean":5}})", R"("a": "mean" is said of a place in the items; write { "mean": "/name" })"},
      {R"({"a":5})",
       R"("a": 5 is no figure; write "count", or one function and a place: { "mean": "/temp" })"},
      {R"({"a":{"min":"/v","max":"/v"}})",
       R"("a": {"max":"/v","min":"/v"} is no figure; write "count", or one function and a place: { "mean": "/temp" })"},
  };
  for (const Row& row : rows) {
    const auto figures = WindowFigures::compile(Json::parse(row.figures), Leave::together);
    ASSERT_FALSE(figures) << row.figures;
    EXPECT_EQ(to_string(figures.error()), row.sentence);
  }
}

TEST(WindowFigures, AllMistakesInThemAreFoundWithTheirPlaces) {
  const auto mistakes = WindowFigures::check(
      Json::parse(R"({"a":5,"b":"count","c":{"mean":"v"},"d":{"mode":"/v"},"e":"sum"})"), "figures");
  Texts places;
  for (const auto& each : mistakes) places.push_back(each.place.to_string());
  EXPECT_EQ(places, (Texts{"/a", "/c/mean", "/d/mode", "/e"}));
}

}  // namespace
}  // namespace coyield::generators
