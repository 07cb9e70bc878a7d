#include <coyield/generators/net/chunked_decoder.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace coyield::generators::net {
namespace {

/// What a body is decoded to, in pieces of `piece` bytes; none where it is faulty. `left` is what stands
/// behind it.
struct Decoded {
  std::optional<std::string> body;
  bool whole = false;
  std::string left;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view bytes, std::size_t piece) {
  ChunkedDecoder decoder;
  Buffer out;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::string_view some = bytes.substr(at, piece);
    const std::size_t used = decoder.feed(some, out);
    if (decoder.fault() != nullptr) return {};
    at += used;
    if (used < some.size()) return {std::string(out.view()), decoder.whole(), std::string(bytes.substr(at))};
  }
  return {std::string(out.view()), decoder.whole(), {}};
}
Decoded decode(std::string_view bytes) {
  const Decoded at_once = decode(bytes, bytes.size());
  for (std::size_t piece = 1; piece < bytes.size(); ++piece)
    EXPECT_EQ(decode(bytes, piece), at_once) << "in pieces of " << piece << ": " << bytes;
  return at_once;
}

TEST(ChunkedDecoder, GivesWhatIsInTheChunks) {
  EXPECT_EQ(decode("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), (Decoded{"abcde", true, ""}));
  EXPECT_EQ(decode("0\r\n\r\n"), (Decoded{"", true, ""}));
  EXPECT_EQ(decode("00a\r\n0123456789\r\n000\r\n\r\n"), (Decoded{"0123456789", true, ""}));
  EXPECT_EQ(decode("A\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n"), (Decoded{"\r\n\r\n\r\n\r\n\r\n", true, ""}));
}

TEST(ChunkedDecoder, LeavesWhatStandsBehindTheLast) {
  EXPECT_EQ(decode("1\r\na\r\n0\r\n\r\nGET /", 100), (Decoded{"a", true, "GET /"}));
}

TEST(ChunkedDecoder, PassesOverExtensionsAndTrailers) {
  EXPECT_EQ(decode("1;name=\"value\"\r\na\r\n0 ;x\r\nA: b\r\nC:\r\n\r\n"), (Decoded{"a", true, ""}));
}

TEST(ChunkedDecoder, IsNotWholeBeforeTheLastByte) {
  const std::string whole = "1\r\na\r\n0\r\nA: b\r\n\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(decode(whole.substr(0, size)).whole);
}

TEST(ChunkedDecoder, RefusesWhatCouldBeReadInTwoWays) {
  for (const char* wrong :
       {"x\r\n", "\r\n", ";\r\n", "-1\r\n", "0x1\r\n", "1\na", "1\r\na\n", "1\r\nab", "1\r\na\rb", "1 \na",
        "0\r\n\n", "0\r\nA: b\n", "0\r\n\rx", "1111111111111111\r\n", "1\rx", "g\r\n"}) {
    EXPECT_EQ(decode(wrong).body, std::nullopt) << wrong;
  }
}

TEST(ChunkedDecoder, HasABoundForWhatIsAroundTheChunks) {
  EXPECT_EQ(decode("1;" + std::string(5000, 'x'), 5002).body, std::nullopt);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1000; ++i) trailers += "A: bcd\r\n";
  EXPECT_EQ(decode(trailers, trailers.size()).body, std::nullopt);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "1;extension\r\na\r\n";
  EXPECT_EQ(decode(many + "0\r\n\r\n", 100).body, std::string(1000, 'a'));
}

}  // namespace
}  // namespace coyield::generators::net
