#include <coyield/generators/net/websocket/key.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace coyield::generators::net::websocket {
namespace {

TEST(AcceptKey, IsTheOneOfTheRfc) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(Key, IsSixteenBytesInBase64AndAnotherEachTime) {
  const std::string key = make_key();
  EXPECT_EQ(key.size(), 24u);
  EXPECT_TRUE(key.ends_with("=="));
  EXPECT_NE(key, make_key());
}

}  // namespace
}  // namespace coyield::generators::net::websocket
