#include <coyield/config/load.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "sample.hpp"

namespace coyield::config {
namespace {

using namespace std::chrono_literals;

Configuration read(std::string_view text, std::map<std::string, std::string> variables = {}) {
  auto loaded = load(text, "f", sample::catalogue(), sample::environment(std::move(variables)));
  EXPECT_TRUE(loaded) << loaded.error();
  return loaded ? *loaded : Configuration{};
}

constexpr const char* smallest = R"({ "endpoints": { "/": { "source": "echo" } } })";

TEST(Load, TheSmallestConfigurationHasTheDefaultsOfThePlainData) {
  auto configuration = read(smallest);
  EXPECT_EQ(configuration.server, ServerConfig{});
  ASSERT_EQ(configuration.endpoints.size(), 1u);
  const auto& endpoint = configuration.endpoints[0];
  EXPECT_EQ(endpoint.pattern.text, "/");
  EXPECT_EQ(endpoint.source.name(), "echo");
  EXPECT_TRUE(endpoint.pipeline.empty());
  EXPECT_TRUE(endpoint.access.anyone());
  EXPECT_FALSE(endpoint.finite || endpoint.deflate || endpoint.input);
  EXPECT_FALSE(endpoint.cors || endpoint.heartbeat || endpoint.first_item_timeout || endpoint.max_message ||
               endpoint.gzip);
}

TEST(Load, EveryKeyOfTheServerIsRead) {
  auto server = read(R"({
    "$schema": "./coyield.schema.json",
    "server": {
      "listen": ["0.0.0.0:80", "[::1]:80", "unix:/run/c.sock"], "threads": 3, "drain": "5s",
      "limits": { "max_header": "8KiB", "max_target": "4KiB", "max_message": "32KiB",
                  "max_item": "3MiB", "max_connections": 5, "max_connections_per_address": 6 },
      "timeouts": { "header": "1s", "idle": "2s", "write": "3s", "least_rate": "0B", "heartbeat": "4s",
                    "first_item": "0s" },
      "hosts": ["Example.com", "*.example.org"], "trusted_proxies": ["10.0.0.0/8", "unix", "::1"],
      "memory": "1GiB",
      "cors": { "origins": ["https://example.com", "http://localhost:3000"] },
      "gzip": false,
      "access": ["one", "two"],
      "log": { "format": "json", "level": "error" }
    },
    "endpoints": { "/": { "source": "echo" } } })")
                    .server;
  ServerConfig expected;
  expected.listen = {parse_listen_address("0.0.0.0:80").value(), parse_listen_address("[::1]:80").value(),
                     parse_listen_address("unix:/run/c.sock").value()};
  expected.threads = 3;
  expected.drain = 5s;
  expected.limits = {8 << 10, 4 << 10, 32 << 10, 3 << 20, 5, 6};
  expected.timeouts = {1s, 2s, 3s, 0, 4s, 0s};
  expected.hosts = {{"example.com", "*.example.org"}};
  expected.trusted_proxies = {{parse_network("10.0.0.0/8").value(), parse_network("::1").value()}, true};
  expected.memory = 1u << 30;
  expected.cors.origins = {"https://example.com", "http://localhost:3000"};
  expected.gzip = false;
  expected.access.tokens = {{"one", "two"}};
  expected.log = {LogFormat::json, LogLevel::error};
  EXPECT_EQ(server, expected);
}

std::optional<Admin> admin_of(const std::string& value) {
  return read(R"({ "server": { "admin": )" + value + R"( }, "endpoints": { "/": { "source": "echo" } } })")
      .server.admin;
}

TEST(Load, TheAdminAddressStandsAloneOrSaysWhoMayUseIt) {
  EXPECT_FALSE(read(smallest).server.admin);
  const Admin alone{.listen = parse_listen_address("127.0.0.1:9090").value()};
  EXPECT_EQ(admin_of(R"("127.0.0.1:9090")"), alone);
  EXPECT_EQ(admin_of(R"({ "listen": "127.0.0.1:9090" })"), alone);
  EXPECT_TRUE(admin_of(R"("unix:/run/admin.sock")"));
  EXPECT_TRUE(admin_of(R"("[::1]:9090")"));
  EXPECT_EQ(admin_of(R"({ "listen": "0.0.0.0:9090", "access": ["t"] })")->access.tokens,
            std::vector<std::string>{"t"});
  EXPECT_TRUE(admin_of(R"({ "listen": "0.0.0.0:9090", "access": "anyone" })")->access.anyone());
}

TEST(Load, EveryKeyOfAnEndpointIsRead) {
  auto configuration = read(R"({ "endpoints": {
    "/count/{n}": {
      "title": "Count", "description": "Numbers", "source": { "counter": { "to": "${path.n}" } },
      "pipeline": [ { "take": 1000 }, "sample" ], "format": "sse", "columns": ["a", "b"], "finite": true, "access": ["t"],
      "cors": { "origins": ["*"] }, "first_item_timeout": "2s", "heartbeat": "3s", "gzip": false, "deflate": true,
      "input": true,
      "max_message": "1KiB" },
    "/b": { "source": { "echo": {} } } } })");
  ASSERT_EQ(configuration.endpoints.size(), 2u);
  const auto& endpoint = configuration.endpoints[0];
  EXPECT_EQ(endpoint.pattern.text, "/count/{n}");
  EXPECT_EQ(endpoint.position, (Position{2, 5}));
  EXPECT_EQ(endpoint.title, "Count");
  EXPECT_EQ(endpoint.description, "Numbers");
  EXPECT_EQ(endpoint.source.name(), "counter");
  EXPECT_EQ(endpoint.source.position(), (Position{3, 63}));
  ASSERT_EQ(endpoint.pipeline.size(), 2u);
  EXPECT_EQ(endpoint.pipeline[0].constants().get<std::int64_t>("items"), 1000);
  EXPECT_EQ(endpoint.pipeline[1].constants().get<double>("share"), 0.5);
  EXPECT_EQ(endpoint.format, "sse");
  EXPECT_EQ(endpoint.columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(endpoint.finite && endpoint.deflate && endpoint.input);
  EXPECT_EQ(endpoint.access.tokens, std::vector<std::string>{"t"});
  EXPECT_EQ(endpoint.cors->origins, std::vector<std::string>{"*"});
  EXPECT_EQ(endpoint.first_item_timeout, 2s);
  EXPECT_EQ(endpoint.heartbeat, 3s);
  EXPECT_EQ(endpoint.gzip, false);
  EXPECT_EQ(endpoint.max_message, 1024u);
  EXPECT_EQ(configuration.endpoints[1].pattern.text, "/b");
}

