#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/jq/pool.hpp>
#include <coyield/generators/jq/program_text.hpp>
#include <coyield/generators/pipeline.hpp>
#include <filesystem>
#include <fstream>
#include <functional>

#include "configured.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Collection;

/// The processes that this one has started, zombies included.
std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string line;
    if (!std::getline(file, line)) continue;
    const auto behind = line.rfind(')');
    if (behind == std::string::npos || std::stoi(line.substr(behind + 4)) != parent) continue;
    children.push_back(std::stoi(line));
  }
  return children;
}

std::size_t descriptors() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                                                std::filesystem::directory_iterator()));
}

/// On a loop with the real clock, since processes do not follow another.
class Jq : public ::testing::Test {
 protected:
  AsyncGenerator<Item> apply(std::string_view text, AsyncGenerator<Item> upstream,
                             OperatorContext given = {}) const {
    return operators.apply(text, std::move(upstream), given);
  }
  Collection<Item> collect(AsyncGenerator<Item> stream, std::size_t limit = Collection<Item>::no_limit) {
    return Collection<Item>(loop(), std::move(stream), limit);
  }
  Loop& loop() { return Loop::of(context->get_executor()); }
  jq::Pools& pools() { return jq::Pools::of(context->get_executor()); }

  bool comes_true(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
      context->restart();
      context->run_for(2ms);
      if (std::chrono::steady_clock::now() > until) return false;
    }
    return true;
  }
  Collection<Item> run(AsyncGenerator<Item> stream) {
    auto seen = collect(std::move(stream));
    EXPECT_TRUE(comes_true([&] { return seen.ended(); }));
    return seen;
  }
  /// What comes of items that are there at once, and how it ends.
  Texts outcome(std::string_view text, Texts given, OperatorContext with = {}) {
    const auto seen = run(apply(text, items_of(std::move(given)), with));
    Texts all = payloads(seen);
    try {
      seen.rethrow_failure();
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.kind(), FailureKind::internal);
      all.push_back(failure.what());
    }
    return all;
  }

  ConfiguredOperators operators;
  std::unique_ptr<asio::io_context> context = std::make_unique<asio::io_context>();
};

Texts numbers(int from, int to) {
  Texts all;
  for (int i = from; i <= to; ++i) all.push_back(std::to_string(i));
  return all;
}

