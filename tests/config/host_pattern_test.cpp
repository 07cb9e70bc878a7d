#include <coyield/config/host_pattern.hpp>

#include <gtest/gtest.h>

namespace coyield::config {
namespace {

TEST(HostPattern, MatchesTheNamesThatItStandsFor) {
  struct Row {
    const char* pattern;
    const char* host;
    bool matches;
  };
  for (const Row& row :
       {Row{"example.com", "example.com", true}, Row{"example.com", "EXAMPLE.com", true},
        Row{"example.com", "a.example.com", false}, Row{"example.com", "example.co", false},
        Row{"*.example.com", "a.example.com", true}, Row{"*.example.com", "a.b.EXAMPLE.com", true},
        Row{"*.example.com", "example.com", false}, Row{"*.example.com", ".example.com", false},
        Row{"*.example.com", "aexample.com", false}, Row{"*.example.com", "a.example.com.evil", false},
        Row{"*", "whatever", true}}) {
    EXPECT_EQ(matches_host(row.pattern, row.host), row.matches) << row.pattern << ' ' << row.host;
  }
}

TEST(HostPattern, IsKeptInLowerCase) {
  EXPECT_EQ(*parse_host_pattern("*.Example.COM"), "*.example.com");
  EXPECT_EQ(*parse_host_pattern("*"), "*");
}

TEST(HostPattern, MistakesSayWhatToWrite) {
  struct Row {
    const char* text;
    const char* message;
  };
  for (
      const Row& row :
      {Row{"https://example.com/",
           R"("https://example.com/" is not the name of a host; write "example.com"; a port plays no part)"},
       Row{"example.com:8080",
           R"("example.com:8080" is not the name of a host; write "example.com"; a port plays no part)"},
       Row{"",
           R"("" is not the name of a host; write "example.com", "*.example.com" for all below it, or "*" for any)"},
       Row{"a*.example.com",
           R"("a*.example.com" is not the name of a host; write "example.com", "*.example.com" for all below it, or "*" for any)"}}) {
    EXPECT_EQ(to_string(parse_host_pattern(row.text).error()), row.message);
  }
}

}  // namespace
}  // namespace coyield::config