TEST(Load, AnEndpointHasTheServersAccessUnlessItSaysItsOwn) {
  // The server stands behind the endpoints on purpose: the order of keys means nothing.
  auto endpoints =
      read(R"({ "endpoints": { "/a": { "source": "echo" }, "/b": { "source": "echo", "access": "anyone" } },
                             "server": { "access": ["secret"] } })")
          .endpoints;
  EXPECT_EQ(endpoints[0].access.tokens, std::vector<std::string>{"secret"});
  EXPECT_TRUE(endpoints[1].access.anyone());
}

TEST(Load, TheEnvironmentMayStandInAnyText) {
  auto configuration = read(
      R"({ "server": { "listen": "${env.LISTEN}", "threads": "${env.THREADS}", "drain": "${env.DRAIN:-7s}",
                       "access": ["${env.TOKEN}"], "log": { "level": "${env.LEVEL}" },
                       "cors": { "origins": ["https://${env.HOST}"] } },
           "endpoints": { "/": { "source": { "counter": { "to": "${env.TO}" } }, "finite": "${env.FINITE}" } } })",
      {{"LISTEN", "127.0.0.1:1"},
       {"THREADS", "2"},
       {"TOKEN", "abc"},
       {"LEVEL", "debug"},
       {"HOST", "a.b"},
       {"TO", "9"},
       {"FINITE", "true"}});
  EXPECT_EQ(to_string(configuration.server.listen.at(0)), "127.0.0.1:1");
  EXPECT_EQ(configuration.server.threads, 2u);
  EXPECT_EQ(configuration.server.drain, 7s);
  EXPECT_EQ(configuration.server.access.tokens, std::vector<std::string>{"abc"});
  EXPECT_EQ(configuration.server.log.level, LogLevel::debug);
  EXPECT_EQ(configuration.server.cors.origins, std::vector<std::string>{"https://a.b"});
  EXPECT_EQ(configuration.endpoints.at(0).source.constants().get<std::int64_t>("to"), 9);
  EXPECT_TRUE(configuration.endpoints.at(0).source.constant());
  EXPECT_TRUE(configuration.endpoints.at(0).finite);
}

