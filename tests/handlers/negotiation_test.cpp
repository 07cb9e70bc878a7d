#include <coyield/handlers/negotiation.hpp>

#include <gtest/gtest.h>

#include <ostream>

namespace coyield::handlers {
namespace {

std::string name_of(const Choice& choice) {
  if (std::holds_alternative<WantsPage>(choice)) return "page";
  if (std::holds_alternative<NotAcceptable>(choice)) return "406";
  return std::string(std::get<const Format*>(choice)->name());
}

struct Row {
  const char* accept;
  const char* endless;
  const char* finite;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.accept; }

class Accept : public testing::TestWithParam<Row> {
 protected:
  std::string choose(bool finite, std::string_view default_format = "") {
    const Negotiation negotiation(formats_, default_format, finite);
    const Field field{"Accept", GetParam().accept};
    Request request;
    request.fields = {&field, 1};
    return name_of(negotiation.choose(request, nullptr));
  }
  std::vector<Format> formats_ = all_formats();
};

TEST_P(Accept, ChoosesOfAnEndlessStream) { EXPECT_EQ(choose(false), GetParam().endless); }
TEST_P(Accept, ChoosesOfAFiniteStream) { EXPECT_EQ(choose(true), GetParam().finite); }

constexpr const char* browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
INSTANTIATE_TEST_SUITE_P(
    Header, Accept,
    testing::Values(
        Row{"", "ndjson", "ndjson"}, Row{"*/*", "ndjson", "ndjson"}, Row{"text/event-stream", "sse", "sse"},
        Row{"TEXT/Event-Stream", "sse", "sse"}, Row{"application/json", "406", "json"},
        Row{"application/json, */*;q=0.1", "ndjson", "json"}, Row{"text/*", "sse", "sse"},
        Row{"text/plain", "text", "text"}, Row{"text/plain;q=0.5, text/event-stream;q=0.4", "text", "text"},
        Row{"image/png", "406", "406"}, Row{"application/x-ndjson;q=0, text/plain", "text", "text"},
        Row{"application/x-ndjson;q=0, */*", "sse", "sse"}, Row{"text/plain;q=0", "406", "406"},
        Row{"*/*;q=0", "406", "406"}, Row{"text/event-stream, */*", "sse", "sse"},
        Row{browser, "page", "page"}, Row{"text/html", "page", "page"}, Row{"text/html;q=0", "406", "406"},
        Row{"text/html;q=0.5, text/event-stream", "sse", "sse"}, Row{",,text/plain", "text", "text"},
        Row{"application/x-msgpack", "msgpack", "msgpack"},
        Row{"application/vnd.msgpack, */*;q=0.5", "msgpack", "msgpack"},
        Row{"application/vnd.msgpack;q=0, */*;q=0.5", "ndjson", "ndjson"},
        Row{"application/cbor-seq;q=0.9, text/csv;q=0.8", "cbor", "cbor"}));

TEST(Negotiation, TakesAFormatByItsName) {
  const std::vector<Format> formats = all_formats();
  const Negotiation negotiation(formats, "", false);
  for (const char* name : {"ndjson", "sse", "json", "text"}) {
    const std::string asked_for = name;
    EXPECT_EQ(name_of(negotiation.choose(Request(), &asked_for)), name);
  }
}

TEST(Negotiation, SaysWhichFormatsThereAre) {
  const std::vector<Format> formats = all_formats();
  const Negotiation negotiation(formats, "", false);
  for (const std::string asked_for : {"xml", "", "websocket", "NDJSON"}) {
    const Choice choice = negotiation.choose(Request(), &asked_for);
    ASSERT_EQ(name_of(choice), "406") << asked_for;
    EXPECT_NE(std::get<NotAcceptable>(choice).detail.find(
                  "\"ndjson\", \"sse\", \"json\", \"text\", \"json-seq\", \"csv\", \"bytes\", \"cbor\", "
                  "\"msgpack\" or \"envelope\""),
              std::string::npos);
  }
}

TEST(Negotiation, HasADefaultOfTheEndpointsOwn) {
  const std::vector<Format> formats = all_formats();
  const Negotiation negotiation(formats, "text", false);
  EXPECT_EQ(name_of(negotiation.choose(Request(), nullptr)), "text");
  EXPECT_THROW(Negotiation(formats, "nothing", false), std::invalid_argument);
}

TEST(Negotiation, GivesAWebSocketItsMessages) {
  const std::vector<Format> formats = all_formats();
  const Negotiation negotiation(formats, "sse", false);
  EXPECT_EQ(name_of(negotiation.choose_websocket(nullptr)), "websocket");
  for (const std::string binary : {"cbor", "msgpack"}) {
    EXPECT_EQ(name_of(negotiation.choose_websocket(&binary)), binary);
  }
  for (const std::string other : {"sse", "bytes", "websocket", ""}) {
    const Choice choice = negotiation.choose_websocket(&other);
    ASSERT_EQ(name_of(choice), "406") << other;
    EXPECT_EQ(
        std::get<NotAcceptable>(choice).detail,
        "a WebSocket has messages of its own: leave \"format\" out, or write \"cbor\" or \"msgpack\" for "
        "binary ones");
  }
}

}  // namespace
}  // namespace coyield::handlers
