#include <gtest/gtest.h>

#include <coyield/generators/net/url.hpp>

namespace coyield::generators::net {
namespace {

constexpr Schemes web = http_schemes;

Url url(std::string_view text) { return parse_url(text, web).value(); }
std::string mistake(std::string_view text) {
  const auto parsed = parse_url(text, web);
  return parsed ? "" : parsed.error().what;
}

TEST(Url, HasItsParts) {
  const Url one = url("https://api.example.com/v1/events?a=1&b=%20#part");
  EXPECT_EQ(one.scheme, "https");
  EXPECT_TRUE(one.tls);
  EXPECT_EQ(one.host, "api.example.com");
  EXPECT_EQ(one.port, "443");
  EXPECT_EQ(one.authority, "api.example.com");
  EXPECT_EQ(one.target, "/v1/events?a=1&b=%20");
  const Url other = url("HTTP://user:p%40ss@[::1]:8080");
  EXPECT_EQ(other.scheme, "http");
  EXPECT_FALSE(other.tls);
  EXPECT_EQ(other.host, "::1");
  EXPECT_EQ(other.port, "8080");
  EXPECT_EQ(other.authority, "[::1]:8080");
  EXPECT_EQ(other.target, "/");
  EXPECT_EQ(other.userinfo, "user:p@ss");
  EXPECT_EQ(url("http://h?x").target, "/?x");
  EXPECT_EQ(url("https://h:443/").authority, "h");
}

TEST(Url, SaysWhatIsWrong) {
  EXPECT_EQ(mistake("ftp://h/"), "does not begin with http:// or https://");
  EXPECT_EQ(mistake("h/path"), "is no URL");
  EXPECT_EQ(mistake("http://h/a b"), "is no URL");
  EXPECT_EQ(mistake("http:///path"), "names no host");
  EXPECT_EQ(mistake("http:path"), "names no host");
  EXPECT_EQ(mistake("http://h:0/"), "has no port between 1 and 65535");
  EXPECT_EQ(mistake("http://h:99999/"), "has no port between 1 and 65535");
  EXPECT_EQ(mistake(""), "is no URL");
}

TEST(Url, IsResolvedAgainstAnother) {
  const Url base = url("https://a.example/b/c?d");
  const auto at = [&](std::string_view reference) {
    const Url there = resolve(base, reference, web).value();
    return there.scheme + "://" + there.authority + there.target;
  };
  EXPECT_EQ(at("/x"), "https://a.example/x");
  EXPECT_EQ(at("x?y"), "https://a.example/b/x?y");
  EXPECT_EQ(at("../x"), "https://a.example/x");
  EXPECT_EQ(at("//b.example/x"), "https://b.example/x");
  EXPECT_EQ(at("http://b.example:81/x"), "http://b.example:81/x");
  EXPECT_FALSE(resolve(base, "ftp://b/", web));
  EXPECT_FALSE(resolve(base, "http://b/ x", web));
}

TEST(Url, IsShownWithoutWhatIsSecret) {
  EXPECT_EQ(to_string(url("https://user:secret@h/path?token=secret")), "https://h/path");
}

TEST(Url, OriginIsSchemeHostAndPort) {
  EXPECT_TRUE(url("http://a/x").same_origin(url("http://a:80/y")));
  EXPECT_FALSE(url("http://a/").same_origin(url("https://a/")));
  EXPECT_FALSE(url("http://a/").same_origin(url("http://a:81/")));
}

}  // namespace
}  // namespace coyield::generators::net
