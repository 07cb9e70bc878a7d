#include <coyield/handlers/multiplex.hpp>

#include <gtest/gtest.h>

#include <coyield/generators/items.hpp>
#include <coyield/handlers/application.hpp>
#include <coyield/handlers/formats/envelope.hpp>

namespace coyield::handlers {
namespace {

using generators::AsyncGenerator;
using generators::Item;

AsyncGenerator<int> one_number() { co_yield 1; }

class MultiplexTest : public ::testing::Test {
 protected:
  MultiplexTest() : application_(server(), all_formats()) {
    add("/numbers", {});
    config::EndpointConfig listening;
    listening.input = true;
    add("/listening", listening);
    config::EndpointConfig open_to_all;
    open_to_all.cors = config::Cors{.origins = {"*"}};
    add("/open", open_to_all);
  }

  static config::ServerConfig server() {
    config::ServerConfig server;
    server.cors.origins = {"https://friend.example"};
    return server;
  }
  void add(std::string_view pattern, config::EndpointConfig config) {
    config.pattern = config::parse_route_pattern(pattern).value();
    application_.add(std::move(config),
                     [this](const config::RequestValues&,
                            generators::SourceContext context) -> config::Resolved<AsyncGenerator<Item>> {
                       resume_after_ = context.resume_after;
                       return generators::items(one_number());
                     });
  }

  Response ask(std::string_view target, std::vector<Field> fields = {}, bool websocket = false,
               const EnvelopeOptions* envelope = nullptr) {
    const Request request{.target = target, .websocket = websocket, .fields = fields, .envelope = envelope};
    return application_.handle(request, {});
  }
  Response open(std::string_view target, std::vector<Field> fields = {}) {
    return ask(target, std::move(fields), true);
  }
  static std::string detail(const Response& response) { return std::get<std::string>(response.body); }
  static std::string encoded(const Pull& pull) {
    generators::Buffer out;
    pull.encoder->item(Item::json("1"), out);
    return std::string(out.view());
  }

