#include <coyield/server/connections/address_limit.hpp>

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace coyield::server {
namespace {

config::IpAddress ip(std::string_view text) { return config::parse_ip_address(text).value(); }

TEST(AddressLimit, GivesEachAddressItsPlaces) {
  AddressLimit limit(2);
  const auto first = limit.enter(ip("192.0.2.1"));
  const auto second = limit.enter(ip("192.0.2.1"));
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(limit.enter(ip("192.0.2.1")));
  EXPECT_TRUE(limit.enter(ip("192.0.2.2")));
}

TEST(AddressLimit, TakesPlacesBack) {
  AddressLimit limit(1);
  for (int i = 0; i < 3; ++i) {
    auto place = limit.enter(ip("192.0.2.1"));
    ASSERT_TRUE(place);
    const AddressLimit::Place moved = std::move(*place);
    EXPECT_FALSE(limit.enter(ip("192.0.2.1")));
  }
  auto place = limit.enter(ip("192.0.2.1"));
  ASSERT_TRUE(place);
  *place = AddressLimit::Place();
  EXPECT_TRUE(limit.enter(ip("192.0.2.1")));
}

TEST(AddressLimit, TakesAnIpv6NetworkForOneAddress) {
  AddressLimit limit(1);
  const auto place = limit.enter(ip("2001:db8:0:1::1"));
  EXPECT_FALSE(limit.enter(ip("2001:db8:0:1:ffff::2")));
  EXPECT_TRUE(limit.enter(ip("2001:db8:0:2::1")));
}

TEST(AddressLimit, IsNoneAtZero) {
  AddressLimit limit(0);
  std::vector<AddressLimit::Place> places;
  for (int i = 0; i < 100; ++i) places.push_back(limit.enter(ip("192.0.2.1")).value());
  EXPECT_TRUE(limit.enter(ip("192.0.2.1")));
}

TEST(AddressLimit, CountsRightFromSeveralThreads) {
  AddressLimit limit(3);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&limit] {
      for (int n = 0; n < 2000; ++n) limit.enter(ip("192.0.2.1"));
    });
  }
  for (auto& thread : threads) thread.join();
  std::vector<AddressLimit::Place> places;
  while (auto place = limit.enter(ip("192.0.2.1"))) places.push_back(std::move(*place));
  EXPECT_EQ(places.size(), 3U);
}

}  // namespace
}  // namespace coyield::server
