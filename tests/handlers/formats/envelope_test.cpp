#include <coyield/handlers/formats/envelope.hpp>

#include "encode.hpp"

namespace coyield::handlers::testing {
namespace {

template <class Write>
std::string written(Write write) {
  Buffer out;
  write(out);
  return std::string(out.view());
}

TEST(Envelope, SaysEachKindOfItemInALine) {
  const Row rows[] = {
      {"json", Item::json(R"({"a": [1]})"), "{\"data\":{\"a\": [1]}}\n"},
      {"text", Item::text("a \"b\"\n\xFF"), "{\"data\":\"a \\\"b\\\"\\n\xEF\xBF\xBD\"}\n"},
      {"bytes", Item::bytes(std::string_view("\0\xFF", 2)), "{\"data\":\"AP8=\",\"encoding\":\"base64\"}\n"},
      {"empty bytes", Item::bytes(""), "{\"data\":\"\",\"encoding\":\"base64\"}\n"},
      {"value", value(18446744073709551615U), "{\"data\":{\"n\":18446744073709551615}}\n"},
  };
  expect_rows("envelope", rows);
}

TEST(Envelope, HasTheIdAndTheNameOfAnItem) {
  Item item = Item::json("1");
  item.set_id("a\"1\n");
  item.set_event("tick");
  EXPECT_EQ(encoded("envelope", item), "{\"id\":\"a\\\"1\\n\",\"event\":\"tick\",\"data\":1}\n");
}

TEST(Envelope, SaysGapsEndsAndFailures) {
  Stream stream("envelope");
  EXPECT_EQ(stream.begin().written(), "");
  EXPECT_TRUE(stream.gap(R"({"count":5,"from":"x"})"));
  EXPECT_EQ(stream.written(), "{\"gap\":{\"count\":5,\"from\":\"x\"}}\n");
  EXPECT_EQ(stream.end().written(), "{\"end\":{}}\n");
  EXPECT_EQ(stream.failed(Failure(FailureKind::upstream, "it \"broke\"")).written(),
            "{\"failed\":{\"type\":\"about:blank\",\"title\":\"Bad Gateway\",\"status\":502,"
            "\"detail\":\"it \\\"broke\\\"\"}}\n");
  EXPECT_TRUE(stream.heartbeat());
  EXPECT_EQ(stream.written(), "\n");
}

TEST(Envelope, SaysWhereAStreamWithoutAnItemStands) {
  const auto encoder = format("envelope").make({});
  EXPECT_EQ(written([&](Buffer& out) { encoder->position("7", out); }), "{\"subscribed\":{\"id\":\"7\"}}\n");
  EXPECT_EQ(written([&](Buffer& out) { encoder->position("", out); }), "{\"subscribed\":{}}\n");
}

TEST(Envelope, NamesTheSubscriptionInEachMessage) {
  const auto encoder = make_envelope_encoder({.sub = "a\"b"});
  EXPECT_EQ(written([&](Buffer& out) { encoder->item(Item::json("1"), out); }), R"({"sub":"a\"b","data":1})");
  EXPECT_EQ(written([&](Buffer& out) { encoder->item(Item::gap("{}"), out); }), R"({"sub":"a\"b","gap":{}})");
  EXPECT_EQ(written([&](Buffer& out) { encoder->end(out); }), R"({"sub":"a\"b","end":{}})");
  EXPECT_EQ(written([&](Buffer& out) { encoder->position("7", out); }),
            R"({"sub":"a\"b","subscribed":{"id":"7"}})");
  EXPECT_FALSE(encoder->binary(Item::bytes("x")));
  Buffer out;
  EXPECT_FALSE(encoder->heartbeat(out));
  EXPECT_TRUE(out.empty());
}

TEST(Envelope, AnswersMessages) {
  EXPECT_EQ(written([](Buffer& out) { append_unsubscribed("a", out); }),
            R"({"sub":"a","end":{"reason":"unsubscribed"}})");
  EXPECT_EQ(written([](Buffer& out) { append_failed("a", "{\"status\":404}\n", out); }),
            R"({"sub":"a","failed":{"status":404}})");
  EXPECT_EQ(written([](Buffer& out) { append_failed("", "{}", out); }), R"({"failed":{}})");
  EXPECT_EQ(written([](Buffer& out) { append_publish_failed("r", "{}", out); }),
            R"({"ref":"r","failed":{}})");
}

}  // namespace
}  // namespace coyield::handlers::testing
