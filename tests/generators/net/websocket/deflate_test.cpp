#include <coyield/generators/net/websocket/deflate.hpp>

#include <coyield/generators/net/websocket/decoder.hpp>

#include "peer_frames.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace coyield::generators::net::websocket {
namespace {

using namespace std::string_literals;
using generators::Buffer;
using wire::continuation;
using wire::fin;
using wire::rsv1;
using wire::rsv2;

constexpr std::size_t no_limit = std::size_t{1} << 30U;

std::string compressed(Deflater& deflater, std::string_view message) {
  Buffer out;
  deflater.compress(message, out);
  return {out.data(), out.size()};
}

struct Inflated {
  Inflater::Result result;
  std::string message;
};

/// One message, fed in pieces.
Inflated inflated(Inflater& inflater, std::string_view bytes, std::size_t piece,
                  std::size_t limit = no_limit) {
  std::vector<char> message;
  Inflater::Result result = Inflater::Result::ok;
  for (; !bytes.empty() && result == Inflater::Result::ok;
       bytes.remove_prefix(std::min(piece, bytes.size()))) {
    result = inflater.feed(bytes.substr(0, piece), message, limit);
  }
  if (result == Inflater::Result::ok) result = inflater.finish(message, limit);
  return {result, {message.begin(), message.end()}};
}

std::string inflated_text(std::string_view bytes) {
  Inflater inflater({});
  const Inflated one = inflated(inflater, bytes, 1);
  return one.result == Inflater::Result::ok ? one.message : "refused";
}

TEST(Inflate, ReadsTheExamplesOfTheRfc) {
  EXPECT_EQ(inflated_text("\xF2\x48\xCD\xC9\xC9\x07\x00"s), "Hello");
  EXPECT_EQ(inflated_text("\x00\x05\x00\xFA\xFF\x48\x65\x6C\x6C\x6F\x00"s), "Hello")
      << "a block that is not compressed";
  EXPECT_EQ(inflated_text("\xF3\x48\xCD\xC9\xC9\x07\x00\x00"s), "Hello") << "a block marked as the last";
  EXPECT_EQ(inflated_text("\xF2\x48\x05\x00\x00\x00\xFF\xFF\xCA\xC9\xC9\x07\x00"s), "Hello") << "two blocks";
  EXPECT_EQ(inflated_text("\x00"s), "") << "an empty message";
}

TEST(Inflate, ReadsTheRfcsSecondMessageThatRefersToTheFirst) {
  for (const Takeover takeover : {Takeover::keep, Takeover::none}) {
    Inflater inflater({15, takeover});
    EXPECT_EQ(inflated(inflater, "\xF2\x48\xCD\xC9\xC9\x07\x00"s, 1).message, "Hello");
    const Inflated second = inflated(inflater, "\xF2\x00\x11\x00\x00"s, 1);
    EXPECT_EQ(second.result == Inflater::Result::ok, takeover == Takeover::keep);
    EXPECT_EQ(second.message == "Hello", takeover == Takeover::keep);
  }
}

TEST(Inflate, KeepsTheWindowBehindABlockMarkedAsTheLast) {
  Inflater inflater({});
  EXPECT_EQ(inflated(inflater, "\xF3\x48\xCD\xC9\xC9\x07\x00\x00"s, 100).message, "Hello");
  EXPECT_EQ(inflated(inflater, "\xF2\x00\x11\x00\x00"s, 100).message, "Hello");
}

TEST(Inflate, TakesNoBytesAtAllForAnEmptyMessage) {
  Inflater inflater({});
  EXPECT_EQ(inflated(inflater, "", 1).result, Inflater::Result::ok);
  EXPECT_TRUE(inflater.idle());
}

TEST(Inflate, RefusesWhatIsNotDeflate) {
  EXPECT_EQ(inflated_text("\xFF\xFF\xFF"s), "refused") << "a block of a type that does not exist";
  EXPECT_EQ(inflated_text("\x00\x05\x00\x00\x00"s), "refused") << "a length that contradicts its complement";
  EXPECT_EQ(inflated_text("\x02\x63\x00"s), "refused") << "a reference before the beginning";
}

TEST(Inflate, RefusesAMessageThatEndsWithinABlock) {
  const std::string whole = "\xF2\x48\xCD\xC9\xC9\x07\x00"s;
  for (std::size_t size = 1; size + 1 < whole.size(); ++size) {
    EXPECT_EQ(inflated_text(whole.substr(0, size)), "refused") << size;
  }
  EXPECT_EQ(inflated_text("\x00\x05\x00\xFA\xFF\x48\x65"s), "refused") << "a stored block that is too short";
}

TEST(Inflate, RefusesAReferenceBeyondTheNegotiatedWindow) {
  const std::string random = [] {
    std::mt19937 source(7692);
    std::string out(2000, '\0');
    for (char& c : out) c = static_cast<char>(source());
    return out;
  }();
  Deflater wide({15, Takeover::keep});
  const std::string bytes = compressed(wide, random + random);
  ASSERT_LT(bytes.size(), 3000U) << "the second half must refer to the first";
  Inflater narrow({9, Takeover::keep});
  EXPECT_EQ(inflated(narrow, bytes, 100).result, Inflater::Result::corrupt);
  Inflater fitting({15, Takeover::keep});
  EXPECT_EQ(inflated(fitting, bytes, 100).message, random + random);
}

TEST(Deflate, WritesTheExampleOfTheRfc) {
  Deflater deflater({});
  EXPECT_EQ(compressed(deflater, "Hello"), "\xF2\x48\xCD\xC9\xC9\x07\x00"s);
}

TEST(Deflate, WritesAnEmptyMessageAsAnEmptyBlockEveryTime) {
  Deflater deflater({});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(compressed(deflater, ""), "\x00"s);
  EXPECT_EQ(compressed(deflater, "Hello"), "\xF2\x48\xCD\xC9\xC9\x07\x00"s);
  EXPECT_EQ(compressed(deflater, ""), "\x00"s);
}

TEST(Deflate, RemembersEarlierMessagesOnlyWithTakeover) {
  const std::string message = R"({"user":"alice","status":"online","since":1700000000})";
  Deflater keeping({12, Takeover::keep});
  Deflater forgetting({12, Takeover::none});
  const std::size_t first = compressed(keeping, message).size();
  EXPECT_EQ(compressed(forgetting, message).size(), first);
  EXPECT_LT(compressed(keeping, message).size(), first / 4);
  EXPECT_EQ(compressed(forgetting, message).size(), first);
}

class Windows : public testing::TestWithParam<std::tuple<int, Takeover>> {};

/// Items that resemble one another, noise that does not compress, and runs: all sizes around the blocks and
/// windows.
std::vector<std::string> messages() {
  std::mt19937 random(13);
  std::vector<std::string> out;
  for (const std::size_t size :
       {0, 1, 16, 64, 100, 511, 512, 513, 1024, 4096, 8192, 16384, 32768, 65536, 131072, 300000}) {
    std::string item;
    while (item.size() < size) item += "{\"i\":" + std::to_string(random() % 1000) + ",\"level\":\"info\"}\n";
    out.push_back(item.substr(0, size));
    std::string noise(size, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    out.push_back(noise);
    out.push_back(std::string(size, 'a'));
  }
  return out;
}

TEST_P(Windows, CarryEveryMessageThere) {
  const auto [bits, takeover] = GetParam();
  Deflater deflater({bits, takeover});
  Inflater inflater({bits, takeover});
  std::size_t piece = 1;
  for (const std::string& message : messages()) {
    const std::string bytes = compressed(deflater, message);
    const Inflated result = inflated(inflater, bytes, piece);
    ASSERT_EQ(result.result, Inflater::Result::ok) << message.size();
    ASSERT_TRUE(result.message == message) << message.size();
    piece = piece * 3 % 4099;
  }
  EXPECT_EQ(inflater.idle(), takeover == Takeover::none);
}

INSTANTIATE_TEST_SUITE_P(Deflate, Windows,
                         testing::Combine(testing::Values(9, 10, 11, 12, 13, 14, 15),
                                          testing::Values(Takeover::keep, Takeover::none)));

/// Decoding with permessage-deflate.
Decoder::Options deflating(std::size_t max_message = 1U << 20U, Takeover takeover = Takeover::keep) {
  Decoder::Options options;
  options.max_message = max_message;
  options.deflate = DeflateParams{{15, takeover}, {15, takeover}};
  return options;
}

const std::string hello = "\xF2\x48\xCD\xC9\xC9\x07\x00"s;

void expect_however_cut(const std::string& bytes, const std::vector<Seen>& expected,
                        const Decoder::Options& options = deflating()) {
  for (const std::size_t piece :
       {bytes.size(), std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}}) {
    EXPECT_EQ(decode(options, bytes, piece), expected) << "in pieces of " << piece;
  }
}

TEST(DeflatingDecoder, TakesCompressedAndPlainMessagesInTurn) {
  expect_however_cut(client_frame(fin | rsv1 | wire::text, hello) + client_frame(fin | wire::text, "plain") +
                         client_frame(fin | rsv1 | wire::binary, "\xF2\x00\x11\x00\x00"s),
                     {text("Hello"), text("plain"), binary("Hello")});
}

TEST(DeflatingDecoder, TakesACompressedMessageInFragmentsAroundAPing) {
  expect_however_cut(client_frame(rsv1 | wire::text, hello.substr(0, 3)) +
                         client_frame(fin | wire::ping, "p") + client_frame(continuation, "") +
                         client_frame(fin | continuation, hello.substr(3)),
                     {ping("p"), text("Hello")});
}

TEST(DeflatingDecoder, TakesAnEmptyCompressedMessage) {
  expect_however_cut(
      client_frame(fin | rsv1 | wire::text, "\x00"s) + client_frame(fin | rsv1 | wire::text, ""),
      {text(""), text("")});
}

TEST(DeflatingDecoder, RefusesTheBitOnAContinuationAndOnControls) {
  expect_however_cut(client_frame(rsv1 | wire::text, hello.substr(0, 3)) +
                         client_frame(fin | rsv1 | continuation, hello.substr(3)),
                     {error(1002)});
  expect_however_cut(client_frame(fin | rsv1 | wire::ping, ""), {error(1002)});
  expect_however_cut(client_frame(fin | rsv1 | rsv2 | wire::text, hello), {error(1002)});
}

TEST(DeflatingDecoder, RefusesWhatCannotBeInflated) {
  expect_however_cut(client_frame(fin | rsv1 | wire::text, "\xFF\xFF\xFF"), {error(1007)});
  expect_however_cut(client_frame(fin | rsv1 | wire::text, hello.substr(0, 3)), {error(1007)});
}

TEST(DeflatingDecoder, ChecksTheTextThatComesOut) {
  Deflater deflater({});
  const std::string good = compressed(deflater, "\xCE\xBA\xE1\xBD\xB9");
  const std::string bad = compressed(deflater, "\xCE\xBA\xED\xA0\x80 and more");
  const std::string half = compressed(deflater, "\xCE\xBA\xE1\xBD");
  const std::string first = client_frame(fin | rsv1 | wire::text, good);
  expect_however_cut(first + client_frame(fin | rsv1 | wire::text, bad),
                     {text("\xCE\xBA\xE1\xBD\xB9"), error(1007)});
  expect_however_cut(
      first + client_frame(fin | rsv1 | wire::binary, bad) + client_frame(fin | rsv1 | wire::text, half),
      {text("\xCE\xBA\xE1\xBD\xB9"), binary("\xCE\xBA\xED\xA0\x80 and more"), error(1007)});
}

TEST(DeflatingDecoder, LimitsTheSizeThatComesOut) {
  Deflater deflater({15, Takeover::none});
  const std::string exact = compressed(deflater, std::string(1000, 'x'));
  const std::string over = compressed(deflater, std::string(1001, 'x'));
  const Decoder::Options options = deflating(1000, Takeover::none);
  expect_however_cut(client_frame(fin | rsv1 | wire::text, exact), {text(std::string(1000, 'x'))}, options);
  expect_however_cut(client_frame(fin | rsv1 | wire::text, over), {error(1009)}, options);
}

TEST(DeflatingDecoder, GivesUpAZipBombAtItsLimit) {
  Deflater deflater({15, Takeover::none});
  const std::string bomb = compressed(deflater, std::string(std::size_t{1} << 26U, '\0'));
  ASSERT_LT(bomb.size(), std::size_t{1} << 17U) << "64 MiB in less than 128 KiB";
  std::string bytes = client_frame(fin | rsv1 | wire::binary, bomb);
  Decoder decoder(deflating(100000));
  decoder.feed(bytes);
  const Event event = decoder.next();
  EXPECT_EQ(event.code, CloseCode::message_too_big);
  EXPECT_LE(decoder.held_bytes(), 100000U);
  EXPECT_FALSE(decoder.next());
  EXPECT_EQ(decoder.held_bytes(), 0U);
  EXPECT_FALSE(decoder.holds_inflater());
}

TEST(DeflatingDecoder, HoldsAContextOnlyOnceThereIsSomethingToInflate) {
  Decoder keeping(deflating(1000, Takeover::keep));
  Decoder forgetting(deflating(1000, Takeover::none));
  for (Decoder* decoder : {&keeping, &forgetting}) {
    std::vector<Seen> events;
    feed_piece(*decoder, client_frame(fin | wire::text, "plain"), events);
    EXPECT_FALSE(decoder->holds_inflater());
    EXPECT_EQ(decoder->inflater_bytes(), 0U);
    feed_piece(*decoder, client_frame(rsv1 | wire::text, hello.substr(0, 3)), events);
    EXPECT_TRUE(decoder->holds_inflater());
    EXPECT_GT(decoder->inflater_bytes(), std::size_t{1} << 15U) << "a window of 32 KiB";
    feed_piece(*decoder, client_frame(fin | continuation, hello.substr(3)), events);
    EXPECT_EQ(events.back(), text("Hello"));
    EXPECT_EQ(decoder->held_bytes(), 0U);
  }
  EXPECT_TRUE(keeping.holds_inflater());
  EXPECT_FALSE(forgetting.holds_inflater());
  EXPECT_EQ(forgetting.inflater_bytes(), 0U);
}

TEST(Deflater, HoldsAContextOnlyOnceThereIsSomethingToCompress) {
  Deflater deflater({12, Takeover::keep});
  EXPECT_EQ(deflater.held_bytes(), 0U);
  compressed(deflater, "Hello");
  EXPECT_GT(deflater.held_bytes(), std::size_t{4} << 12U);
}

TEST(DeflatingDecoder, UsesTheWindowOfThePeer) {
  DeflateParams params{.server = {15, Takeover::none}, .client = {15, Takeover::keep}};
  const std::string second = "\xF2\x00\x11\x00\x00"s;
  const std::vector<Seen> both{text("Hello"), text("Hello")};
  EXPECT_EQ(
      decode({.deflate = params},
             client_frame(fin | rsv1 | wire::text, hello) + client_frame(fin | rsv1 | wire::text, second), 5),
      both);
  std::swap(params.server, params.client);
  EXPECT_EQ(
      decode({.role = Role::client, .deflate = params},
             server_frame(fin | rsv1 | wire::text, hello) + server_frame(fin | rsv1 | wire::text, second), 5),
      both);
}

TEST(DeflatingDecoder, GivesTheSameEventsForEveryRandomCutEvenOfDamagedMessages) {
  std::mt19937 random(7692);
  const std::vector<std::string> all = messages();
  const Decoder::Options options = deflating(10000);
  for (int round = 0; round < 500; ++round) {
    Deflater deflater({15, Takeover::keep});
    std::string bytes;
    for (int i = 0; i < 4; ++i) {
      const std::string& message = all[random() % 33];  // up to 8,192 bytes
      const unsigned opcode = random() % 2 == 0 ? wire::text : wire::binary;
      bytes += client_frame(fin | rsv1 | opcode, compressed(deflater, message));
    }
    if (random() % 4 != 0) bytes[random() % bytes.size()] ^= static_cast<char>(1U << (random() % 8));
    ASSERT_EQ(decode_randomly(options, bytes, random), decode(options, bytes, bytes.size()))
        << "round " << round;
  }
}

}  // namespace
}  // namespace coyield::generators::net::websocket
