#include <nlohmann/json.hpp>
#include <vector>

#include "encode.hpp"

namespace coyield::handlers {
namespace {

using namespace testing;
using namespace std::string_view_literals;

TEST(Ndjson, WritesEachKindOfItemAsALine) {
  const Row rows[] = {
      {"JSON", Item::json(R"({"a":[1,{"b":null}]})"), "{\"a\":[1,{\"b\":null}]}\n"},
      {"a JSON string", Item::json(R"("a\nb")"), "\"a\\nb\"\n"},
      {"a whole number of 64 bits", Item::json("18446744073709551615"), "18446744073709551615\n"},
      {"a whole number beyond", Item::json("123456789012345678901234567890"),
       "123456789012345678901234567890\n"},
      {"a value", value(18446744073709551615U), "{\"n\":18446744073709551615}\n"},
      {"text", Item::text("say \"no\""), "\"say \\\"no\\\"\"\n"},
      {"empty text", Item::text(""), "\"\"\n"},
      {"text with line breaks and NUL", Item::text("a\nb\r\n\0c"sv), "\"a\\nb\\r\\n\\u0000c\"\n"},
      {"text that is not UTF-8", Item::text("a\xFF\xE2\x82"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"\n"},
      {"bytes", Item::bytes("\0\xFF\n"sv), "\"AP8K\"\n"},
      {"no bytes", Item::bytes(""), "\"\"\n"},
  };
  expect_rows("ndjson", rows);
}

TEST(Ndjson, WritesOneValidLineForAnyByte) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = "x" + std::string(1, static_cast<char>(byte)) + "y";
    for (const Item& item : {Item::text(text), Item::bytes(text)}) {
      const std::string line = encoded("ndjson", item);
      EXPECT_EQ(line.find('\n'), line.size() - 1) << byte;
      EXPECT_TRUE(nlohmann::json::accept(line)) << byte;
    }
  }
}

TEST(Ndjson, OfAnEmptyStreamIsEmpty) { EXPECT_EQ(Stream("ndjson").begin().end().written(), ""); }

TEST(Ndjson, SaysNothingOfIdsEventsGapsAndFailures) {
  Item item = Item::json("1");
  item.set_id("5");
  item.set_event("update");
  EXPECT_EQ(encoded("ndjson", item), "1\n");
  Stream stream("ndjson");
  EXPECT_FALSE(stream.gap());
  stream.failed(Failure(FailureKind::upstream, "gone"));
  EXPECT_EQ(stream.written(), "");
}

TEST(Ndjson, BeatsWithAnEmptyLineWhereItIsAsked) {
  EXPECT_EQ(format("ndjson").heartbeat, Heartbeat::on_request);
  Stream stream("ndjson");
  EXPECT_TRUE(stream.heartbeat());
  EXPECT_EQ(stream.written(), "\n");
}

}  // namespace
}  // namespace coyield::handlers
