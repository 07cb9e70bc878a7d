#include <coyield/config/listen_address.hpp>

#include <gtest/gtest.h>

namespace coyield::config {
namespace {

TEST(ListenAddress, ReadsBackWhatItWrites) {
  for (const char* text :
       {"127.0.0.1:8080", "0.0.0.0:0", "[::1]:65535", "[::]:80", "unix:/run/coyield.sock"}) {
    EXPECT_EQ(to_string(parse_listen_address(text).value()), text);
  }
  EXPECT_EQ(to_string(ListenAddress{}), "127.0.0.1:8080");
}

TEST(ListenAddress, SplitsHostAndPort) {
  auto address = parse_listen_address("[::1]:81").value();
  EXPECT_EQ(address.kind, ListenAddress::Kind::tcp);
  EXPECT_EQ(address.host, "::1");
  EXPECT_EQ(address.port, 81);
  EXPECT_EQ(parse_listen_address("unix:/a").value().path, "/a");
}

TEST(ListenAddress, MistakesSayWhatToWrite) {
  const std::string long_path = "unix:/" + std::string(107, 'x');
  struct Row {
    std::string text;
    std::string message;
  };
  for (
      const auto& row : {
          Row{":8080",
              R"(":8080" names no address; write "127.0.0.1:8080" for this machine alone or "0.0.0.0:8080" for the whole network)"},
          Row{"*:80",
              R"("*:80" names no address; write "127.0.0.1:80" for this machine alone or "0.0.0.0:80" for the whole network)"},
          Row{"8080", R"("8080" is a port without an address; write "127.0.0.1:8080")"},
          Row{"127.0.0.1", R"("127.0.0.1" has no port; write "127.0.0.1:8080")"},
          Row{"[::1]", R"("[::1]" has no port; write "[::1]:8080")"},
          Row{"::1:80", R"("::1:80" lacks the brackets; write "[::1]:80")"},
          Row{"localhost:80", R"("localhost:80" has a name where the address belongs; write "127.0.0.1:80")"},
          Row{"example.com:80",
              R"("example.com" is no IP address; write an address in numbers, such as "127.0.0.1:80")"},
          Row{"256.0.0.1:80",
              R"("256.0.0.1" is no IP address; write an address in numbers, such as "127.0.0.1:80")"},
          Row{"127.0.0.1:99999", R"("99999" is no port; write a number from 0 to 65535)"},
          Row{"127.0.0.1:http", R"("http" is no port; write a number from 0 to 65535)"},
          Row{"127.0.0.1:", R"("" is no port; write a number from 0 to 65535)"},
          Row{"http://127.0.0.1:80",
              R"("http://127.0.0.1:80" is no address to listen at; write "127.0.0.1:8080" or "unix:/run/coyield.sock")"},
          Row{"unix:run/a", R"("unix:run/a" has no absolute path; write "unix:/run/coyield.sock")"},
          Row{{"127.0.0.1\0x:80", 14},
              R"("127.0.0.1\x00x" is no IP address; write an address in numbers, such as "127.0.0.1:80")"},
          Row{"a\nb", R"("a\nb" has no port; write "127.0.0.1:8080")"},
          Row{"localhost", R"("localhost" has no port; write "127.0.0.1:8080")"},
          Row{"192.0.2.7", R"("192.0.2.7" has no port; write "192.0.2.7:8080")"},
          Row{"[::1]", R"("[::1]" has no port; write "[::1]:8080")"},
          Row{"::1", R"("::1" has no port; write "[::1]:8080")"},
          Row{"", R"(no address; write "127.0.0.1:8080")"},
      }) {
    auto address = parse_listen_address(row.text);
    ASSERT_FALSE(address) << row.text;
    EXPECT_EQ(to_string(address.error()), row.message);
  }
  EXPECT_EQ(parse_listen_address(long_path).error().advice, "a socket's path has at most 107 bytes");
  EXPECT_TRUE(parse_listen_address(long_path.substr(0, long_path.size() - 1)));
}

}  // namespace
}  // namespace coyield::config
