#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/sources/json_elements.hpp>

namespace coyield::generators {
namespace {

using Texts = std::vector<std::string>;
using Whole = JsonElements::Whole;

Texts elements_of(std::string_view bytes, std::size_t piece, Whole whole = Whole::no,
                  std::size_t max_item = 1 << 20) {
  JsonElements elements(max_item, whole);
  Texts seen;
  const auto take = [&] {
    std::string_view element;
    while (elements.next(element)) seen.emplace_back(element);
  };
  while (!bytes.empty()) {
    const auto room = elements.room();
    const std::size_t n = bytes.substr(0, piece).copy(room.data(), room.size());
    bytes.remove_prefix(n);
    elements.commit(n);
    take();
  }
  elements.room();
  elements.end();
  take();
  return seen;
}

void expect_elements(std::string_view bytes, const Texts& expected, Whole whole = Whole::no) {
  for (const std::size_t piece : {1U, 2U, 5U, 4096U})
    EXPECT_EQ(elements_of(bytes, piece, whole), expected) << bytes << ", " << piece << " at a time";
}

std::string failure_of(std::string_view bytes) {
  std::string said;
  for (const std::size_t piece : {1U, 3U, 4096U}) {
    try {
      elements_of(bytes, piece);
      return "it did not fail";
    } catch (const Failure& failure) {
      EXPECT_TRUE(said.empty() || said == failure.what());
      EXPECT_TRUE(failure.permanent());
      said = failure.what();
    }
  }
  return said;
}

TEST(JsonElements, GivesEachElementOfAnArray) {
  expect_elements(R"([1,"a,]",{"b":[1,2]},[],null])", {"1", R"("a,]")", R"({"b":[1,2]})", "[]", "null"});
  expect_elements(" [ 1 , 2 ] \n", {"1", "2"});
  expect_elements("[1]", {"1"});
  expect_elements(R"(["\"","\\",""])", {R"("\"")", R"("\\")", R"("")"});
  expect_elements("[]", {});
  expect_elements(" [ \n ] ", {});
  expect_elements("", {});
}

TEST(JsonElements, LeavesOutLineBreaksAndTheBlanksAroundThem) {
  expect_elements("[\n  {\n    \"a\": \"x  y\",\n    \"b\": 2\n  },\n  {\"c\": 3}\n]\n",
                  {R"({"a":"x  y","b":2})", R"({"c": 3})"});
}

TEST(JsonElements, GivesAnythingElseAsAWhole) {
  expect_elements(R"({"a": [1,2]})", {R"({"a": [1,2]})"});
  expect_elements(" 5 \n", {"5"});
  expect_elements("[1,\n2]", {"[1,2]"}, Whole::yes);
  expect_elements("", {}, Whole::yes);
}

TEST(JsonElements, GivesAnElementBeforeTheNextHasCome) {
  JsonElements elements(100);
  std::string_view element;
  elements.commit(std::string_view("[1,2").copy(elements.room().data(), 4));
  ASSERT_TRUE(elements.next(element));
  EXPECT_EQ(element, "1");
  EXPECT_FALSE(elements.next(element));
}

TEST(JsonElements, RefusesWhatIsNotJson) {
  EXPECT_EQ(failure_of("[1,,2]"), "element 2 of the answer is not JSON");
  EXPECT_EQ(failure_of("[1,]"), "element 2 of the answer is not JSON");
  EXPECT_EQ(failure_of("[,1]"), "element 1 of the answer is not JSON");
  EXPECT_EQ(failure_of("[1}]"), "element 1 of the answer is not JSON");
  EXPECT_EQ(failure_of("[[1}]"), "element 1 of the answer is not JSON");
  EXPECT_EQ(failure_of("[x]"), "element 1 of the answer is not JSON");
  EXPECT_EQ(failure_of("[1"), "the JSON array of the answer is not whole");
  EXPECT_EQ(failure_of("["), "the JSON array of the answer is not whole");
  EXPECT_EQ(failure_of("[1] 2"), "something stands behind the JSON array of the answer");
  EXPECT_EQ(failure_of("{\"a\""), "the answer is not JSON");
  EXPECT_EQ(failure_of("<html>"), "the answer is not JSON");
  EXPECT_EQ(failure_of("[" + std::string(600, '[') + std::string(600, ']') + "]"),
            "element 1 of the answer is nested deeper than 512 levels");
}

TEST(JsonElements, HoldsNoMoreThanAnElement) {
  std::string many = "[0";
  for (int i = 1; i < 100'000; ++i) many += "," + std::to_string(i);
  EXPECT_EQ(elements_of(many + "]", 10'000, Whole::no, 100).size(), 100'000u);
  const std::string one = "[\"" + std::string(200'000, 'x') + "\"]";
  EXPECT_THROW(elements_of(one, 10'000, Whole::no, 100'000), Failure);
  EXPECT_EQ(elements_of(one, 10'000).size(), 1u);
}

}  // namespace
}  // namespace coyield::generators
