// redact as a configuration has it: what its own unit, Redaction, cannot say.
#include <gtest/gtest.h>

#include "configured.hpp"

namespace coyield::generators {
namespace {

TEST(Redact, PutsStarsOrAnotherValueInThePlaceOfAValue) {
  const ConfiguredOperators operators;
  const Texts given{R"({"user":"ann","password":"secret"})"};
  EXPECT_EQ(through(operators, R"({ "redact": ["/password"] })", given),
            (Texts{R"({"user":"ann","password":"***"})"}));
  EXPECT_EQ(through(operators, R"({ "redact": { "fields": ["/password"], "with": { "was": 1 } } })", given),
            (Texts{R"({"user":"ann","password":{"was":1}})"}));
  EXPECT_EQ(through(operators, R"({ "redact": { "fields": ["/password"], "with": null } })", given),
            (Texts{R"({"user":"ann","password":null})"}));
  EXPECT_EQ(through(operators, R"({ "redact": { "fields": ["/password"], "remove": true } })", given),
            (Texts{R"({"user":"ann"})"}));
}

TEST(Redact, EveryMistakeIsReported) {
  const ConfiguredOperators operators;
  EXPECT_EQ(operators.mistakes_in(R"({ "redact": [] })"),
            (Texts{R"(operator: there is nothing to redact; write ["/password"])"}));
  EXPECT_EQ(
      operators.mistakes_in(
          R"({ "redact": { "fields": ["password", "/ok", ""], "with": 1, "remove": true } })"),
      (Texts{
          R"(operator.fields[0]: "password" is no JSON Pointer; write "/password")",
          R"(operator.fields[2]: "" is the whole item; write a place in it, such as "/name"; whole items are dropped by "where")",
          R"(operator.with: is what the values are replaced with, and "remove" says that they are removed; leave one of them out)"}));
  EXPECT_FALSE(operators.load(R"({ "redact": ["/${query.place}"] })"))
      << "what is hidden is not for a client to say";
  EXPECT_TRUE(
      operators.mistakes_in(R"({ "redact": { "fields": ["/a"], "remove": false, "with": "" } })").empty());
}

}  // namespace
}  // namespace coyield::generators
