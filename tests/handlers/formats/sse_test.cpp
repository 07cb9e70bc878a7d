#include <coyield/handlers/formats/sse.hpp>

#include <coyield/generators/utf8.hpp>
#include <nlohmann/json.hpp>

#include "encode.hpp"
#include "sse_client.hpp"

namespace coyield::handlers {
namespace {

using namespace testing;
using namespace std::string_view_literals;
using namespace std::string_literals;

std::vector<SseEvent> events(Stream& stream) {
  SseClient client;
  const std::string written = stream.written();
  EXPECT_TRUE(generators::is_utf8(written));
  client.read(written);
  return client.events();
}
std::vector<SseEvent> events_of(const Item& item) {
  Stream stream("sse");
  stream.item(item);
  return events(stream);
}
Item named(std::string_view id, std::string_view event, std::string_view text = "x") {
  Item item = Item::text(text);
  item.set_id(id);
  item.set_event(event);
  return item;
}

TEST(Sse, WritesEachKindOfItemAsAnEvent) {
  const Row rows[] = {
      {"JSON", Item::json(R"({"a":"b\nc"})"), "data: {\"a\":\"b\\nc\"}\n\n"},
      {"a value", value(18446744073709551615U), "data: {\"n\":18446744073709551615}\n\n"},
      {"text", Item::text("plain \"text\""), "data: plain \"text\"\n\n"},
      {"bytes", Item::bytes("\0\xFF\n"sv), "data: AP8K\n\n"},
      {"an id and a name", named("5", "update"), "id: 5\nevent: update\ndata: x\n\n"},
  };
  expect_rows("sse", rows);
}

TEST(Sse, SaysWhereAStreamStandsWithoutAnEvent) {
  Buffer out;
  const auto encoder = format("sse").make({});
  encoder->position("7", out);
  encoder->position("no\nid", out);
  EXPECT_EQ(out.view(), "id: 7\n\n");
  SseClient client;
  client.read(std::string(out.view()));
  EXPECT_EQ(client.events(), std::vector<SseEvent>{});
}

TEST(Sse, DeliversTextWithEveryLineBreakReadAsLf) {
  struct Case {
    std::string text;
    std::string data;
  };
  const Case cases[] = {
      {"", ""},
      {"\n", "\n"},
      {"a\nb", "a\nb"},
      {"a\rb\r\nc\n\rd", "a\nb\nc\n\nd"},
      {"a\n", "a\n"},
      {"\r\n\r\n", "\n\n"},
      {"  two blanks", "  two blanks"},
      {":comment", ":comment"},
      {"data: x\n\nevent: end\nid: 9\n\n", "data: x\n\nevent: end\nid: 9\n\n"},
      {"\0a"s, "\0a"s},
      {"\xEF\xBB\xBFz", "\xEF\xBB\xBFz"},
      {"a\xE2\x82\nb\xFF", "a\xEF\xBF\xBD\nb\xEF\xBF\xBD"},
      {std::string(5000, 'x') + "\r" + std::string(40, 'y'),
       std::string(5000, 'x') + "\n" + std::string(40, 'y')},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(events_of(Item::text(each.text)), (std::vector<SseEvent>{{"message", each.data, ""}}))
        << each.text;
  }
}

TEST(Sse, DeliversALineBreakAtAnyPlace) {
  for (std::size_t size = 0; size < 40; ++size) {
    for (std::size_t place = 0; place <= size; ++place) {
      for (const std::string& line_break : {"\n"s, "\r"s, "\r\n"s}) {
        const std::string before(place, 'a');
        const std::string after(size - place, 'b');
        const std::string text = before + line_break + after;
        ASSERT_EQ(events_of(Item::text(text)).at(0).data, before + "\n" + after);
      }
    }
  }
}

TEST(Sse, DeliversIdsAndNames) {
  Stream stream("sse");
  stream.begin().item(named("1-7", "update")).item(named("", "")).item(named("1-9", ""));
  EXPECT_EQ(events(stream), (std::vector<SseEvent>{
                                {"update", "x", "1-7"}, {"message", "x", "1-7"}, {"message", "x", "1-9"}}));
}

TEST(Sse, LeavesOutIdsAndNamesThatWouldBreakOut) {
  for (const std::string& bad :
       {"1\n"s, "\r1"s, "1\r\ndata: y"s, "1\0"s, "\n\nevent: end\nid: end\ndata: {}\n\n"s, "\xFF"s}) {
    EXPECT_EQ(events_of(named(bad, bad)), (std::vector<SseEvent>{{"message", "x", ""}})) << bad;
  }
  EXPECT_EQ(events_of(named("id: 1", "event: x")), (std::vector<SseEvent>{{"event: x", "x", "id: 1"}}));
  EXPECT_EQ(events_of(named(" 1", " a")), (std::vector<SseEvent>{{" a", "x", " 1"}}));
}

TEST(Sse, LetsNoItemPassForWhatTheFormatSays) {
  for (const char* ours : {"end", "failed", "gap"}) {
    EXPECT_EQ(events_of(named("1", ours)), (std::vector<SseEvent>{{"message", "x", "1"}})) << ours;
  }
  EXPECT_EQ(events_of(named(sse_end_id, "")), (std::vector<SseEvent>{{"message", "x", ""}}));
  EXPECT_EQ(events_of(named("ending", "ends")), (std::vector<SseEvent>{{"ends", "x", "ending"}}));
}

TEST(Sse, TellsHowLongToWaitBeforeConnectingAgain) {
  FormatOptions options;
  options.retry = std::chrono::milliseconds(1500);
  Stream stream("sse", options);
  SseClient client;
  client.read(stream.begin().written());
  EXPECT_EQ(client.retry(), "1500");
  EXPECT_TRUE(client.events().empty());
}

TEST(Sse, TellsItAgainWhenTheServerGoesAway) {
  Stream stream("sse");
  stream.begin().written();
  SseClient client;
  client.read(stream.draining().written());
  EXPECT_EQ(client.retry(), "3000");
  EXPECT_TRUE(client.events().empty());
}

TEST(Sse, EndsWithAnEventThatIsDelivered) {
  Stream stream("sse");
  stream.begin().item(named("5", "")).end();
  EXPECT_EQ(events(stream), (std::vector<SseEvent>{{"message", "x", "5"}, {"end", "{}", "end"}}));
}

TEST(Sse, OfAnEmptyStreamIsItsEnd) {
  Stream stream("sse");
  stream.begin().end();
  EXPECT_EQ(events(stream), (std::vector<SseEvent>{{"end", "{}", "end"}}));
}

TEST(Sse, SaysWhyTheStreamFailedAndKeepsTheIdToResumeBehind) {
  Stream stream("sse");
  stream.item(named("5", "")).failed(Failure(FailureKind::not_found, "no \"file\"\nhere\xFF"));
  const std::vector<SseEvent> seen = events(stream);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].type, "failed");
  EXPECT_EQ(seen[1].last_event_id, "5");
  EXPECT_EQ(nlohmann::json::parse(seen[1].data),
            (nlohmann::json{{"kind", "not_found"}, {"message", "no \"file\"\nhere\xEF\xBF\xBD"}}));
}

