#include <nlohmann/json.hpp>

#include "encode.hpp"

namespace coyield::handlers {
namespace {

using namespace testing;
using namespace std::string_view_literals;

TEST(JsonSeq, WritesEachKindOfItemAsARecord) {
  const Row rows[] = {
      {"JSON", Item::json(R"({"a":[1,{"b":null}]})"), "\x1E{\"a\":[1,{\"b\":null}]}\n"},
      {"a whole number beyond 64 bits", Item::json("123456789012345678901234567890"),
       "\x1E"
       "123456789012345678901234567890\n"},
      {"a value", value(18446744073709551615U), "\x1E{\"n\":18446744073709551615}\n"},
      {"text", Item::text("say \"no\""), "\x1E\"say \\\"no\\\"\"\n"},
      {"empty text", Item::text(""), "\x1E\"\"\n"},
      {"text with the separator in it", Item::text("a\x1E\n\0"sv), "\x1E\"a\\u001e\\n\\u0000\"\n"},
      {"text that is not UTF-8", Item::text("\xFF"), "\x1E\"\xEF\xBF\xBD\"\n"},
      {"bytes", Item::bytes("\x1E\xFF\n"sv), "\x1E\"Hv8K\"\n"},
  };
  expect_rows("json-seq", rows);
}

TEST(JsonSeq, WritesASeparatorInFrontOfItemsOnly) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = "x" + std::string(1, static_cast<char>(byte)) + "y";
    for (const Item& item : {Item::text(text), Item::bytes(text)}) {
      const std::string record = encoded("json-seq", item);
      EXPECT_EQ(record.rfind('\x1E'), 0U) << byte;
      EXPECT_TRUE(nlohmann::json::accept(record.substr(1))) << byte;
    }
  }
}

TEST(JsonSeq, OfAnEmptyStreamIsEmpty) { EXPECT_EQ(Stream("json-seq").begin().end().written(), ""); }

TEST(JsonSeq, SaysNothingOfGapsAndFailures) {
  Stream stream("json-seq");
  EXPECT_FALSE(stream.gap());
  stream.failed(Failure(FailureKind::upstream, "gone"));
  EXPECT_EQ(stream.written(), "");
}

TEST(JsonSeq, BeatsWithASeparatorWhereItIsAsked) {
  EXPECT_EQ(format("json-seq").heartbeat, Heartbeat::on_request);
  Stream stream("json-seq");
  EXPECT_TRUE(stream.heartbeat());
  EXPECT_EQ(stream.written(), "\x1E");
}

}  // namespace
}  // namespace coyield::handlers
