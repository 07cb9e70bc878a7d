#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/operators/jq_program.hpp>

#include "configured.hpp"

namespace coyield::generators {
namespace {

TEST(Jq, MakesItemsOfItems) {
  const ConfiguredOperators operators;
  const Texts given{R"({"ts":1,"msg":"a","tags":["x","y"]})", R"({"ts":2,"msg":"b","tags":[]})"};
  EXPECT_EQ(through(operators, R"({ "jq": "{ts, text: .msg}" })", given),
            (Texts{R"({"ts":1,"text":"a"})", R"({"ts":2,"text":"b"})"}));
  EXPECT_EQ(through(operators, R"({ "jq": ".tags[]" })", given), (Texts{R"("x")", R"("y")"}));
  EXPECT_EQ(through(operators, R"x({ "jq": "select(.ts > 1)" })x", given), (Texts{given[1]}));
  EXPECT_EQ(through(operators, R"({ "jq": "# all\n." })", given), given);
  EXPECT_EQ(through(operators, R"({ "jq": "empty # none" })", given), Texts{});
}

TEST(Jq, HasArgumentsBesideTheItem) {
  const ConfiguredOperators operators;
  EXPECT_EQ(
      through(operators, R"({ "jq": { "program": ".a + $args.b", "args": { "b": 2 } } })", {R"({"a":1})"}),
      (Texts{"3"}));
  EXPECT_EQ(through(operators, R"({ "jq": "$args" })", {"1"}), (Texts{"{}"}));
}

TEST(Jq, FailsOrDropsWhereTheProgramEndsWithAnError) {
  const ConfiguredOperators operators;
  const Texts given{R"({"a":1})", R"({"a":"x"})", R"({"a":2})"};
  EXPECT_EQ(through(operators, R"({ "jq": { "program": ".a + 1", "on_error": "drop" } })", given),
            (Texts{"2", "3"}));
  JqProgram program(".a + 1");
  const auto outcome = program.run(R"({"a":"x"})", "{}", 1000);
  EXPECT_EQ(outcome.outputs, Texts{});
  EXPECT_EQ(outcome.error, R"(string ("x") and number (1) cannot be added)");
  JqProgram own("1, error({\"a\":1})");
  const auto partly = own.run("null", "{}", 1000);
  EXPECT_EQ(partly.outputs, Texts{"1"});
  EXPECT_EQ(partly.error, R"({"a":1})");
}

TEST(Jq, MakesNoMoreOfOneItemThanIsAllowed) {
  JqProgram program("range(1000000)");
  const auto outcome = program.run("null", "{}", 10);
  EXPECT_EQ(outcome.outputs, (Texts{"0", "1", "2", "3", "4"}));
  EXPECT_EQ(outcome.error, "it makes more than 10 bytes of one item");
  EXPECT_EQ(program.run("null", "{}", 4).outputs, (Texts{"0", "1"})) << "it can be run again after that";
}

TEST(Jq, IsRunOverAndOverWithoutMixingItemsUp) {
  JqProgram program(".[]");
  for (int i = 0; i < 1000; ++i) {
    const std::string number = std::to_string(i);
    EXPECT_EQ(program.run("[" + number + "," + number + "]", "{}", 1000).outputs, (Texts{number, number}));
  }
}

TEST(Jq, IsRefusedWhatReachesOutOfTheItem) {
  for (const char* program : {"env",
                              "$ENV.PATH",
                              ". | env",
                              "import \"a\" as a; .",
                              "include \"a\"; .",
                              "input",
                              "[inputs]",
                              "debug",
                              "stderr",
                              "halt",
                              "halt_error(1)",
                              "\"\\(env.PATH)\"",
                              "\"a\\(\"b\\(env)\")\"",
                              "input_filename",
                              "{(env|keys[0]): 1}",
                              "{env}",
                              "[env]",
                              "$__prog_args",
                              ". as $x | input",
                              "get_search_list",
                              "\"\\(1 + (2))\" , env",
                              "input_line_number",
                              "env::x"}) {
    EXPECT_TRUE(JqProgram::refusal(program)) << program;
  }
  for (const char* program :
       {".env", "\"env\"", "{env: 1}", "{\"input\": 1} | .input", "# env\n.", ". as $input | $input",
        "\"\\(.env)\"", "def environment: 1; environment", ".a.debug", "{input : .x}", "\"\\\\\" , .input"}) {
    EXPECT_FALSE(JqProgram::refusal(program)) << program;
    EXPECT_NO_THROW(JqProgram{program}) << program;
  }
}

TEST(Jq, EveryMistakeIsReportedWithItsPlace) {
  const ConfiguredOperators operators;
  EXPECT_EQ(
      operators.mistakes_in(R"({ "jq": ". | env" })"),
      (Texts{
          R"(operator: "env" at column 5 would reach out of the item; leave it out: a program sees the item, and $args)"}));
  EXPECT_EQ(
      operators.mistakes_in("{ \"jq\": \".\\n| [\\n  input]\" }"),
      (Texts{
          R"(operator: "input" at line 3, column 3 would reach out of the item; leave it out: a program sees the item, and $args)"}));
  const auto syntax = operators.mistakes_in(R"({ "jq": "{a" })");
  ASSERT_EQ(syntax.size(), 1u);
  EXPECT_NE(syntax[0].find("operator: jq: syntax error"), std::string::npos) << syntax[0];
  const auto unknown = operators.mistakes_in(R"x({ "jq": "nonsense(1)" })x");
  ASSERT_EQ(unknown.size(), 1u);
  EXPECT_NE(unknown[0].find("nonsense/1 is not defined"), std::string::npos) << unknown[0];
  EXPECT_EQ(operators.mistakes_in(R"({ "jq": { "program": ".", "args": [] } })").size(), 1u);
  EXPECT_FALSE(operators.load(R"({ "jq": "${query.program}" })")) << "a program is not for a client to write";
}

}  // namespace
}  // namespace coyield::generators
