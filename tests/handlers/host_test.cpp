#include <coyield/handlers/host.hpp>

#include <gtest/gtest.h>

namespace coyield::handlers {
namespace {

using Hosts = std::optional<std::vector<std::string>>;

enum class At { loopback, elsewhere };

std::optional<Response> refusal(const char* host, At at, const Hosts& hosts) {
  std::vector<Field> fields;
  if (host != nullptr) fields.push_back({"Host", host});
  const Target target;
  Request request;
  request.fields = fields;
  request.loopback = at == At::loopback;
  return refuse_host(request, target, hosts);
}
bool passes(const char* host, At at, const Hosts& hosts = {}) { return !refusal(host, at, hosts); }

const Hosts hosts{{"example.com", "*.example.org"}};

TEST(Host, ThatCannotBeAStrangersNamePassesEverywhere) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:8080", "192.0.2.7:80", "[::1]:8080", "[2001:db8::1]",
                           "localhost", "LOCALHOST:8080", "localhost.:80", "app.localhost:3000"}) {
    for (const At at : {At::loopback, At::elsewhere}) {
      EXPECT_TRUE(passes(host, at)) << host;
      EXPECT_TRUE(passes(host, at, hosts)) << host;
    }
  }
}

TEST(Host, ThatIsAStrangersNameIsRefusedOnLoopback) {
  for (const char* host : {"evil.example", "evil.example:8080", "127.0.0.1.evil.example",
                           "localhost.evil.example", "notlocalhost", "2130706433", "0x7f.1", "127.1",
                           "[::1].evil.example", "127.0.0.1:80.evil", ".localhost"}) {
    EXPECT_FALSE(passes(host, At::loopback)) << host;
    EXPECT_TRUE(passes(host, At::elsewhere)) << host;
  }
}

TEST(Host, HasToBeListedWhereThereIsAList) {
  for (const At at : {At::loopback, At::elsewhere}) {
    EXPECT_TRUE(passes("example.com", at, hosts));
    EXPECT_TRUE(passes("Example.com:8080", at, hosts));
    EXPECT_TRUE(passes("a.example.org.", at, hosts));
    EXPECT_FALSE(passes("example.org", at, hosts));
    EXPECT_FALSE(passes("evil.example", at, hosts));
    EXPECT_FALSE(passes("evil.example", at, Hosts{std::vector<std::string>{}}));
    EXPECT_TRUE(passes("evil.example", at, Hosts{{"*"}}));
  }
}

TEST(Host, ThatIsNotThereComesFromNoBrowser) {
  EXPECT_TRUE(passes(nullptr, At::loopback));
  EXPECT_TRUE(passes("", At::loopback));
}

TEST(Host, IsRefusedWithWhatToConfigure) {
  const auto response = refusal("evil.example:8080", At::loopback, {});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 421U);
  EXPECT_NE(std::get<std::string>(response->body).find(R"(\"hosts\": [\"evil.example\"])"),
            std::string::npos);
}

TEST(Host, OfAnAbsoluteTargetGoesBeforeTheField) {
  const std::vector<Field> fields = {{"Host", "localhost"}};
  Request request;
  request.fields = fields;
  request.loopback = true;
  EXPECT_TRUE(refuse_host(request, *parse_target("http://evil.example/a"), {}));
  EXPECT_FALSE(refuse_host(request, *parse_target("http://127.0.0.1:80/a"), {}));
}

}  // namespace
}  // namespace coyield::handlers
