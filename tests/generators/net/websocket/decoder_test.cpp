#include <coyield/generators/net/websocket/decoder.hpp>

#include "peer_frames.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace coyield::generators::net::websocket {
namespace {

using namespace std::string_literals;
using wire::continuation;
using wire::fin;
using wire::rsv1;
using wire::rsv2;
using wire::rsv3;

const std::string kosme =
    "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5";  // five letters, of two and three bytes

struct Row {
  const char* name;
  std::string bytes;
  std::vector<Seen> expected;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class DecoderRows : public testing::TestWithParam<Row> {};

TEST_P(DecoderRows, GiveTheSameEventsHoweverTheyAreCut) {
  const auto& [name, bytes, expected] = GetParam();
  const Decoder::Options options;
  EXPECT_EQ(decode(options, bytes, bytes.size()), expected) << "at once";
  EXPECT_EQ(decode(options, bytes, 1), expected) << "byte by byte";
  for (std::size_t piece = 2; piece < std::min<std::size_t>(bytes.size(), 40); ++piece) {
    EXPECT_EQ(decode(options, bytes, piece), expected) << "in pieces of " << piece;
  }
}

std::string name_of(const testing::TestParamInfo<Row>& info) { return info.param.name; }

/// One frame, one message.
Row whole(const char* name, unsigned opcode, const std::string& payload) {
  return {
      name, client_frame(fin | opcode, payload), {opcode == wire::text ? text(payload) : binary(payload)}};
}

std::string many(std::size_t count, const std::string& bytes) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += bytes;
  return out;
}

std::string ten_pings() {
  std::string out;
  for (char i = '0'; i <= '9'; ++i) out += client_frame(fin | wire::ping, {&i, 1});
  return out;
}

INSTANTIATE_TEST_SUITE_P(
    Framing, DecoderRows,
    testing::Values(
        whole("EmptyText", wire::text, ""), whole("Text125", wire::text, std::string(125, '*')),
        whole("Text126", wire::text, std::string(126, '*')),
        whole("Text127", wire::text, std::string(127, '*')),
        whole("Text128", wire::text, std::string(128, '*')),
        whole("Text65535", wire::text, std::string(65535, '*')),
        whole("Text65536", wire::text, std::string(65536, '*')), whole("EmptyBinary", wire::binary, ""),
        whole("Binary125", wire::binary, std::string(125, '\xFE')),
        whole("Binary126", wire::binary, std::string(126, '\xFE')),
        whole("Binary65535", wire::binary, std::string(65535, '\xFE')),
        whole("Binary65536", wire::binary, std::string(65536, '\xFE')),
        Row{"ExampleOfTheRfc", "\x81\x85\x37\xFA\x21\x3D\x7F\x9F\x4D\x51\x58", {text("Hello")}},
        Row{"NoMask", server_frame(fin | wire::text, "Hello"), {error(1002)}},
        Row{"NoMaskOnAnEmptyFrame", server_frame(fin | wire::text, ""), {error(1002)}},
        Row{"KeyOfZeroes", client_frame(fin | wire::text, "Hello", "\0\0\0\0"s), {text("Hello")}},
        Row{"LongFormFor125",
            raw_header(fin | wire::text, true, 125, 2) + std::string(129, '\0'),
            {error(1002)}},
        Row{"LongestFormFor65535", raw_header(fin | wire::binary, true, 65535, 8) + "keys", {error(1002)}},
        Row{"LengthOf64Bits", raw_header(fin | wire::binary, true, 1ULL << 63U, 8) + "keys", {error(1002)}},
        Row{"LengthOf63Bits", raw_header(fin | wire::binary, true, ~0ULL >> 1U, 8) + "keys", {error(1009)}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Pings, DecoderRows,
    testing::Values(
        Row{"Empty", client_frame(fin | wire::ping, ""), {ping("")}},
        Row{"WithText", client_frame(fin | wire::ping, "Hello, world!"), {ping("Hello, world!")}},
        Row{"WithBytes", client_frame(fin | wire::ping, "\x00\xFF\xFE\xFD"s), {ping("\x00\xFF\xFE\xFD"s)}},
        Row{"Of125",
            client_frame(fin | wire::ping, std::string(125, '\xFE')),
            {ping(std::string(125, '\xFE'))}},
        Row{"Of126", client_frame(fin | wire::ping, std::string(126, '\xFE')), {error(1002)}},
        Row{"PongOf126", client_frame(fin | wire::pong, std::string(126, '\xFE')), {error(1002)}},
        Row{"UnaskedPong", client_frame(fin | wire::pong, ""), {pong("")}},
        Row{"UnaskedPongThenPing",
            client_frame(fin | wire::pong, "unasked") + client_frame(fin | wire::ping, "asked"),
            {pong("unasked"), ping("asked")}},
        Row{"Ten",
            ten_pings(),
            {ping("0"), ping("1"), ping("2"), ping("3"), ping("4"), ping("5"), ping("6"), ping("7"),
             ping("8"), ping("9")}}),
    name_of);

/// A bad frame behind a good message, and before a ping that nobody is to answer.
Row bad_frame(const char* name, unsigned first, const std::string& payload, unsigned code = 1002) {
  return {name,
          client_frame(fin | wire::text, "good") + client_frame(first, payload) +
              client_frame(fin | wire::ping, ""),
          {text("good"), error(code)}};
}

INSTANTIATE_TEST_SUITE_P(
    ReservedBits, DecoderRows,
    testing::Values(bad_frame("Rsv1WithoutDeflate", fin | rsv1 | wire::text, "x"),
                    bad_frame("Rsv2", fin | rsv2 | wire::text, "x"),
                    bad_frame("Rsv3", fin | rsv3 | wire::text, "x"),
                    bad_frame("Rsv12", fin | rsv1 | rsv2 | wire::text, "x"),
                    bad_frame("Rsv13", fin | rsv1 | rsv3 | wire::binary, "x"),
                    bad_frame("Rsv23", fin | rsv2 | rsv3 | wire::binary, ""),
                    bad_frame("Rsv123OnAPing", fin | rsv1 | rsv2 | rsv3 | wire::ping, "x"),
                    bad_frame("Rsv1OnAPing", fin | rsv1 | wire::ping, ""),
                    bad_frame("Rsv1OnAClose", fin | rsv1 | wire::close, close_payload(1000))),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Opcodes, DecoderRows,
    testing::Values(bad_frame("Reserved3", fin | 3U, ""), bad_frame("Reserved4", fin | 4U, "data"),
                    bad_frame("Reserved5", fin | 5U, "data"), bad_frame("Reserved6", 6U, "data"),
                    bad_frame("Reserved7", fin | 7U, "data"), bad_frame("Reserved11", fin | 11U, ""),
                    bad_frame("Reserved12", fin | 12U, "data"), bad_frame("Reserved13", fin | 13U, "data"),
                    bad_frame("Reserved14", 14U, "data"), bad_frame("Reserved15", fin | 15U, "data")),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Fragments, DecoderRows,
    testing::Values(Row{"Two",
                        client_frame(wire::text, "frag") + client_frame(fin | continuation, "ment"),
                        {text("fragment")}},
                    Row{"TwoBinary",
                        client_frame(wire::binary, "\xFF") + client_frame(fin | continuation, "\xFE"),
                        {binary("\xFF\xFE")}},
                    Row{"AroundAPing",
                        client_frame(wire::text, "frag") + client_frame(fin | wire::ping, "now") +
                            client_frame(fin | continuation, "ment"),
                        {ping("now"), text("fragment")}},
                    Row{"AroundManyControls",
                        client_frame(wire::text, "a") + client_frame(continuation, "b") +
                            client_frame(fin | wire::ping, "1") + client_frame(continuation, "c") +
                            client_frame(fin | wire::pong, "2") + client_frame(continuation, "d") +
                            client_frame(fin | wire::ping, "3") + client_frame(fin | continuation, "e"),
                        {ping("1"), pong("2"), ping("3"), text("abcde")}},
                    Row{"Empty",
                        client_frame(wire::text, "") + client_frame(continuation, "") +
                            client_frame(fin | continuation, ""),
                        {text("")}},
                    Row{"EmptyBeforeTheRest",
                        client_frame(wire::text, "") + client_frame(continuation, "") +
                            client_frame(fin | continuation, "rest"),
                        {text("rest")}},
                    Row{"EmptyAtTheEnd",
                        client_frame(wire::text, "all") + client_frame(fin | continuation, ""),
                        {text("all")}},
                    Row{"TwoMessages",
                        client_frame(wire::text, "a") + client_frame(fin | continuation, "b") +
                            client_frame(wire::binary, "c") + client_frame(fin | continuation, "d"),
                        {text("ab"), binary("cd")}},
                    bad_frame("FragmentedPing", wire::ping, "frag"),
                    bad_frame("FragmentedPong", wire::pong, "frag"),
                    bad_frame("FragmentedClose", wire::close, close_payload(1000)),
                    bad_frame("LastContinuationOfNothing", fin | continuation, "nothing"),
                    bad_frame("ContinuationOfNothing", continuation, "nothing"),
                    Row{"ContinuationOfAFinishedMessage",
                        client_frame(wire::text, "a") + client_frame(fin | continuation, "b") +
                            client_frame(continuation, "c"),
                        {text("ab"), error(1002)}},
                    Row{"TextWithinText",
                        client_frame(wire::text, "a") + client_frame(fin | wire::text, "b"),
                        {error(1002)}},
                    Row{"BinaryWithinText",
                        client_frame(wire::text, "a") + client_frame(wire::binary, "b"),
                        {error(1002)}},
                    Row{"In1300BytesEach",
                        client_frame(wire::text, std::string(1300, 'x')) +
                            many(49, client_frame(continuation, std::string(1300, 'x'))) +
                            client_frame(fin | continuation, std::string(536, 'x')),
                        {text(std::string(65536, 'x'))}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Utf8Text, DecoderRows,
    testing::Values(whole("Greek", wire::text, kosme),  //
                    whole("Nul", wire::text, "a\0b"s), whole("ByteOrderMark", wire::text, "\xEF\xBB\xBF"),
                    whole("Noncharacters", wire::text, "\xEF\xBF\xBE\xEF\xBF\xBF\xF4\x8F\xBF\xBF"),
                    whole("InvalidInABinary", wire::binary, "\xFF\xFE"),
                    Row{"Greek2Fragments",
                        client_frame(wire::text, kosme.substr(0, 3)) +
                            client_frame(fin | continuation, kosme.substr(3)),
                        {text(kosme)}},
                    Row{"CutWithinACodePointAroundAPing",
                        client_frame(wire::text, "\xF0\x9F") + client_frame(fin | wire::ping, "\xFF") +
                            client_frame(continuation, "") + client_frame(fin | continuation, "\x90\x98"),
                        {ping("\xFF"), text("\xF0\x9F\x90\x98")}},
                    bad_frame("Surrogate", fin | wire::text, kosme + "\xED\xA0\x80" + "edited", 1007),
                    bad_frame("Overlong", fin | wire::text, "\xC0\xAF", 1007),
                    bad_frame("Overlong3", fin | wire::text, "\xE0\x80\xAF", 1007),
                    bad_frame("BeyondUnicode", fin | wire::text, "\xF4\x90\x80\x80", 1007),
                    bad_frame("FiveBytes", fin | wire::text, "\xF8\x88\x80\x80\x80", 1007),
                    bad_frame("LoneContinuation", fin | wire::text, "\x80", 1007),
                    bad_frame("EndsWithinACodePoint", fin | wire::text, "\xCE\xBA\xE1\xBD", 1007),
                    Row{"EndsWithinACodePointAcrossFragments",
                        client_frame(wire::text, "\xE1") + client_frame(fin | continuation, "\xBD"),
                        {error(1007)}},
                    Row{"NextMessageStartsAfresh",
                        client_frame(fin | wire::text, kosme) + client_frame(fin | wire::text, kosme),
                        {text(kosme), text(kosme)}}),
    name_of);

Row close_row(const char* name, unsigned code, std::vector<Seen> expected) {
  return {name, client_frame(fin | wire::close, close_payload(code)), std::move(expected)};
}

INSTANTIATE_TEST_SUITE_P(
    Closing, DecoderRows,
    testing::Values(
        Row{"WithoutCode", client_frame(fin | wire::close, ""), {closed(1005)}},
        Row{"WithHalfACode", client_frame(fin | wire::close, "\x03"), {error(1002)}},
        Row{"WithReason",
            client_frame(fin | wire::close, close_payload(1000, "going")),
            {closed(1000, "going")}},
        Row{"WithLongestReason",
            client_frame(fin | wire::close, close_payload(1000, std::string(123, '*'))),
            {closed(1000, std::string(123, '*'))}},
        Row{"WithTooLongAReason",
            client_frame(fin | wire::close, close_payload(1000, std::string(124, '*'))),
            {error(1002)}},
        Row{"ReasonNotUtf8",
            client_frame(fin | wire::close, close_payload(1000, kosme + "\xED\xA0\x80")),
            {error(1007)}},
        Row{"ReasonEndsWithinACodePoint",
            client_frame(fin | wire::close, close_payload(1000, "\xE1\xBD")),
            {error(1007)}},
        Row{"Twice", many(2, client_frame(fin | wire::close, close_payload(1000))), {closed(1000)}},
        Row{"BeforePing",
            client_frame(fin | wire::close, close_payload(1000)) + client_frame(fin | wire::ping, "unheard"),
            {closed(1000)}},
        Row{"BeforeText",
            client_frame(fin | wire::close, close_payload(1000)) + client_frame(fin | wire::text, "unheard"),
            {closed(1000)}},
        Row{"WithinAMessage",
            client_frame(wire::text, "a") + client_frame(fin | wire::close, close_payload(1001)) +
                client_frame(fin | continuation, "b"),
            {closed(1001)}},
        close_row("Code1000", 1000, {closed(1000)}), close_row("Code1003", 1003, {closed(1003)}),
        close_row("Code1007", 1007, {closed(1007)}), close_row("Code1014", 1014, {closed(1014)}),
        close_row("Code3000", 3000, {closed(3000)}), close_row("Code4999", 4999, {closed(4999)}),
        close_row("Code0", 0, {error(1002)}), close_row("Code999", 999, {error(1002)}),
        close_row("Code1004", 1004, {error(1002)}), close_row("Code1005", 1005, {error(1002)}),
        close_row("Code1006", 1006, {error(1002)}), close_row("Code1015", 1015, {error(1002)}),
        close_row("Code1016", 1016, {error(1002)}), close_row("Code1100", 1100, {error(1002)}),
        close_row("Code2000", 2000, {error(1002)}), close_row("Code2999", 2999, {error(1002)}),
        close_row("Code5000", 5000, {error(1002)}), close_row("Code65535", 65535, {error(1002)})),
    name_of);

/// The events once `bytes` are there, and no more.
std::vector<Seen> after(const std::string& bytes, const Decoder::Options& options = {}) {
  return decode(options, bytes, 1);
}

TEST(Decoder, SeesBadTextBeforeTheFrameIsComplete) {
  const std::string frame = client_frame(fin | wire::text, kosme + "\xF4\x90\x80\x80" + "more to come");
  const std::size_t bad = 6 + kosme.size() + 1;  // 0x90 cannot follow 0xF4
  EXPECT_EQ(after(frame.substr(0, bad)), std::vector<Seen>{});
  EXPECT_EQ(after(frame.substr(0, bad + 1)), std::vector<Seen>{error(1007)});
}

TEST(Decoder, SeesBadTextInTheMiddleOfACodePointThatBeganInAnotherFrame) {
  const std::string bytes =
      client_frame(wire::text, kosme + "\xF4") + client_frame(continuation, "\x90 and more");
  const std::size_t bad = client_frame(wire::text, kosme + "\xF4").size() + 6;
  EXPECT_EQ(after(bytes.substr(0, bad)), std::vector<Seen>{});
  EXPECT_EQ(after(bytes.substr(0, bad + 1)), std::vector<Seen>{error(1007)});
}

class MessageSizes : public testing::TestWithParam<std::size_t> {};

std::string noise(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

TEST_P(MessageSizes, ArriveInOneFrameAndInManyThroughBlocksOf64KiB) {
  const std::string payload = noise(GetParam());
  const Decoder::Options options{.max_message = GetParam()};
  const std::vector<Seen> expected{binary(payload)};
  EXPECT_TRUE(decode(options, client_frame(fin | wire::binary, payload), 65536) == expected);
  for (const std::size_t fragment : {std::size_t{4096}, std::size_t{1} << 20U}) {
    std::string bytes = client_frame(wire::binary, "");
    for (std::size_t i = 0; i < payload.size(); i += fragment) {
      bytes += client_frame(continuation, payload.substr(i, fragment));
    }
    bytes += client_frame(fin | continuation, "");
    EXPECT_TRUE(decode(options, bytes, 65536) == expected) << fragment;
  }
}

INSTANTIATE_TEST_SUITE_P(Decoder, MessageSizes,
                         testing::Values(1U << 16U, 1U << 18U, 1U << 20U, (1U << 22U) + 3, 1U << 23U,
                                         1U << 24U));

TEST(DecoderLimit, PassesAMessageOfExactlyThatSize) {
  const Decoder::Options options{.max_message = 1000};
  const std::string payload(1000, 'x');
  EXPECT_EQ(after(client_frame(fin | wire::text, payload), options), std::vector<Seen>{text(payload)});
}

TEST(DecoderLimit, RefusesAFrameByItsHeaderAlone) {
  const Decoder::Options options{.max_message = 1000};
  EXPECT_EQ(after(client_frame(fin | wire::text, std::string(1001, 'x')).substr(0, 8), options),
            std::vector<Seen>{error(1009)});
}

TEST(DecoderLimit, CountsTheFragmentsOfAMessageTogether) {
  const Decoder::Options options{.max_message = 1000};
  const std::string first = client_frame(wire::text, std::string(600, 'x'));
  EXPECT_EQ(after(first + client_frame(fin | continuation, std::string(400, 'x')), options),
            std::vector<Seen>{text(std::string(1000, 'x'))});
  EXPECT_EQ(after(first + client_frame(fin | continuation, std::string(401, 'x')).substr(0, 8), options),
            std::vector<Seen>{error(1009)});
}

TEST(DecoderLimit, DoesNotCountControlFrames) {
  const Decoder::Options options{.max_message = 4};
  const std::string bytes = client_frame(wire::text, "ab") +
                            client_frame(fin | wire::ping, "longer than that") +
                            client_frame(fin | continuation, "cd");
  EXPECT_EQ(after(bytes, options), (std::vector<Seen>{ping("longer than that"), text("abcd")}));
}

TEST(DecoderMemory, IsBoundedByTheMessageNotByGrowth) {
  Decoder decoder({.max_message = 100000});
  std::vector<Seen> events;
  std::string bytes = client_frame(fin | wire::binary, noise(100000));
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 777) {
    feed_piece(decoder, std::string_view(bytes).substr(i, std::min<std::size_t>(777, bytes.size() - 1 - i)),
               events);
    ASSERT_LE(decoder.held_bytes(), 100000U);
  }
  EXPECT_TRUE(events.empty());
}

TEST(DecoderMemory, IsGivenBackBetweenMessages) {
  Decoder decoder({});
  std::vector<Seen> events;
  feed_piece(decoder, client_frame(wire::text, std::string(5000, 'x')), events);
  EXPECT_GE(decoder.held_bytes(), 5000U);
  const std::string ping_frame = client_frame(fin | wire::ping, "within");
  feed_piece(decoder, ping_frame.substr(0, 9), events);
  feed_piece(decoder, ping_frame.substr(9), events);
  feed_piece(decoder, client_frame(fin | continuation, "end"), events);
  EXPECT_EQ(events.size(), 2U);
  EXPECT_EQ(decoder.held_bytes(), 0U);
}

TEST(DecoderMemory, IsGivenBackAfterAnError) {
  Decoder decoder({});
  std::vector<Seen> events;
  feed_piece(decoder, client_frame(wire::text, std::string(5000, 'x')) + client_frame(wire::text, ""),
             events);
  EXPECT_EQ(events, std::vector<Seen>{error(1002)});
  EXPECT_EQ(decoder.held_bytes(), 0U);
}

TEST(Decoder, GivesAWholeMessageWithoutACopy) {
  std::string bytes = client_frame(wire::text, "") + client_frame(fin | continuation, "in place");
  Decoder decoder({});
  decoder.feed(bytes);
  const Event event = decoder.next();
  EXPECT_EQ(event.payload, "in place");
  EXPECT_EQ(event.payload.data(), bytes.data() + bytes.size() - event.payload.size());
  EXPECT_EQ(decoder.held_bytes(), 0U);
}

TEST(Decoder, LeavesWhatItHasNotUsedYet) {
  const std::string second = client_frame(fin | wire::text, "second");
  std::string bytes = client_frame(fin | wire::text, "first") + second;
  Decoder decoder({});
  decoder.feed(bytes);
  EXPECT_EQ(decoder.next().payload, "first");
  EXPECT_EQ(std::string(decoder.unused().begin(), decoder.unused().end()), second);
  EXPECT_EQ(decoder.next().payload, "second");
  EXPECT_TRUE(decoder.unused().empty());
}

TEST(Decoder, SaysWhatIsWrong) {
  std::string bytes = server_frame(fin | wire::text, "bare");
  Decoder decoder({});
  decoder.feed(bytes);
  EXPECT_EQ(decoder.next().payload, "a client's frame is not masked");
  EXPECT_EQ(decoder.next().kind, Event::Kind::none);
}

TEST(DecoderOfAClient, TakesUnmaskedFramesOnly) {
  const Decoder::Options options{.role = Role::client};
  const std::string bytes = server_frame(wire::text, "frag") + server_frame(fin | wire::ping, "p") +
                            server_frame(fin | continuation, "ment") +
                            server_frame(fin | wire::close, close_payload(1001, "bye"));
  const std::vector<Seen> expected{ping("p"), text("fragment"), closed(1001, "bye")};
  EXPECT_EQ(decode(options, bytes, bytes.size()), expected);
  EXPECT_EQ(decode(options, bytes, 1), expected);
  EXPECT_EQ(after(client_frame(fin | wire::text, "masked"), options), std::vector<Seen>{error(1002)});
}

/// Messages in random fragments with control frames between them, and now and then a byte that is wrong.
std::string random_conversation(std::mt19937& random) {
  std::string bytes;
  for (unsigned message = 0; message < 1 + random() % 6; ++message) {
    const unsigned fragments = 1 + random() % 4;
    for (unsigned i = 0; i < fragments; ++i) {
      if (random() % 3 == 0)
        bytes += client_frame(fin | (random() % 2 == 0 ? wire::ping : wire::pong), noise(random() % 126));
      const unsigned opcode = i > 0 ? continuation : message % 2 == 0 ? wire::binary : wire::text;
      const std::string payload = message % 2 == 0 ? noise(random() % 300) : many(random() % 40, kosme);
      bytes += client_frame((i + 1 == fragments ? fin : 0U) | opcode, payload);
    }
  }
  if (random() % 2 == 0) bytes += client_frame(fin | wire::close, close_payload(1000, "done"));
  if (random() % 2 == 0) bytes[random() % bytes.size()] = static_cast<char>(random());
  return bytes;
}

TEST(Decoder, GivesTheSameEventsForEveryRandomCutOfRandomConversations) {
  std::mt19937 random(6455);
  std::size_t events = 0;
  for (int round = 0; round < 2000; ++round) {
    const std::string bytes = random_conversation(random);
    const std::vector<Seen> expected = decode({}, bytes, bytes.size());
    events += expected.size();
    ASSERT_EQ(decode_randomly({}, bytes, random), expected) << "round " << round;
  }
  EXPECT_GT(events, 5000U);
}

}  // namespace
}  // namespace coyield::generators::net::websocket
