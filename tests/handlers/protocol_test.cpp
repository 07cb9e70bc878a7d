#include <coyield/handlers/protocol.hpp>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace coyield::handlers {
namespace {

template <class Message>
Message read(std::string_view text, ProtocolScope scope = ProtocolScope::many) {
  ClientMessage message = parse_client_message(text, scope);
  if (const auto* nonsense = std::get_if<Nonsense>(&message); nonsense && !std::is_same_v<Message, Nonsense>)
    throw std::runtime_error(nonsense->detail);
  return std::get<Message>(std::move(message));
}

TEST(Protocol, ReadsASubscription) {
  const auto message = read<Subscribe>(R"({"subscribe":"/ticks?every=100ms","sub":"a"})");
  EXPECT_EQ(message.target, "/ticks?every=100ms");
  EXPECT_EQ(message.sub, "a");
  EXPECT_EQ(message.last_event_id, "");
  EXPECT_FALSE(message.request);
}

TEST(Protocol, ReadsWhereASubscriptionGoesOnAndWhatItMaySend) {
  const auto message = read<Subscribe>(
      R"( { "request" : 64 , "last_event_id" : "a\u002d1" , "sub" : "\"x\"" , "subscribe" : "/x" } )");
  EXPECT_EQ(message.sub, "\"x\"");
  EXPECT_EQ(message.last_event_id, "a-1");
  EXPECT_EQ(message.request, 64U);
}

TEST(Protocol, ReadsARequestForMore) {
  const auto message = read<RequestItems>(R"({"request":9007199254740991,"sub":"a"})");
  EXPECT_EQ(message.sub, "a");
  EXPECT_EQ(message.items, most_requested);
}

TEST(Protocol, ReadsAnUnsubscription) { EXPECT_EQ(read<Unsubscribe>(R"({"unsubscribe":"a"})").sub, "a"); }

TEST(Protocol, KeepsTheDataOfAPublicationAsItIs) {
  const auto message = read<Publish>(
      "{\"publish\":\"/rooms/a\",\"data\":{\"n\": 18446744073709551616,\n \"t\":\"}, \\\" ]\"},"
      "\"ref\":\"r1\",\"key\":\"k\"}");
  EXPECT_EQ(message.target, "/rooms/a");
  EXPECT_EQ(message.data, R"({"n":18446744073709551616,"t":"}, \" ]"})");
  EXPECT_EQ(message.ref, "r1");
  EXPECT_EQ(message.key, "k");
}

TEST(Protocol, TakesNullForData) { EXPECT_EQ(read<Publish>(R"({"publish":"/a","data":null})").data, "null"); }

TEST(Protocol, TakesOnAnEndpointARequestAlone) {
  EXPECT_EQ(read<RequestItems>(R"({"request":5})", ProtocolScope::one).items, 5U);
  EXPECT_EQ(read<Nonsense>(R"({"request":5,"sub":"a"})", ProtocolScope::one).detail,
            R"("sub" does not belong to "request")");
  EXPECT_EQ(read<Nonsense>(R"({"subscribe":"/a","sub":"a"})", ProtocolScope::one).detail,
            R"(the stream of this endpoint takes {"request": ITEMS} alone; subscribe on /.coyield/ws)");
}

TEST(Protocol, NamesWhatIsWrong) {
  struct Row {
    std::string_view text;
    std::string_view detail;
  };
  const Row rows[] = {
      {"", "the message is not JSON"},
      {"{", "the message is not JSON"},
      {R"({"subscribe":"/a","sub":"a"} x)", "the message is not JSON"},
      {"[]", "the message is no JSON object"},
      {"\"subscribe\"", "the message is no JSON object"},
      {"{}", R"(the message says nothing of "subscribe", "unsubscribe", "request" or "publish")"},
      {R"({"sub":"a"})", R"(the message says nothing of "subscribe", "unsubscribe", "request" or "publish")"},
      {R"({"subscrbe":"/a","sub":"a"})", R"(the member "subscrbe" is not known)"},
      {R"({"subscribe":"/a","sub":"a","sub":"b"})", R"("sub" is there twice)"},
      {R"({"subscribe":"/a","sub":"a","unsubscribe":"a"})",
       R"("unsubscribe" does not belong to "subscribe")"},
      {R"({"subscribe":"/a"})", R"("sub" is missing: a string)"},
      {R"({"subscribe":"/a","sub":7})", R"("sub" is a string, not 7)"},
      {R"({"subscribe":"/a","sub":""})", R"("sub" has 0 bytes; it has 1 to 64)"},
      {R"({"subscribe":["/a"],"sub":"a"})", R"("subscribe" is a string, not ["/a"])"},
      {R"({"subscribe":"http://x/a","sub":"a"})",
       R"("subscribe" is a path with its query, as in "/ticks?every=1s"; "http://x/a" does not begin with "/")"},
      {R"({"subscribe":"/a","sub":"a","request":0})",
       R"("request" is a whole number of items, 1 to 9007199254740991, not 0)"},
      {R"({"request":-1,"sub":"a"})",
       R"("request" is a whole number of items, 1 to 9007199254740991, not -1)"},
      {R"({"request":1.5,"sub":"a"})",
       R"("request" is a whole number of items, 1 to 9007199254740991, not 1.5)"},
      {R"({"request":9007199254740992,"sub":"a"})",
       R"("request" is a whole number of items, 1 to 9007199254740991, not 9007199254740992)"},
      {R"({"request":"5","sub":"a"})",
       R"("request" is a whole number of items, 1 to 9007199254740991, not "5")"},
      {R"({"request":5})", R"("sub" is missing: a string)"},
      {R"({"publish":"/a"})", R"("data" is missing: what is to be published, any JSON)"},
  };
  for (const Row& row : rows) EXPECT_EQ(read<Nonsense>(row.text).detail, row.detail) << row.text;
}

TEST(Protocol, RefusesANameOfMoreThan64Bytes) {
  const std::string longest(64, 'x');
  EXPECT_EQ(read<Unsubscribe>(R"({"unsubscribe":")" + longest + "\"}").sub, longest);
  EXPECT_EQ(read<Nonsense>(R"({"unsubscribe":")" + longest + "x\"}").detail,
            R"("unsubscribe" has 65 bytes; it has 1 to 64)");
}

TEST(Protocol, RefusesWhatIsNestedTooDeeply) {
  const std::string deep = R"({"publish":"/a","data":)" + std::string(600, '[') + std::string(600, ']') + "}";
  EXPECT_EQ(read<Nonsense>(deep).detail, "the message is nested too deeply");
}

TEST(Protocol, SaysWhatANonsenseWasAbout) {
  EXPECT_EQ(read<Nonsense>(R"({"subscribe":"/a","sub":"a","request":0})").sub, "a");
  EXPECT_EQ(read<Nonsense>(R"({"publish":"/a","ref":"r"})").ref, "r");
  EXPECT_EQ(read<Nonsense>(R"({"request":0,"sub":"a"})").sub, "");
  EXPECT_EQ(read<Nonsense>(R"({"subscribe":"/a","sub":")" + std::string(65, 'x') + "\"}").sub, "");
}

TEST(Protocol, HasASchema) {
  const auto schema = nlohmann::json::parse(protocol_schema());
  EXPECT_EQ(schema.at("title"), protocol_name);
  EXPECT_EQ(schema.at("$defs").at("items").at("maximum"), most_requested);
  EXPECT_EQ(schema.at("$defs").at("name").at("maxLength"), most_name);
}

}  // namespace
}  // namespace coyield::handlers
