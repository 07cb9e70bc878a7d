// Tokens in files, and what is said of files that have none.
#include <coyield/config/load.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sample.hpp"

namespace coyield::config {
namespace {

class TokenFileTest : public testing::Test {
 protected:
  TokenFileTest() { std::filesystem::create_directory(directory_); }
  ~TokenFileTest() override { std::filesystem::remove_all(directory_); }

  std::string file(std::string_view text) const {
    const std::string path = directory_ / "tokens";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  static Loaded<Configuration> load_access(const std::string& access) {
    return load(R"({"server": {"access": )" + access + R"(}, "endpoints": {"/": {"source": "echo"}}})", "f",
                sample::catalogue(), sample::environment({{"TOKEN", "from-env"}}));
  }
  static std::vector<std::string> tokens(const std::string& access) {
    return load_access(access).value().server.access.tokens.value();
  }
  static std::string problem(const std::string& access) { return load_access(access).error().text(); }
  static std::string from(const std::string& path) { return R"({"file": ")" + path + R"("})"; }

  const std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() /
      ("coyield-access-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(TokenFileTest, HasOneTokenALine) {
  EXPECT_EQ(tokens(from(file("one\ntwo\r\n\n  three \n# of the old system\nfour"))),
            (std::vector<std::string>{"one", "two", "three", "four"}));
}

TEST_F(TokenFileTest, StandsBesideOtherTokens) {
  EXPECT_EQ(tokens(R"(["${env.TOKEN}", )" + from(file("one\n")) + "]"),
            (std::vector<std::string>{"from-env", "one"}));
}

TEST_F(TokenFileTest, ThatIsNotThereIsAProblem) {
  EXPECT_EQ(problem(from("/nowhere/tokens")),
            "f:1: server.access.file: \"/nowhere/tokens\" cannot be read: No such file or directory; "
            "name a file with one token a line that this process may read\n");
}

TEST_F(TokenFileTest, ThatIsADirectoryIsAProblem) {
  EXPECT_NE(problem(from(directory_)).find("cannot be read: Is a directory"), std::string::npos);
}

TEST_F(TokenFileTest, WithoutATokenIsAProblem) {
  EXPECT_NE(problem(from(file("\n# none yet\n"))).find("has no token in it; write one token a line"),
            std::string::npos);
}

TEST_F(TokenFileTest, WithALineThatIsNoTokenIsAProblemThatTellsNoSecret) {
  const std::string text = problem(from(file("one\nhunter 2\n")));
  EXPECT_NE(text.find("line 2 of "), std::string::npos) << text;
  EXPECT_EQ(text.find("hunter"), std::string::npos);
}

TEST_F(TokenFileTest, ThatIsTooLargeIsAProblem) {
  EXPECT_NE(problem(from(file(std::string(1024 * 1024 + 1, 'a')))).find("is larger than 1 MiB"),
            std::string::npos);
}

TEST_F(TokenFileTest, HasNoOtherKeys) {
  EXPECT_NE(problem(R"({"path": "/a"})").find("access.path: unknown key; write \"file\""), std::string::npos);
}

}  // namespace
}  // namespace coyield::config
