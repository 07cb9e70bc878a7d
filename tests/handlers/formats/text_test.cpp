#include "encode.hpp"

namespace coyield::handlers {
namespace {

using namespace testing;
using namespace std::string_view_literals;
using namespace std::string_literals;

TEST(TextFormat, WritesEachKindOfItemAsItIs) {
  const Row rows[] = {
      {"JSON", Item::json(R"({"a":"b\nc"})"), "{\"a\":\"b\\nc\"}\n"},
      {"a value", value(18446744073709551615U), "{\"n\":18446744073709551615}\n"},
      {"a line", Item::text("a \"line\" \xC3\xA4"), "a \"line\" \xC3\xA4\n"},
      {"empty text", Item::text(""), "\n"},
      {"text of several lines, with NUL", Item::text("a\nb\r\n\0c"sv), "a\nb\r\n\0c\n"s},
      {"text that is not UTF-8", Item::text("a\xFF\xE2\x82"), "a\xEF\xBF\xBD\xEF\xBF\xBD\n"},
      {"bytes", Item::bytes("\0\xFF\n"sv), "\0\xFF\n"s},
      {"no bytes", Item::bytes(""), ""},
  };
  expect_rows("text", rows);
}

TEST(TextFormat, OfAnEmptyStreamIsEmpty) { EXPECT_EQ(Stream("text").begin().end().written(), ""); }

TEST(TextFormat, SaysNothingOfGapsAndFailures) {
  Stream stream("text");
  EXPECT_FALSE(stream.gap());
  stream.failed(Failure(FailureKind::upstream, "gone"));
  EXPECT_EQ(stream.written(), "");
}

TEST(TextFormat, BeatsWithAnEmptyLineWhereItIsAsked) {
  EXPECT_EQ(format("text").heartbeat, Heartbeat::on_request);
  Stream stream("text");
  EXPECT_TRUE(stream.heartbeat());
  EXPECT_EQ(stream.written(), "\n");
}

TEST(TextFormat, SaysItsCharacterSet) { EXPECT_EQ(format("text").content_type, "text/plain; charset=utf-8"); }

}  // namespace
}  // namespace coyield::handlers
