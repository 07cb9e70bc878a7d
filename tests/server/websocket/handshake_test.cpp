#include <coyield/server/websocket/handshake.hpp>

#include <gtest/gtest.h>

#include <array>
#include <functional>

namespace coyield::server::websocket {
namespace {

UpgradeRequest browser() {
  return {.method = "GET",
          .http_version = 11,
          .upgrade = "websocket",
          .connection = "Upgrade",
          .version = "13",
          .key = "dGhlIHNhbXBsZSBub25jZQ=="};
}

TEST(UpgradeRequest, OfABrowserIsAccepted) {
  EXPECT_EQ(check_upgrade(browser()), UpgradeFault::none);
  EXPECT_EQ(status_of(UpgradeFault::none), 101U);
}

TEST(UpgradeRequest, IsReadWithoutCaseAndFromLists) {
  UpgradeRequest request = browser();
  request.connection = "keep-alive , UPGRADE";
  request.upgrade = "h2c,, WebSocket";
  EXPECT_EQ(check_upgrade(request), UpgradeFault::none);
}

struct BadRequest {
  const char* name;
  std::function<void(UpgradeRequest&)> spoil;
  UpgradeFault fault;
  unsigned status;
};

class BadUpgrades : public testing::TestWithParam<BadRequest> {};

TEST_P(BadUpgrades, AreRefusedForTheirFault) {
  UpgradeRequest request = browser();
  GetParam().spoil(request);
  EXPECT_EQ(check_upgrade(request), GetParam().fault);
  EXPECT_EQ(status_of(GetParam().fault), GetParam().status);
  EXPECT_FALSE(message_of(GetParam().fault).empty());
}

using Request = UpgradeRequest;
using Fault = UpgradeFault;

INSTANTIATE_TEST_SUITE_P(
    Table, BadUpgrades,
    testing::Values(
        BadRequest{"Post", [](Request& r) { r.method = "POST"; }, Fault::method, 405},
        BadRequest{"LowerCaseMethod", [](Request& r) { r.method = "get"; }, Fault::method, 405},
        BadRequest{"Http10", [](Request& r) { r.http_version = 10; }, Fault::http_version, 400},
        BadRequest{"NoUpgrade", [](Request& r) { r.upgrade = ""; }, Fault::not_upgrade, 400},
        BadRequest{"OtherUpgrade", [](Request& r) { r.upgrade = "h2c"; }, Fault::not_upgrade, 400},
        BadRequest{"UpgradeThatOnlyBegins", [](Request& r) { r.upgrade = "websockets"; }, Fault::not_upgrade,
                   400},
        BadRequest{"NoConnection", [](Request& r) { r.connection = ""; }, Fault::not_upgrade, 400},
        BadRequest{"KeepAlive", [](Request& r) { r.connection = "keep-alive"; }, Fault::not_upgrade, 400},
        BadRequest{"NoVersion", [](Request& r) { r.version = ""; }, Fault::version, 426},
        BadRequest{"Version8", [](Request& r) { r.version = "8"; }, Fault::version, 426},
        BadRequest{"TwoVersions", [](Request& r) { r.version = "13, 8"; }, Fault::version, 426},
        BadRequest{"NoKey", [](Request& r) { r.key = ""; }, Fault::key, 400},
        BadRequest{"ShortKey", [](Request& r) { r.key = "dGhlIHNhbXBsZSBub24="; }, Fault::key, 400},
        BadRequest{"KeyOf17Bytes", [](Request& r) { r.key = "dGhlIHNhbXBsZSBub25jZSE="; }, Fault::key, 400},
        BadRequest{"KeyWithoutPadding", [](Request& r) { r.key = "dGhlIHNhbXBsZSBub25jZQaa"; }, Fault::key,
                   400},
        BadRequest{"KeyThatIsNotBase64", [](Request& r) { r.key = "dGhlIHNhbXBsZSBub2-_ZQ=="; }, Fault::key,
                   400}),
    [](const auto& row) { return row.param.name; });

TEST(Subprotocol, IsTheFirstOfTheClientsThatIsSupported) {
  constexpr std::array<std::string_view, 2> supported{"coyield.v2", "coyield.v1"};
  EXPECT_EQ(choose_subprotocol("chat, coyield.v1, coyield.v2", supported), "coyield.v1");
  EXPECT_EQ(choose_subprotocol("coyield.v2,coyield.v1", supported), "coyield.v2");
  EXPECT_EQ(choose_subprotocol("COYIELD.V1", supported), "");
  EXPECT_EQ(choose_subprotocol(" , ,", supported), "");
  EXPECT_EQ(choose_subprotocol("", supported), "");
}

TEST(Subprotocol, IsNoneWhereNoneIsSupported) { EXPECT_EQ(choose_subprotocol("coyield.v1", {}), ""); }

}  // namespace
}  // namespace coyield::server::websocket
