#include <coyield/handlers/forwarded.hpp>

#include <gtest/gtest.h>

namespace coyield::handlers {
namespace {

std::string client(std::string_view list) {
  static const config::Proxies proxies{
      .networks = {config::parse_network("10.0.0.0/8").value(), config::parse_network("fd00::/8").value()}};
  const auto address = forwarded_client(list, proxies);
  return address ? to_string(*address) : "none";
}

TEST(ForwardedClient, IsTheLastThatIsNoTrustedProxy) {
  EXPECT_EQ(client("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(client("192.0.2.7, 10.0.0.1"), "192.0.2.7");
  EXPECT_EQ(client("192.0.2.7,10.0.0.1 ,fd00::1"), "192.0.2.7");
  EXPECT_EQ(client("2001:db8::1, [fd00::1]:80, 10.0.0.2:8080"), "2001:db8::1");
}

TEST(ForwardedClient, IsNotWhatAClientClaims) {
  EXPECT_EQ(client("198.51.100.1, 192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(client("10.0.0.9, 192.0.2.7, 10.0.0.1"), "192.0.2.7");
  EXPECT_EQ(client("garbage, 192.0.2.7"), "192.0.2.7");
}

TEST(ForwardedClient, IsTheFirstProxyWhereThereAreNoOthers) {
  EXPECT_EQ(client("10.0.0.3, 10.0.0.1"), "10.0.0.3");
  EXPECT_EQ(client("garbage, 10.0.0.1"), "10.0.0.1");
}

TEST(ForwardedClient, IsNobodyWhereNothingCanBeRead) {
  for (const char* list :
       {"", " ", ",", "unknown", "_hidden", "[::1::", "[", "]", "1.2.3.4.5", ", 192.0.2.7,"}) {
    EXPECT_EQ(client(list), "none") << list;
  }
}

}  // namespace
}  // namespace coyield::handlers