TEST_F(Jq, MakesNoneOneOrSeveralItemsOfAnItem) {
  const Texts given{R"({"ts":1,"msg":"a","tags":["x","y"]})", R"({"ts":2,"msg":"b","tags":[]})"};
  EXPECT_EQ(outcome(R"({ "jq": "{ts, text: .msg}" })", given),
            (Texts{R"({"ts":1,"text":"a"})", R"({"ts":2,"text":"b"})"}));
  EXPECT_EQ(outcome(R"({ "jq": ".tags[]" })", given), (Texts{R"("x")", R"("y")"}));
  EXPECT_EQ(outcome(R"x({ "jq": "select(.ts > 1)" })x", given), (Texts{given[1]}));
  EXPECT_EQ(outcome(R"({ "jq": "# all\n." })", given), given);
  EXPECT_EQ(outcome(R"({ "jq": "empty # none" })", given), Texts{});
  EXPECT_EQ(outcome(R"({ "jq": "." })", {}), Texts{});
}

TEST_F(Jq, KeepsTheOrderOfManyItems) {
  EXPECT_EQ(outcome(R"({ "jq": "." })", numbers(1, 5000)), numbers(1, 5000));
  const std::string_view twice = R"({ "jq": "., -." })";
  const Texts made = outcome(twice, numbers(1, 1000));
  ASSERT_EQ(made.size(), 2000u);
  EXPECT_EQ(made[1998], "1000");
  EXPECT_EQ(made[1999], "-1000");
}

TEST_F(Jq, TakesItemsThatAreLongerThanAPipe) {
  const std::string text = '"' + std::string(700'000, 'x') + '"';
  EXPECT_EQ(outcome(R"({ "jq": "." })", {text, "1", text}), (Texts{text, "1", text}));
  EXPECT_EQ(outcome(R"({ "jq": "length" })", Texts(8, text)), Texts(8, "700000"));
}

TEST_F(Jq, TakesTextsAndBytesAsStrings) {
  const auto both = []() -> AsyncGenerator<Item> {
    co_yield Item::text("a\"b");
    co_yield Item::bytes("\xff");
  };
  EXPECT_EQ(payloads(run(apply(R"({ "jq": "[.]" })", both()))), (Texts{R"(["a\"b"])", R"(["/w=="])"}));
}

TEST_F(Jq, WritesEveryValueAsJson) {
  const Texts values{R"({"a":[null,true,false],"b":{},"c":[]})", R"(["\"\\\b\f\n\r\t\u0001/","\u007f é 😀"])",
                     "[0,-0,1,-1,0.1,1e+100,-2.5e-07]", "[1700000000000000000,-9007199254740992]"};
  EXPECT_EQ(outcome(R"({ "jq": "." })", values),
            (Texts{values[0], "[\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001/\",\"\x7f é 😀\"]", values[2], values[3]}));
  EXPECT_EQ(outcome(R"({ "jq": ". + 0" })", {"9007199254740993"}), Texts{"9007199254740992"})
      << "jq counts in floating point";
  EXPECT_EQ(outcome(R"({ "jq": "[nan, infinite]" })", {"1"}), Texts{"[null,1.7976931348623157e+308]"});
}

TEST_F(Jq, HasArgumentsBesideTheItem) {
  EXPECT_EQ(outcome(R"({ "jq": { "program": ".a + $args.b", "args": { "b": 2 } } })", {R"({"a":1})"}),
            (Texts{"3"}));
  EXPECT_EQ(outcome(R"({ "jq": { "program": ".a + $args.b", "args": { "b": 3 } } })", {R"({"a":1})"}),
            (Texts{"4"}))
      << "the same process, another request";
  EXPECT_EQ(pools().get(".a + $args.b").size(), 1u);
  EXPECT_EQ(outcome(R"({ "jq": "$args" })", {"1"}), (Texts{"{}"}));
}

TEST_F(Jq, KeepsTheEventAndWithOneOutputTheId) {
  const auto named = []() -> AsyncGenerator<Item> {
    for (const char* id : {"i1", "i2"}) {
      Item item = Item::json("[1,2]");
      item.set_id(id);
      item.set_event("news");
      co_yield std::move(item);
    }
  };
  const auto one = run(apply(R"({ "jq": { "program": "first", "outputs": "one" } })", named()));
  ASSERT_EQ(one.size(), 2u);
  EXPECT_EQ(one.stamped()[0].item.id(), "i1");
  EXPECT_EQ(one.stamped()[1].item.id(), "i2");
  EXPECT_EQ(one.stamped()[1].item.event(), "news");
  const auto several = run(apply(R"({ "jq": ".[]" })", named()));
  ASSERT_EQ(several.size(), 4u);
  EXPECT_EQ(several.stamped()[3].item.id(), "") << "going on behind one of two outputs would give it again";
  EXPECT_EQ(several.stamped()[3].item.event(), "news");
}

TEST_F(Jq, CanBeResumedWhereNoItemHasSeveralOutputs) {
  Registry registry;
  for (Operator& op : all_operators()) registry.add(std::move(op));
  const Operator& jq = *registry.find_operator("jq");
  const auto positions = [&](std::string_view text) {
    return jq.positions_with(operators.load(text)->constants());
  };
  EXPECT_EQ(positions(R"({ "jq": ".a" })"), Positions::lost);
  EXPECT_EQ(positions(R"({ "jq": { "program": ".a", "outputs": "one" } })"), Positions::kept);
  EXPECT_EQ(outcome(R"({ "jq": { "program": ".[]", "outputs": "one" } })", {"[1]", "[]", "[2,3]", "[4]"}),
            (Texts{"1", "jq: it makes several outputs of one item, and \"outputs\" says one"}));
  EXPECT_EQ(outcome(R"x({ "jq": { "program": "1, error(\"x\")", "outputs": "one" } })x", {"0"}),
            (Texts{"jq: x"}))
      << "its id would tell the client that the item is done with";
}

TEST_F(Jq, PassesGapsOnInTheirPlace) {
  const auto seen = run(apply(R"({ "jq": ". + 1" })", items_of({"1", "2", std::string(gap_text), "3"})));
  EXPECT_EQ(payloads(seen), (Texts{"2", "3", std::string(gap_text), "4"}));
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_TRUE(is_gap(seen.stamped()[2].item));
}

TEST_F(Jq, FailsOrDropsWhereTheProgramEndsWithAnError) {
  const Texts given{R"({"a":1})", R"({"a":"x"})", R"({"a":2})"};
  EXPECT_EQ(outcome(R"({ "jq": ".a + 1" })", given),
            (Texts{"2", R"(jq: string ("x") and number (1) cannot be added)"}));
  EXPECT_EQ(outcome(R"({ "jq": { "program": ".a + 1", "on_error": "drop" } })", given), (Texts{"2", "3"}));
  EXPECT_EQ(outcome(R"x({ "jq": "1, error({\"a\":1})" })x", {"0"}), (Texts{"1", R"(jq: {"a":1})"}));
}

TEST_F(Jq, FailsBehindItsItemsWhereUpstreamDoes) {
  const auto broken = []() -> AsyncGenerator<Item> {
    co_yield Item::json("1");
    throw Failure(FailureKind::upstream, "broken");
  };
  const auto seen = run(apply(R"({ "jq": ". + 1" })", broken()));
  EXPECT_EQ(payloads(seen), Texts{"2"});
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST_F(Jq, OnErrorStandsBehindIt) {
  const auto seen = run(operators.apply(R"({ "on_error": { "item": "over" } })",
                                        apply(R"({ "jq": "1/." })", items_of({"1", "0", "2"}))));
  EXPECT_EQ(payloads(seen), (Texts{"1", R"("over")"}));
}

TEST_F(Jq, MakesNoMoreOfOneItemThanIsAllowed) {
  const Texts made = outcome(R"x({ "jq": "range(1000000)" })x", {"0"}, {.max_item = 1000});
  ASSERT_GT(made.size(), 10u);
  EXPECT_EQ(made.back(), "jq: it makes more than 1000 bytes of one item");
  EXPECT_EQ(outcome(R"({ "jq": { "program": "[range(.)] | tojson", "on_error": "drop" } })",
                    {"1", "9999", "2"}, {.max_item = 1000}),
            (Texts{R"("[0]")", R"("[0,1]")"}));
}

TEST_F(Jq, AnItemThatKillsItIsAnErrorAndThoseAroundItAreNot) {
  // libjq 1.6 aborts where a time is too far away to be a date.
  Texts given = numbers(1, 300);
  given[120] = "1700000000000000000";
  const Texts made = outcome(R"({ "jq": { "program": "todate", "on_error": "drop" } })", given);
  ASSERT_EQ(made.size(), 299u);
  EXPECT_EQ(made.front(), R"("1970-01-01T00:00:01Z")");
  EXPECT_EQ(made[119], R"("1970-01-01T00:02:00Z")");
  EXPECT_EQ(made[120], R"("1970-01-01T00:02:02Z")");
  EXPECT_EQ(made.back(), R"("1970-01-01T00:05:00Z")");
  EXPECT_EQ(outcome(R"({ "jq": "todate" })", {"0", given[120], "1"}),
            (Texts{R"("1970-01-01T00:00:00Z")", "jq: it died of this item: SIGABRT"}));
}

TEST_F(Jq, EveryItemMayKillIt) {
  EXPECT_EQ(
      outcome(R"({ "jq": { "program": "todate", "on_error": "drop" } })", Texts(50, "1700000000000000000")),
      Texts{});
}

TEST_F(Jq, AnItemThatTakesTooLongIsAnError) {
  const std::string_view spin =
      R"x({ "jq": { "program": "if . == 3 then last(repeat(1)) else . end", "timeout": "100ms", "on_error": "drop" } })x";
  EXPECT_EQ(outcome(spin, {"1", "2", "3", "4", "3", "5"}), (Texts{"1", "2", "4", "5"}));
  EXPECT_EQ(outcome(R"x({ "jq": { "program": "last(repeat(1))", "timeout": "50ms" } })x", {"1"}),
            (Texts{"jq: it takes longer than 50 ms for this item"}));
  EXPECT_EQ(
      outcome(R"x({ "jq": { "program": "[.[] | indices(\"\")]", "timeout": "50ms" } })x", {R"(["ab"])"}),
      (Texts{"jq: it takes longer than 50 ms for this item"}))
      << "libjq 1.6 never comes back from that";
}

TEST_F(Jq, WhatIsReadyDoesNotWaitForAnItemThatTakesLong) {
  const std::string_view spin =
      R"x({ "jq": { "program": "if . == 2 then last(repeat(1)) else . end", "timeout": "1h" } })x";
  auto seen = collect(apply(spin, items_of({"1", "2", "3"})));
  EXPECT_TRUE(comes_true([&] { return seen.size() == 1; }));
  EXPECT_FALSE(seen.ended());
}

TEST_F(Jq, WhatIsNestedTooDeeplyIsAnErrorAndNoBrokenJson) {
  const std::string deep = std::string(250, '[') + std::string(250, ']');
  EXPECT_EQ(outcome(R"({ "jq": "." })", {deep}), Texts{deep});
  EXPECT_EQ(outcome(R"({ "jq": "[[[[[[[[.]]]]]]]]" })", {deep}),
            (Texts{"jq: it makes something that is nested too deeply"}));
  EXPECT_EQ(outcome(R"x({ "jq": "reduce range(300) as $i (0; [.])" })x", {"0"}),
            (Texts{"jq: it makes something that is nested too deeply"}));
  EXPECT_EQ(outcome(R"({ "jq": "." })", {R"("a \" <too deep>")"}), (Texts{R"("a \" <too deep>")"}));
}

TEST_F(Jq, TakesNoMoreMemoryThanItMay) {
  EXPECT_EQ(
      outcome(
          R"x({ "jq": { "program": "if . == 2 then reduce range(40) as $i (\"x\"; . + .) | length else . end", "timeout": "1m", "on_error": "drop" } })x",
          {"1", "2", "3"}),
      (Texts{"1", "3"}));
}

TEST_F(Jq, NothingThatIsReadyIsHeldBackWhileUpstreamWaits) {
  testing::Script<Item> script;
  script.item(json_item("1")).item(json_item("2")).wait_for_ever();
  auto seen = collect(apply(R"({ "jq": ". + 1" })", script.play()));
  EXPECT_TRUE(comes_true([&] { return seen.size() == 2; }));
  EXPECT_FALSE(seen.ended());
  seen.drop();
  EXPECT_EQ(script.cancelled_at(), 2u);
}

TEST_F(Jq, AsksUpstreamForOneMoreItemAtMostWhileItsConsumerIsBusy) {
  testing::Script<Item> script;
  script.item(json_item("1")).wait(1ms).item(json_item("2")).item(json_item("3"));
  auto seen = collect(apply(R"({ "jq": "., ." })", script.play()), 1);
  EXPECT_TRUE(comes_true([&] { return seen.size() == 1; }));
  context->run_for(20ms);
  EXPECT_EQ(script.given(), 2u);
  seen.take(100);
  EXPECT_TRUE(comes_true([&] { return seen.ended(); }));
  EXPECT_EQ(payloads(seen), (Texts{"1", "1", "2", "2", "3", "3"}));
}

TEST_F(Jq, CanBeCancelledWhileItWaits) {
  auto seen =
      collect(apply(R"x({ "jq": { "program": "last(repeat(1))", "timeout": "1h" } })x", items_of({"1"})));
  EXPECT_TRUE(comes_true([&] { return pools().get("last(repeat(1))").size() == 1; }));
  seen.cancel();
  EXPECT_TRUE(comes_true([&] { return seen.ended(); }));
  EXPECT_THROW(seen.rethrow_failure(), boost::system::system_error);
}

TEST_F(Jq, OneThatLeavesDisturbsNoOther) {
  const std::string_view text = R"({ "jq": "[., .]" })";
  auto staying = collect(apply(text, items_of(numbers(1, 3000))));
  for (int i = 0; i < 20; ++i) {
    auto leaving = collect(apply(text, items_of(numbers(1, 3000))));
    comes_true([&, turns = 0]() mutable { return ++turns > i % 4; });
    leaving.drop();
  }
  EXPECT_TRUE(comes_true([&] { return staying.ended(); }));
  EXPECT_EQ(staying.size(), 3000u);
  EXPECT_EQ(payloads(staying).back(), "[3000,3000]");
  EXPECT_LE(pools().get("[., .]").size(), jq::Pool::most_children);
}

TEST_F(Jq, ManyStreamsShareTwoProcesses) {
  std::vector<Collection<Item>> all;
  for (int i = 0; i < 50; ++i)
    all.push_back(collect(apply(R"({ "jq": ". * 2" })", items_of(numbers(1, 400)))));
  EXPECT_TRUE(comes_true(
      [&] { return std::all_of(all.begin(), all.end(), [](const auto& seen) { return seen.ended(); }); }));
  for (const auto& seen : all) {
    ASSERT_EQ(seen.size(), 400u);
    EXPECT_EQ(payloads(seen).back(), "800");
  }
  EXPECT_EQ(pools().get(". * 2").size(), 2u);
  EXPECT_EQ(pools().running(), 2u);
}

TEST_F(Jq, AProcessThatIsKilledFailsItsStreamAndTheNextOneGetsAnother) {
  auto seen =
      collect(apply(R"x({ "jq": { "program": "last(repeat(1)), 7", "timeout": "1h" } })x", items_of({"1"})));
  std::vector<pid_t> started;
  EXPECT_TRUE(comes_true([&] { return !(started = children_of(::getpid())).empty(); }));
  for (const pid_t child : started) ::kill(child, SIGKILL);
  EXPECT_TRUE(comes_true([&] { return seen.ended(); }));
  EXPECT_THROW(seen.rethrow_failure(), Failure);
  EXPECT_EQ(outcome(R"({ "jq": "." })", {"1"}), Texts{"1"});
}

TEST_F(Jq, LeavesNoProcessNoZombieAndNoDescriptor) {
  outcome(R"({ "jq": "." })", {"1"});
  context.reset();
  context = std::make_unique<asio::io_context>();
  const std::size_t before = descriptors();
  for (int i = 0; i < 200; ++i) {
    auto seen = collect(apply(R"({ "jq": "." })", items_of(numbers(1, 10 + i))));
    if (i % 2 == 0) {
      EXPECT_TRUE(comes_true([&] { return seen.ended(); }));
    }
    if (i % 20 == 19) {
      seen.drop();
      context = std::make_unique<asio::io_context>();
    }
  }
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(children_of(::getpid()), std::vector<pid_t>{});
}

TEST_F(Jq, EndsProcessesThatHaveNothingToDo) {
  const auto clock = std::make_shared<testing::ManualClock>();
  loop().use_manual_clock(clock);
  outcome(R"({ "jq": "." })", {"1"});
  EXPECT_EQ(pools().running(), 1u);
  const auto idle_until = [&](std::chrono::nanoseconds time) {
    clock->set(time);
    loop().fire_until(time);
  };
  const auto start = clock->now();
  idle_until(start + jq::Pool::idle_time - 1s);
  EXPECT_EQ(pools().get(".").size(), 1u);
  idle_until(start + jq::Pool::idle_time + 1s);
  EXPECT_EQ(pools().get(".").size(), 0u);
  EXPECT_TRUE(comes_true([&] { return pools().running() == 0; }));
  EXPECT_EQ(outcome(R"({ "jq": "." })", {"2"}), Texts{"2"});
}

TEST_F(Jq, MayBeDestroyedWithItsLoop) {
  auto working =
      collect(apply(R"x({ "jq": { "program": "last(repeat(1))", "timeout": "1h" } })x", items_of({"1"})));
  auto waiting = collect(apply(R"({ "jq": ".[]" })", items_of({"[1,2]"})), 1);
  EXPECT_TRUE(comes_true([&] { return waiting.size() == 1; }));
  context.reset();
  EXPECT_TRUE(children_of(::getpid()).empty());
}

TEST_F(Jq, SeesNothingOfTheServer) {
  ::setenv("COYIELD_TEST_SECRET", "secret", 1);
  // Not by the operator, which refuses the word: what stands behind it has nothing to give either.
  const auto work = std::make_shared<jq::Work>();
  Event changed;
  work->changed = &changed;
  const std::string items(
      "\x01\0\0\0"
      "1",
      5);
  const jq::BatchHead head{0, 5, 1, 1000, 1000, 0};
  work->request.append({reinterpret_cast<const char*>(&head), sizeof head});
  work->request.append(items);
  pools().get("[env, $ENV]").submit(work);
  EXPECT_TRUE(comes_true([&] { return work->ended; }));
  EXPECT_NE(work->answers.view().find("[{},{}]"), std::string_view::npos) << work->answers.view();
  ::unsetenv("COYIELD_TEST_SECRET");
}

TEST(JqProgram, IsRefusedWhatReachesOutOfTheItem) {
  for (const char* program : {"env",
                              "$ENV.PATH",
                              "$ ENV",
                              "$ # the environment\n ENV",
                              "{$ENV}",
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
                              "{a: env}",
                              "{a: 1 | env}",
                              "{a: [1, env]}",
                              "[env]",
                              ".[input:2]",
                              "..env",
                              ". env",
                              "1.env",
                              "$__prog_args",
                              ". as $x | input",
                              "get_search_list",
                              "\"\\(1 + (2))\" , env",
                              "input_line_number",
                              "env::x"}) {
    EXPECT_TRUE(jq::refusal(program)) << program;
  }
  for (const char* program :
       {".env", "\"env\"", "{env: 1}", "{env}", "{a: 1, env}", "{\"input\": 1} | .input", "# env\n.",
        ". as $input | $input", "\"\\(.env)\"", "def environment: 1; environment", ".a.debug", "{input : .x}",
        "\"\\\\\" , .input", ". as {env: $x} | $x", "1.5e3", ".[1:2]", "$__loc__", "@base64 \"\\(.)\""}) {
    EXPECT_FALSE(jq::refusal(program)) << program;
    EXPECT_EQ(jq::compile_error(program), std::nullopt) << program;
  }
}

TEST(JqProgram, EveryMistakeIsReportedWithItsPlace) {
  const ConfiguredOperators operators;
  EXPECT_EQ(
      operators.mistakes_in(R"({ "jq": ". | env" })"),
      (Texts{
          R"(operator: "env" at column 5 would reach out of the item; leave it out: a program sees the item, and $args)"}));
  EXPECT_EQ(
      operators.mistakes_in("{ \"jq\": \".\\n| [\\n  input]\" }"),
      (Texts{
          R"(operator: "input" at line 3, column 3 would reach out of the item; leave it out: a program sees the item, and $args)"}));
  const auto only_mistake = [&](std::string_view text) {
    const Texts all = operators.mistakes_in(text);
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? std::string() : all.front();
  };
  EXPECT_EQ(only_mistake(R"({ "jq": "{a" })"),
            "operator: jq: syntax error, unexpected $end, expecting '}'; try it with jq itself: jq PROGRAM "
            "file.json");
  EXPECT_EQ(only_mistake(R"x({ "jq": ".\n| nonsense(1)" })x"),
            "operator: jq: nonsense/1 is not defined line 2; try it with jq itself: jq PROGRAM file.json");
  EXPECT_NE(only_mistake(R"({ "jq": "1) | (2" })"), "");
  EXPECT_NE(only_mistake(R"({ "jq": "$args) | (2" })"), "");
  EXPECT_NE(only_mistake(R"({ "jq": { "program": ".", "args": [] } })"), "");
  EXPECT_FALSE(operators.load(R"({ "jq": "${query.program}" })")) << "a program is not for a client to write";
}

}  // namespace
}  // namespace coyield::generators