TEST(Load, TheShortFormSetsTheMainParameter) {
  auto load_one = [](ComponentKind kind, std::string_view text) {
    return load_component(kind, text, sample::catalogue()).value().constants();
  };
  EXPECT_EQ(load_one(ComponentKind::operator_, R"({"take": 5})").get<std::int64_t>("items"), 5);
  EXPECT_EQ(load_one(ComponentKind::source, R"({"file": "/a"})").get<std::string>("path"), "/a");
  EXPECT_EQ(load_one(ComponentKind::source, R"({"exec": ["ls", "-l"]})")
                .get<std::vector<std::string>>("command")
                .size(),
            2u);
  EXPECT_EQ(
      load_one(ComponentKind::operator_, R"({"where": {"/a": 1}})").get<nlohmann::json>("values").dump(),
      R"({"/a":1})");
  EXPECT_EQ(load_one(ComponentKind::operator_, R"({"where": {"values": {"/a": 1}}})")
                .get<nlohmann::json>("values")
                .dump(),
            R"({"/a":1})");
}

TEST(Load, NullMeansNoneWhereAParameterMayHaveNone) {
  auto config = load_component(ComponentKind::source, R"({"counter": {"to": null}})", sample::catalogue());
  EXPECT_EQ(config.value().constants().find<std::int64_t>("to"), nullptr);
}

TEST(Load, APlainDollarIsWrittenTwiceOnlyBeforeABrace) {
  auto config =
      load_component(ComponentKind::source, R"({"file": {"path": "/a$b/$${c}"}})", sample::catalogue());
  EXPECT_EQ(config.value().constants().get<std::string>("path"), "/a$b/${c}");
}

TEST(Load, EveryExampleOfTheCatalogueLoads) {
  const auto catalogue = sample::catalogue();
  for (auto kind : {ComponentKind::source, ComponentKind::operator_}) {
    for (const auto& name : catalogue.names(kind)) {
      auto loaded = load_component(kind, catalogue.find(kind, name)->example, catalogue);
      ASSERT_TRUE(loaded) << name << ": " << loaded.error();
      EXPECT_EQ(loaded->name(), name);
    }
  }
}

TEST(LoadFile, ReadsAFileAndNamesItInProblems) {
  const std::string path = testing::TempDir() + "coyield_load_test.json";
  std::ofstream(path) << smallest;
  EXPECT_TRUE(load_file(path, sample::catalogue()));
  std::ofstream(path) << "{\n \"endpoint\": {} }";
  auto loaded = load_file(path, sample::catalogue());
  std::remove(path.c_str());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().text(), path + ":2: endpoint: unknown key; did you mean \"endpoints\"?\n");
}

TEST(LoadFile, SaysWhyAFileCannotBeRead) {
  auto missing = load_file("/nowhere/coyield.json", sample::catalogue());
  ASSERT_FALSE(missing);
  EXPECT_EQ(
      missing.error().text(),
      "/nowhere/coyield.json: cannot be read: No such file or directory; name a configuration that exists\n");
  auto folder = load_file("/", sample::catalogue());
  ASSERT_FALSE(folder);
  EXPECT_EQ(
      folder.error().text(),
      "/: cannot be read: Is a directory; name a file; where one that is not there is mounted, container "
      "engines make a directory\n");
}

TEST(Load, AnUncheckedResultThrowsAllProblems) {
  EXPECT_THROW(load("{", "f", sample::catalogue()).value(), std::invalid_argument);
}

}  // namespace
}  // namespace coyield::config
