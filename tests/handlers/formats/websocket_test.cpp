#include "encode.hpp"

namespace coyield::handlers {
namespace {

using namespace testing;
using namespace std::string_view_literals;
using namespace std::string_literals;

TEST(WebSocketFormat, WritesThePayloadOfOneMessage) {
  const Row rows[] = {
      {"JSON", Item::json(R"({"a":1})"), R"({"a":1})"},
      {"a value", value(18446744073709551615U), R"({"n":18446744073709551615})"},
      {"text", Item::text("a \"b\"\r\n\0c"sv), "a \"b\"\r\n\0c"s},
      {"empty text", Item::text(""), ""},
      {"text that is not UTF-8", Item::text("a\xFF\xE2\x82"), "a\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"bytes", Item::bytes("\0\xFF"sv), "\0\xFF"s},
  };
  expect_rows("websocket", rows);
}

TEST(WebSocketFormat, SendsBytesAsBinaryMessages) {
  const Stream stream("websocket");
  EXPECT_TRUE(stream.binary(Item::bytes("x")));
  EXPECT_FALSE(stream.binary(Item::text("x")));
  EXPECT_FALSE(stream.binary(Item::json("1")));
  EXPECT_FALSE(stream.binary(value(1)));
}

TEST(WebSocketFormat, LeavesEndsAndSilenceToTheSession) {
  Stream stream("websocket");
  stream.begin().failed(Failure(FailureKind::internal, "broken")).end();
  EXPECT_FALSE(stream.gap());
  EXPECT_FALSE(stream.heartbeat());
  EXPECT_EQ(stream.written(), "");
}

TEST(WebSocketFormat, IsNoHttpResponse) {
  EXPECT_FALSE(format("websocket").over_http());
  EXPECT_EQ(format("websocket").by_accept, ByAccept::never);
}

}  // namespace
}  // namespace coyield::handlers
