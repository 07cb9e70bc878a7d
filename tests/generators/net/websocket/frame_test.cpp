#include <coyield/generators/net/websocket/frame.hpp>

#include <coyield/generators/net/websocket/masking.hpp>
#include <coyield/generators/net/websocket/utf8.hpp>

#include "peer_frames.hpp"

#include <gtest/gtest.h>

#include <coyield/generators/utf8.hpp>

#include <string>

namespace coyield::generators::net::websocket {
namespace {

using generators::Buffer;

std::string bytes_of(Buffer& buffer) { return {buffer.data(), buffer.size()}; }

std::string header(Opcode opcode, Fragment fragment, Coding coding, std::uint64_t length) {
  char out[10];
  const std::size_t size = write_header(out, opcode, fragment, coding, length);
  EXPECT_EQ(size, header_size(length));
  return {out, size};
}

TEST(FrameHeader, HasTheBytesOfTheExamplesInTheRfc) {
  EXPECT_EQ(header(Opcode::text, Fragment::last, Coding::plain, 5), "\x81\x05");
  EXPECT_EQ(header(Opcode::text, Fragment::more, Coding::plain, 3), "\x01\x03");
  EXPECT_EQ(header(Opcode::continuation, Fragment::last, Coding::plain, 2), "\x80\x02");
  EXPECT_EQ(header(Opcode::ping, Fragment::last, Coding::plain, 5), "\x89\x05");
  EXPECT_EQ(header(Opcode::binary, Fragment::last, Coding::plain, 256), std::string("\x82\x7E\x01\x00", 4));
  EXPECT_EQ(header(Opcode::binary, Fragment::last, Coding::plain, 65536),
            std::string("\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00", 10));
  EXPECT_EQ(header(Opcode::text, Fragment::last, Coding::deflated, 7), "\xC1\x07");
}

TEST(FrameHeader, UsesTheShortestFormAtEveryBound) {
  for (const std::uint64_t length : {0ULL, 1ULL, 125ULL, 126ULL, 127ULL, 65535ULL, 65536ULL, 1ULL << 40U}) {
    const std::size_t more = length < 126 ? 0 : length < 65536 ? 2 : 8;
    EXPECT_EQ(header(Opcode::binary, Fragment::last, Coding::plain, length),
              raw_header(wire::fin | wire::binary, false, length, more))
        << length;
  }
}

class FrameSizes : public testing::TestWithParam<std::size_t> {};

std::string payload_of(std::size_t size) {
  std::string payload(size, '\0');
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 131 + (i >> 8U));
  return payload;
}

TEST_P(FrameSizes, AreWrittenAroundAPayloadInPlace) {
  const std::string payload = payload_of(GetParam());
  Buffer buffer;
  buffer.append("before");
  FrameWriter frame(buffer, Opcode::binary);
  for (const char c : payload) buffer.append({&c, 1});
  frame.end();
  buffer.append("behind");
  EXPECT_EQ(bytes_of(buffer), "before" + server_frame(wire::fin | wire::binary, payload) + "behind");
}

TEST_P(FrameSizes, AreWrittenWhole) {
  const std::string payload = payload_of(GetParam());
  Buffer buffer;
  append_frame(buffer, Opcode::text, payload, Coding::deflated);
  EXPECT_EQ(bytes_of(buffer), server_frame(wire::fin | wire::rsv1 | wire::text, payload));
}

TEST_P(FrameSizes, AreMaskedForAClient) {
  const std::string payload = payload_of(GetParam());
  Buffer buffer;
  append_masked_frame(buffer, Opcode::binary, payload, read_mask_key("\x01\x80\xFF\x7E"));
  EXPECT_EQ(bytes_of(buffer), client_frame(wire::fin | wire::binary, payload, "\x01\x80\xFF\x7E"));
}

INSTANTIATE_TEST_SUITE_P(Bounds, FrameSizes,
                         testing::Values(0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, 100000));

TEST(FrameWriter, TakesAFrameBackThatIsAbandoned) {
  Buffer buffer;
  buffer.append("kept");
  FrameWriter frame(buffer, Opcode::text);
  buffer.append("half an item");
  frame.abandon();
  EXPECT_EQ(bytes_of(buffer), "kept");
}

TEST(Mask, GoesOnWhereAPieceEnds) {
  const std::string payload = payload_of(61);
  const std::uint32_t key = read_mask_key("\x9A\x0B\xC3\x5D");
  for (std::size_t cut = 0; cut <= payload.size(); ++cut) {
    std::string pieces = client_frame(wire::fin | wire::binary, payload, "\x9A\x0B\xC3\x5D").substr(6);
    apply_mask({pieces.data(), cut}, key);
    apply_mask({pieces.data() + cut, pieces.size() - cut}, advance_mask(key, cut));
    EXPECT_EQ(pieces, payload) << cut;
  }
}

TEST(ClosePayload, CarriesCodeAndReason) {
  EXPECT_EQ(ClosePayload(CloseCode::going_away, "draining").view(), close_payload(1001, "draining"));
  EXPECT_EQ(ClosePayload(CloseCode::normal).view(), close_payload(1000));
  EXPECT_EQ(ClosePayload(CloseCode::no_status, "unheard").view(), "");
}

TEST(ClosePayload, CutsALongReasonBetweenCodePoints) {
  for (std::size_t ascii = 115; ascii <= 124; ++ascii) {
    const std::string reason = std::string(ascii, 'x') + "\xF0\x9F\x90\x98\xE2\x82\xAC\xC3\xA9";
    const ClosePayload payload(CloseCode::internal_error, reason);
    const std::string_view kept = payload.view().substr(2);
    EXPECT_TRUE(reason.starts_with(kept)) << ascii;
    EXPECT_TRUE(generators::is_utf8(kept)) << ascii;
    EXPECT_LE(payload.view().size(), max_control_payload);
    EXPECT_GT(payload.view().size(), max_control_payload - 4)
        << "more was cut than the one code point that hung over";
  }
}

TEST(ClosePayload, IsWhatAppendCloseSends) {
  Buffer buffer;
  append_close(buffer, CloseCode::try_again_later, "too slow");
  EXPECT_EQ(bytes_of(buffer), server_frame(wire::fin | wire::close, close_payload(1013, "too slow")));
}

TEST(CloseCodes, ThatMayBeSentAreTheRegisteredAndTheApplications) {
  for (unsigned code = 0; code <= 65535; ++code) {
    const bool registered = code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
    const bool application = code >= 3000 && code <= 4999;
    ASSERT_EQ(is_sendable(static_cast<CloseCode>(code)), registered || application) << code;
  }
}

}  // namespace
}  // namespace coyield::generators::net::websocket