  Application application_;
  std::string resume_after_;
};

TEST_F(MultiplexTest, OpensAWebSocketForManyStreams) {
  const Response named = open("/.coyield/ws", {{"Sec-WebSocket-Protocol", "chat, coyield.v1"}});
  EXPECT_EQ(named.status, 101U);
  EXPECT_EQ(named.fields.text(), "Sec-WebSocket-Protocol: coyield.v1\r\nVary: Origin\r\n");
  EXPECT_EQ(std::get<Multiplex>(named.body).places, nullptr);
  const Response unnamed = open("/.coyield/ws");
  EXPECT_EQ(unnamed.status, 101U);
  EXPECT_EQ(unnamed.fields.text(), "Vary: Origin\r\n");
}

TEST_F(MultiplexTest, RefusesAWebSocketOfAnotherProtocol) {
  EXPECT_EQ(open("/.coyield/ws", {{"Sec-WebSocket-Protocol", "chat"}}).status, 400U);
  EXPECT_EQ(open("/.coyield/ws", {{"Sec-WebSocket-Protocol", "Coyield.v1"}}).status, 400U);
  const Response plain = ask("/.coyield/ws");
  EXPECT_EQ(plain.status, 426U);
  EXPECT_NE(plain.fields.text().find("Upgrade: websocket\r\n"), std::string::npos);
}

TEST_F(MultiplexTest, OpensAWebSocketToPagesOfTheServersOriginsAlone) {
  EXPECT_EQ(open("/.coyield/ws", {{"Host", "here"}, {"Origin", "https://other.example"}}).status, 403U);
  EXPECT_EQ(open("/.coyield/ws", {{"Host", "here"}, {"Origin", "https://friend.example"}}).status, 101U);
  EXPECT_EQ(open("/.coyield/ws", {{"Host", "here"}, {"Origin", "https://here"}}).status, 101U);
}

TEST_F(MultiplexTest, MakesOneEventStreamOfSeveralEndpoints) {
  const Response response = ask("/.coyield/sse?e=/numbers&e=/b%3Fsince%3D-5");
  EXPECT_EQ(response.status, 200U);
  EXPECT_TRUE(response.fields.text().starts_with("Content-Type: text/event-stream\r\n"));
  const auto& multiplex = std::get<Multiplex>(response.body);
  ASSERT_EQ(multiplex.places->size(), 2U);
  EXPECT_EQ(multiplex.places->target(1), "/b?since=-5");
}

TEST_F(MultiplexTest, ResumesAllStreamsOfAnEventStream) {
  Places places({"/numbers", "/b"});
  places.pass(0, "x,1");
  places.end(1);
  generators::Buffer id;
  places.write(id);
  for (const bool by_header : {true, false}) {
    const std::string query =
        by_header ? "" : "&last_event_id=" + std::string(id.view().substr(0, 9)) + "x%252C1,!";
    const std::string target = "/.coyield/sse?e=/numbers&e=/b" + query;
    const std::vector<Field> fields =
        by_header ? std::vector<Field>{{"Last-Event-ID", id.view()}} : std::vector<Field>{};
    const Response response = ask(target, fields);
    ASSERT_EQ(response.status, 200U) << target;
    const Places& read = *std::get<Multiplex>(response.body).places;
    EXPECT_EQ(read.id(0), "x,1");
    EXPECT_TRUE(read.ended(1));
  }
}

TEST_F(MultiplexTest, SendsABrowserAwayThatHasSeenTheEnd) {
  EXPECT_EQ(ask("/.coyield/sse?e=/numbers", {{"Last-Event-ID", "end"}}).status, 204U);
}

TEST_F(MultiplexTest, RefusesAnEventStreamThatMakesNoSense) {
  std::string many = "/.coyield/sse?e=/0";
  for (int i = 1; i < 16; ++i) many += "&e=/" + std::to_string(i);
  EXPECT_EQ(ask(many).status, 200U);
  for (const std::string& target : {std::string("/.coyield/sse"), std::string("/.coyield/sse?e=numbers"),
                                    std::string("/.coyield/sse?e=/a&e=/a"), many + "&e=/16",
                                    std::string("/.coyield/sse?e=/numbers&last_event_id=x")}) {
    EXPECT_EQ(ask(target).status, 400U) << target;
  }
}

TEST_F(MultiplexTest, GivesAWebSocketOfTheProtocolEnvelopesWithoutAName) {
  const Response response = open("/numbers", {{"Sec-WebSocket-Protocol", "coyield.v1"}});
  EXPECT_EQ(response.status, 101U);
  const Pull& pull = std::get<Pull>(response.body);
  EXPECT_TRUE(pull.in_protocol);
  EXPECT_EQ(encoded(pull), R"({"data":1})");
}

TEST_F(MultiplexTest, LeavesAWebSocketToTheGeneratorThatListensToIt) {
  const Response response = open("/listening", {{"Sec-WebSocket-Protocol", "coyield.v1"}});
  EXPECT_EQ(response.status, 101U);
  EXPECT_FALSE(std::get<Pull>(response.body).in_protocol);
}

TEST_F(MultiplexTest, GivesOneStreamAmongManyItsName) {
  const EnvelopeOptions envelope{.sub = "a"};
  Response response = ask("/numbers", {{"Last-Event-ID", "7"}}, true, &envelope);
  ASSERT_TRUE(std::holds_alternative<Pull>(response.body));
  const Pull& pull = std::get<Pull>(response.body);
  EXPECT_EQ(encoded(pull), R"({"sub":"a","data":1})");
  EXPECT_FALSE(pull.in_protocol);
  EXPECT_EQ(resume_after_, "7");
  EXPECT_EQ(pull.resume_after, "7");
}

TEST_F(MultiplexTest, AsksEachEndpointForTheOriginOfAPage) {
  const EnvelopeOptions envelope{.sub = "a"};
  const std::vector<Field> other{{"Host", "here"}, {"Origin", "https://other.example"}};
  for (const bool websocket : {true, false}) {
    EXPECT_EQ(ask("/numbers", other, websocket, &envelope).status, 403U);
    EXPECT_TRUE(std::holds_alternative<Pull>(ask("/open", other, websocket, &envelope).body));
  }
}

TEST_F(MultiplexTest, HasNothingButEndpointsAmongMany) {
  const EnvelopeOptions envelope{.sub = "a"};
  for (const char* target : {"/.coyield/health", "/.coyield/ws", "/.coyield/sse?e=/numbers", "/nothing", "*"})
    EXPECT_EQ(ask(target, {}, true, &envelope).status, 404U) << target;
}

TEST_F(MultiplexTest, GivesEnvelopesInNdjson) {
  for (const char* target :
       {"/numbers?envelope=1", "/numbers?envelope=1&format=ndjson", "/numbers?format=envelope"}) {
    const Response response = ask(target, {{"Accept", "text/event-stream"}});
    ASSERT_EQ(response.status, 200U) << target;
    EXPECT_TRUE(response.shared_fields->text().starts_with("Content-Type: application/x-ndjson\r\n"));
    EXPECT_EQ(encoded(std::get<Pull>(response.body)), "{\"data\":1}\n");
  }
  EXPECT_EQ(encoded(std::get<Pull>(ask("/numbers?envelope=0").body)), "1\n");
}

TEST_F(MultiplexTest, RefusesEnvelopesInOtherFormats) {
  const Response csv = ask("/numbers?envelope=1&format=csv");
  EXPECT_EQ(csv.status, 406U);
  EXPECT_NE(detail(csv).find("csv"), std::string::npos);
  EXPECT_EQ(ask("/numbers?envelope=yes").status, 400U);
  EXPECT_EQ(open("/numbers?envelope=1").status, 400U);
  EXPECT_EQ(open("/numbers?format=cbor", {{"Sec-WebSocket-Protocol", "coyield.v1"}}).status, 406U);
}

}  // namespace
}  // namespace coyield::handlers
