#include <coyield/generators/net/websocket/close_handshake.hpp>

#include <gtest/gtest.h>

namespace coyield::generators::net::websocket {
namespace {

TEST(CloseHandshake, EchoesTheCodeOfAPeerThatClosesFirst) {
  CloseHandshake closing;
  EXPECT_TRUE(closing.may_send());
  EXPECT_EQ(closing.receive(CloseCode::going_away), CloseCode::going_away);
  EXPECT_FALSE(closing.may_send());
  EXPECT_TRUE(closing.finished());
}

TEST(CloseHandshake, EchoesAMissingCodeAsMissing) {
  CloseHandshake closing;
  EXPECT_EQ(closing.receive(CloseCode::no_status), CloseCode::no_status);
  EXPECT_EQ(ClosePayload(CloseCode::no_status).view(), "");
}

TEST(CloseHandshake, WaitsForThePeerAfterClosingFirst) {
  CloseHandshake closing;
  EXPECT_TRUE(closing.send());
  EXPECT_FALSE(closing.may_send());
  EXPECT_FALSE(closing.finished());
  EXPECT_EQ(closing.receive(CloseCode::normal), std::nullopt);
  EXPECT_TRUE(closing.finished());
}

TEST(CloseHandshake, SendsOneCloseFrameHoweverOftenItIsAsked) {
  CloseHandshake closing;
  EXPECT_TRUE(closing.send());
  EXPECT_FALSE(closing.send());
  CloseHandshake answered;
  answered.receive(CloseCode::normal);
  EXPECT_FALSE(answered.send());
}

}  // namespace
}  // namespace coyield::generators::net::websocket
