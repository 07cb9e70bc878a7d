// Where values of a request may stand in what is run or asked for, and which ones.
#include <coyield/config/load.hpp>

#include <gtest/gtest.h>

#include "sample.hpp"

namespace coyield::config {
namespace {

using sample::request;
using Texts = std::vector<std::string>;

std::string problems_of(const std::string& source) {
  const auto text = R"({"endpoints": {"/a/{x}": {"source": )" + source + "}}}";
  const auto loaded = load(text, "f", sample::catalogue(), sample::environment({{"HOST", "h"}}));
  return loaded ? "" : loaded.error().text();
}
ComponentConfig source(const std::string& text) {
  return load_component(ComponentKind::source, text, sample::catalogue(),
                        sample::environment({{"HOST", "h"}}))
      .value();
}
std::string refusal(const ComponentConfig& config, const std::string& value) {
  const auto arguments = config.resolve(request({{"path.x", value}}));
  return arguments ? "" : arguments.error().sentence;
}

TEST(Filling, AnArgumentIsAValueAsAWhole) {
  const auto config = source(R"({"program": ["grep", "-e", "${path.x}", "--", "${query.file:--}"]})");
  const auto arguments = config.resolve(request({{"path.x", "a b; rm *"}})).value();
  EXPECT_EQ(arguments.get<Texts>("command"), (Texts{"grep", "-e", "a b; rm *", "--", "-"}));
}

TEST(Filling, AnArgumentOfARequestIsNoOption) {
  const auto config = source(R"({"program": ["grep", "${path.x}"]})");
  EXPECT_EQ(refusal(config, "-v"), R"("x" in the path: "-v" begins with "-", and would be taken for an )"
                                   R"(option; begin it with something else)");
  EXPECT_EQ(refusal(config, "v-"), "");
  EXPECT_EQ(refusal(config, ""), "");
  EXPECT_EQ(refusal(config, std::string("a\0b", 3)),
            R"("x" in the path: an argument cannot hold a NUL character; leave it out)");
}

TEST(Filling, NoRequestChoosesTheProgramOrAPartOfAnArgument) {
  const std::string at = "f:1: endpoints./a/{x}.source";
  EXPECT_EQ(problems_of(R"({"program": ["${path.x}", "a"]})"),
            at + "[0]: which program it is, no request may say; write its name out\n");
  EXPECT_EQ(problems_of(R"({"program": ["tail", "--lines=${path.x}"]})"),
            at + R"([1]: ${path.x} is a part of an argument; make it one of its own, "${path.x}", or give )"
                 R"(it in "env")"
                 "\n");
  EXPECT_EQ(problems_of(R"({"program": ["/opt/${env.HOST}/run", "--on=${env.HOST}"]})"), "");
}

TEST(Filling, ValuesInAUrlAreEncodedAndDefaultsAreNot) {
  const auto config = source(R"({"http": "https://${env.HOST}/v1/${path.x}?q=${query.q:-a+b}"})");
  const auto url = [&](const std::string& value) {
    return config.resolve(request({{"path.x", value}})).value().get<std::string>("url");
  };
  EXPECT_EQ(url("plain-._~1"), "https://h/v1/plain-._~1?q=a+b");
  EXPECT_EQ(url("a/b?c=d&e#f@g:h"), "https://h/v1/a%2Fb%3Fc%3Dd%26e%23f%40g%3Ah?q=a+b");
  EXPECT_EQ(url("\xc3\xa9 \r\n%"), "https://h/v1/%C3%A9%20%0D%0A%25?q=a+b");
  EXPECT_EQ(refusal(config, ".."),
            R"("x" in the path: ".." is no name, but a way to another path; write a name)");
}

TEST(Filling, NoRequestChoosesTheServerThatIsAsked) {
  for (const char* url : {"${path.x}", "https://${path.x}", "https://${path.x}.example.com/",
                          "${path.x}://h/", "https://h:${path.x}/", "https://h${path.x}/", "//h/${path.x}"}) {
    const auto problems = problems_of("{\"http\": \"" + std::string(url) + "\"}");
    EXPECT_NE(problems.find("stands where the URL says which server is asked"), std::string::npos)
        << url << ": " << problems;
  }
  EXPECT_EQ(problems_of(R"({"http": "https://h/${path.x}"})"), "");
  EXPECT_EQ(problems_of(R"({"http": "https://h?x=${path.x}"})"), "");
}

TEST(Filling, WhetherASourceTakesInputItsArgumentSays) {
  EXPECT_FALSE(source(R"({"program": ["cat"]})").constants().reads_input());
  EXPECT_TRUE(source(R"({"program": {"command": ["cat"], "stdin": true}})").constants().reads_input());
  EXPECT_EQ(problems_of(R"({"program": {"command": ["cat"], "stdin": true}})"),
            R"(f:1: endpoints./a/{x}.input: missing, and the source "program" takes what clients send; )"
            R"(write "input": true)"
            "\n");
}

}  // namespace
}  // namespace coyield::config
