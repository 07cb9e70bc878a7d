#include <nlohmann/json.hpp>

#include "encode.hpp"

namespace coyield::handlers {
namespace {

using namespace testing;
using namespace std::string_view_literals;

TEST(JsonFormat, WritesOneArray) {
  Stream stream("json");
  stream.begin();
  EXPECT_EQ(stream.written(), "[");
  stream.item(Item::json(R"({"a":[1,2]})"));
  EXPECT_EQ(stream.written(), R"({"a":[1,2]})");
  stream.item(Item::json("18446744073709551615")).item(value(7));
  EXPECT_EQ(stream.written(), R"(,18446744073709551615,{"n":7})");
  stream.item(Item::text("a\n\"\0\xFF"sv)).item(Item::bytes("\xFF\0"sv)).item(Item::text(""));
  EXPECT_EQ(stream.written(), ",\"a\\n\\\"\\u0000\xEF\xBF\xBD\",\"/wA=\",\"\"");
  stream.end();
  EXPECT_EQ(stream.written(), "]");
}

TEST(JsonFormat, OfAnEmptyStreamIsAnEmptyArray) { EXPECT_EQ(Stream("json").begin().end().written(), "[]"); }

TEST(JsonFormat, StaysOpenWhenTheStreamFails) {
  Stream stream("json");
  stream.begin().item(value(1)).failed(Failure(FailureKind::internal, "broken"));
  const std::string written = stream.written();
  EXPECT_EQ(written, R"([{"n":1})");
  EXPECT_FALSE(nlohmann::json::accept(written));
}

TEST(JsonFormat, BeatsAnywhereWithoutHarm) {
  Stream stream("json");
  stream.begin();
  EXPECT_TRUE(stream.heartbeat());
  stream.item(Item::json("1"));
  EXPECT_TRUE(stream.heartbeat());
  stream.item(Item::json("2"));
  EXPECT_TRUE(stream.heartbeat());
  stream.end();
  EXPECT_EQ(nlohmann::json::parse(stream.written()), nlohmann::json({1, 2}));
}

TEST(JsonFormat, CannotSayAGap) {
  Stream stream("json");
  EXPECT_FALSE(stream.gap());
  EXPECT_EQ(stream.written(), "");
}

TEST(JsonFormat, IsForFiniteStreamsOnly) { EXPECT_EQ(format("json").by_accept, ByAccept::finite); }

}  // namespace
}  // namespace coyield::handlers