TEST(Sse, NamesEveryKindOfFailure) {
  const std::pair<FailureKind, const char*> kinds[] = {
      {FailureKind::not_found, "not_found"}, {FailureKind::invalid, "invalid"},
      {FailureKind::forbidden, "forbidden"}, {FailureKind::unavailable, "unavailable"},
      {FailureKind::upstream, "upstream"},   {FailureKind::conflict, "conflict"},
      {FailureKind::internal, "internal"}};
  for (const auto& [kind, name] : kinds) {
    Stream stream("sse");
    stream.failed(Failure(kind, "why"));
    EXPECT_EQ(nlohmann::json::parse(events(stream).at(0).data)["kind"], name);
  }
}

TEST(Sse, AnnouncesAGap) {
  Stream stream("sse");
  ASSERT_TRUE(stream.gap(R"({"count":3,"from":"1-7"})"));
  const std::vector<SseEvent> seen = events(stream);
  EXPECT_EQ(seen.at(0).type, "gap");
  EXPECT_EQ(seen.at(0).data, R"({"count":3,"from":"1-7"})");
}

TEST(Sse, BeatsWithAComment) {
  EXPECT_EQ(format("sse").heartbeat, Heartbeat::always);
  Stream stream("sse");
  EXPECT_TRUE(stream.heartbeat());
  SseClient client;
  client.read(stream.written());
  EXPECT_EQ(client.comments(), 1);
  EXPECT_TRUE(client.events().empty());
}

}  // namespace
}  // namespace coyield::handlers
