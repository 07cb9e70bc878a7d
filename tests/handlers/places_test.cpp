#include <coyield/handlers/places.hpp>

#include <gtest/gtest.h>

namespace coyield::handlers {
namespace {

std::string written(const Places& places) {
  generators::Buffer out;
  places.write(out);
  return std::string(out.view());
}

Places two() { return Places({"/a", "/b?since=-5"}); }

TEST(Places, BeginWithoutAnId) {
  const Places places = two();
  EXPECT_EQ(written(places).substr(8), ",,");
  EXPECT_EQ(places.id(0), "");
  EXPECT_FALSE(places.ended(0));
}

TEST(Places, SayWhereEachStands) {
  Places places = two();
  places.pass(0, "e0f1-17");
  places.pass(1, "1.5:2/x@y=+~_");
  places.pass(1, "");
  EXPECT_EQ(written(places).substr(8), ",e0f1-17,1.5:2/x@y=+~_");
  places.end(0);
  EXPECT_EQ(written(places).substr(8), ",!,1.5:2/x@y=+~_");
}

TEST(Places, GoToWhereOthersWere) {
  const std::string odd("\r\n,!% \0\xC3\xA9", 9);
  Places before = two();
  before.end(0);
  before.pass(1, odd);
  EXPECT_EQ(written(before).substr(8), ",!,%0D%0A%2C%21%25%20%00%C3%A9");
  Places after = two();
  ASSERT_TRUE(after.read(written(before)));
  EXPECT_TRUE(after.ended(0));
  EXPECT_EQ(after.id(1), odd);
  EXPECT_EQ(written(after), written(before));
}

TEST(Places, TellAnIdFromTheMarkOfAnEnd) {
  Places places = two();
  places.pass(0, "!");
  EXPECT_FALSE(places.ended(0));
  EXPECT_EQ(places.id(0), "!");
}

TEST(Places, TakeTheIdsOfTheSameTargetsInTheSameOrderAlone) {
  const std::string id = written(two());
  for (const auto& targets :
       {std::vector<std::string>{"/b?since=-5", "/a"}, {"/a"}, {"/a", "/b"}, {"/a/b?since=-5"}}) {
    Places others(targets);
    EXPECT_FALSE(others.read(id)) << targets.front();
  }
}

TEST(Places, RefuseWhatTheyWouldNotHaveWritten) {
  const std::string sum = written(two()).substr(0, 8);
  for (const std::string rest : {"", ",", ",,,", "x,,", ",,!!", ",,%", ",,%4", ",,%0d", ",,%41", ",a b,",
                                 ",\xC3\xA9,", ",!x,", ",, "}) {
    Places places = two();
    EXPECT_FALSE(places.read(sum + rest)) << rest;
    EXPECT_EQ(written(places), sum + ",,") << rest;
  }
  Places places = two();
  EXPECT_FALSE(places.read(""));
  EXPECT_FALSE(places.read("end"));
}

}  // namespace
}  // namespace coyield::handlers
