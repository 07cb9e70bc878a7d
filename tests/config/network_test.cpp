#include <coyield/config/network.hpp>

#include <gtest/gtest.h>

namespace coyield::config {
namespace {

IpAddress ip(std::string_view text) { return parse_ip_address(text).value(); }

TEST(IpAddress, ReadsBackWhatItWrites) {
  for (const char* text : {"127.0.0.1", "192.0.2.7", "0.0.0.0", "::1", "::", "2001:db8::1"}) {
    EXPECT_EQ(to_string(ip(text)), text);
  }
}

TEST(IpAddress, IsTheSameHoweverAnIpv4AddressComesIn) { EXPECT_EQ(ip("::ffff:192.0.2.7"), ip("192.0.2.7")); }

TEST(IpAddress, IsNothingElse) {
  for (const std::string& text :
       {std::string(), std::string("1.2.3"), std::string("1.2.3.4.5"), std::string("01.2.3.4"),
        std::string("256.0.0.1"), std::string("localhost"), std::string("[::1]"), std::string("1.2.3.4 "),
        std::string("127.1"), std::string("2130706433"), std::string("1.2.3.4\0x", 9)}) {
    EXPECT_FALSE(parse_ip_address(text)) << text;
  }
}

TEST(IpAddress, KnowsLoopbackAndAll) {
  EXPECT_TRUE(ip("127.0.0.1").is_loopback() && ip("127.9.9.9").is_loopback() && ip("::1").is_loopback());
  EXPECT_FALSE(ip("128.0.0.1").is_loopback() || ip("::2").is_loopback() || ip("::").is_loopback());
  EXPECT_TRUE(ip("0.0.0.0").is_unspecified() && ip("::").is_unspecified());
  EXPECT_FALSE(ip("0.0.0.1").is_unspecified() || ip("::1").is_unspecified());
}

TEST(Network, ContainsTheAddressesThatBeginAsItDoes) {
  struct Row {
    const char* network;
    const char* address;
    bool contains;
  };
  for (const Row& row : {Row{"10.0.0.0/8", "10.255.0.1", true}, Row{"10.0.0.0/8", "11.0.0.1", false},
                         Row{"10.0.0.0/8", "::1", false}, Row{"192.0.2.7", "192.0.2.7", true},
                         Row{"192.0.2.7", "192.0.2.8", false}, Row{"192.0.2.128/25", "192.0.2.200", true},
                         Row{"192.0.2.128/25", "192.0.2.100", false}, Row{"0.0.0.0/0", "255.1.1.1", true},
                         Row{"0.0.0.0/0", "2001:db8::1", false}, Row{"::/0", "192.0.2.7", true},
                         Row{"fd00::/8", "fdff::1", true}, Row{"fd00::/8", "fe00::1", false},
                         Row{"2001:db8::/33", "2001:db8:8000::", false}}) {
    EXPECT_EQ(parse_network(row.network).value().contains(ip(row.address)), row.contains)
        << row.network << ' ' << row.address;
  }
}

TEST(Network, MistakesSayWhatToWrite) {
  struct Row {
    const char* text;
    const char* message;
  };
  for (
      const Row& row :
      {Row{"nginx", R"("nginx" is no IP address or network; write "192.0.2.7", "10.0.0.0/8" or "fd00::/8")"},
       Row{"10.0.0.0/33", R"("33" is no length of a prefix; write a number from 0 to 32)"},
       Row{"10.0.0.0/", R"("" is no length of a prefix; write a number from 0 to 32)"},
       Row{"::/129", R"("129" is no length of a prefix; write a number from 0 to 128)"},
       Row{"10.0.0.1/8",
           R"("10.0.0.1/8" has bits set behind its prefix; write "10.0.0.0/8" for the network, or "10.0.0.1" for the one address)"}}) {
    EXPECT_EQ(to_string(parse_network(row.text).error()), row.message);
  }
}

TEST(Proxies, ContainWhatOneOfTheNetworksContains) {
  const Proxies proxies{.networks = {parse_network("127.0.0.1").value(), parse_network("fd00::/8").value()}};
  EXPECT_TRUE(proxies.contains(ip("127.0.0.1")) && proxies.contains(ip("fd12::1")));
  EXPECT_FALSE(proxies.contains(ip("127.0.0.2")));
  EXPECT_FALSE(Proxies{}.contains(ip("127.0.0.1")));
}

}  // namespace
}  // namespace coyield::config
