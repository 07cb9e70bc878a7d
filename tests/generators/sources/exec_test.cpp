#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <coyield/config/load.hpp>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/observer.hpp>
#include <coyield/generators/programs.hpp>
#include <functional>
#include <thread>

#include "start_source.hpp"
#include "temporary_directory.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
using testing::Collection;

/// Keeps the lines that it is told.
class Notes final : public Observer {
 public:
  void note(std::string_view event, std::initializer_list<Fact> facts) override {
    std::string line(event);
    for (const auto& [name, value] : facts) {
      if (name != "pid") line += " " + std::string(name) + "=" + std::string(value);
    }
    lines.push_back(line);
  }
  Texts lines;
};

AsyncGenerator<Item> said(Texts texts) {
  for (const std::string& text : texts) co_yield Item::text(text);
}
AsyncGenerator<Item> said_in_bytes(std::string text) { co_yield Item::bytes(text); }
AsyncGenerator<Item> silent_for_ever() {
  Event never;
  co_await never.wait();
  co_yield Item();
}

class Exec : public ::testing::Test {
 protected:
  AsyncGenerator<Item> start(Texts command, Given given = {}) {
    SourceContext all;
    all.blocking = &pool;
    all.programs = &programs;
    all.observer = &notes;
    all.endpoint = "/run";
    all.max_item = max_item;
    all.input = std::move(input);
    given.emplace_back("command", std::move(command));
    return start_source("exec", std::move(given), std::move(all));
  }
  AsyncGenerator<Item> shell(std::string script, Given given = {}) {
    return start({"sh", "-c", std::move(script)}, std::move(given));
  }
  Collection<Item> collect(AsyncGenerator<Item> stream, std::size_t limit = Collection<Item>::no_limit) {
    return Collection<Item>(Loop::of(context.get_executor()), std::move(stream), limit);
  }
  /// Until `condition`, which the program will bring about.
  void run_until(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
      context.restart();
      context.run_for(5ms);
      if (std::chrono::steady_clock::now() > until) FAIL() << "it does not come";
    }
  }
  Collection<Item> run(AsyncGenerator<Item> stream) {
    auto seen = collect(std::move(stream));
    run_until([&] { return seen.ended(); });
    return seen;
  }
  Texts items(AsyncGenerator<Item> stream) {
    const auto seen = run(std::move(stream));
    EXPECT_FALSE(seen.failure());
    return payloads(seen);
  }
  std::string failure_of(AsyncGenerator<Item> stream, FailureKind kind) {
    const auto seen = run(std::move(stream));
    try {
      seen.rethrow_failure();
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.kind(), kind);
      return failure.what();
    }
    return "it did not fail";
  }

  Notes notes;
  Programs programs;
  BlockingPool pool{2};
  std::size_t max_item = 1 << 20;
  AsyncGenerator<Item> input;
  asio::io_context context;
};

TEST_F(Exec, YieldsTheLinesOfAProgramAsTheyCome) {
  auto seen = collect(shell("echo one; printf 'two\\r\\n\\nrest'; read unused < /dev/null; exec sleep 1000"));
  run_until([&] { return seen.size() == 3; });
  EXPECT_EQ(payloads(seen), (Texts{"one", "two", ""}));
  for (const auto& stamped : seen.stamped()) {
    EXPECT_EQ(stamped.item.kind(), PayloadKind::text);
    EXPECT_EQ(stamped.item.event(), "");
    EXPECT_EQ(stamped.item.id(), "");
  }
  EXPECT_FALSE(seen.ended());
}

TEST_F(Exec, EndsWithTheProgram) {
  EXPECT_EQ(items(shell("printf 'one\\nrest'")), (Texts{"one", "rest"}));
  EXPECT_EQ(items(shell("exec >&-; sleep 0.05")), Texts{}) << "its output alone has ended";
  EXPECT_EQ(items(start({"true"})), Texts{});
}

TEST_F(Exec, FailsWhereTheProgramDoes) {
  EXPECT_EQ(failure_of(shell("echo one; exit 3"), FailureKind::upstream), "the program ended with status 3");
  EXPECT_EQ(failure_of(shell("kill -SEGV $$"), FailureKind::upstream), "the program was ended by SIGSEGV");
  EXPECT_EQ(failure_of(start({"/no/such"}), FailureKind::internal),
            "the program /no/such cannot be started: No such file or directory");
}

TEST_F(Exec, DecodesJsonAndBytes) {
  const auto json = run(shell("printf '{\"a\":1}\\n\\n[2]\\n'", {{"decode", "json"}}));
  EXPECT_EQ(payloads(json), (Texts{R"({"a":1})", "[2]"}));
  EXPECT_EQ(json.stamped().front().item.kind(), PayloadKind::json);
  EXPECT_EQ(failure_of(shell("echo 1; echo x", {{"decode", "json"}}), FailureKind::upstream),
            "line 2 (at byte 2) is not JSON");
  const auto bytes = run(shell("printf 'a\\nb\\000'", {{"decode", "bytes"}}));
  std::string all;
  for (const auto& each : payloads(bytes)) all += each;
  EXPECT_EQ(all, std::string("a\nb\0", 4));
  EXPECT_EQ(bytes.stamped().front().item.kind(), PayloadKind::bytes);
}

TEST_F(Exec, FailsAtALineThatIsTooLongAndEndsTheProgram) {
  max_item = 10;
  EXPECT_NE(failure_of(shell("echo 12345678901; exec sleep 1000"), FailureKind::upstream).find("longer than"),
            std::string::npos);
  run_until([&] { return programs.running() == 0; });
}

TEST_F(Exec, TellsTheObserverWhatComesFromTheStandardError) {
  EXPECT_EQ(failure_of(shell("echo oops >&2; echo; printf last >&2; exit 1"), FailureKind::upstream),
            "the program ended with status 1");
  EXPECT_EQ(notes.lines, (Texts{"stderr endpoint=/run program=sh line=oops",
                                "stderr endpoint=/run program=sh line=last"}));
}

TEST_F(Exec, TellsALongLineOfTheStandardErrorInPieces) {
  EXPECT_EQ(items(shell("head -c 20000 /dev/zero | tr '\\0' x >&2")), Texts{});
  std::size_t size = 0;
  for (const std::string& line : notes.lines) size += line.size() - line.find("line=") - 5;
  EXPECT_EQ(size, 20'000u);
  EXPECT_GE(notes.lines.size(), 2u);
}

TEST_F(Exec, GivesTheStandardErrorAsItemsWhereAsked) {
  const auto seen = run(shell("echo out; echo err >&2", {{"stderr", "items"}}));
  ASSERT_EQ(seen.size(), 2u);
  for (const auto& stamped : seen.stamped())
    EXPECT_EQ(stamped.item.event(), stamped.item.payload() == "err" ? "stderr" : "");
  EXPECT_EQ(notes.lines, Texts{});
}

TEST_F(Exec, ThrowsTheStandardErrorAwayWhereAsked) {
  EXPECT_EQ(items(shell("echo err >&2; echo out", {{"stderr", "nowhere"}})), Texts{"out"});
  EXPECT_EQ(notes.lines, Texts{});
}

TEST_F(Exec, GivesTheProgramWhatTheClientSays) {
  input = said({"3", "1", "2"});
  EXPECT_EQ(items(start({"sort"}, {{"stdin", true}})), (Texts{"1", "2", "3"}));
  input = said_in_bytes("a\nb");
  EXPECT_EQ(items(start({"cat"}, {{"stdin", true}})), (Texts{"a", "b"})) << "bytes as they are";
}

TEST_F(Exec, GivesTheProgramMoreThanAPipeHolds) {
  Texts lines(3000, std::string(100, 'x'));
  input = said(lines);
  EXPECT_EQ(items(start({"cat"}, {{"stdin", true}})), lines);
}

TEST_F(Exec, MindsNoProgramThatReadsNothing) {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  input = said(Texts(3000, std::string(100, 'x')));
  EXPECT_EQ(items(shell("exec <&-; echo done", {{"stdin", true}})), Texts{"done"});
  ::signal(SIGPIPE, before);
}

TEST_F(Exec, EndsTheProgramWhoseClientHasLeft) {
  auto seen = collect(shell("echo $$; exec sleep 1000"));
  run_until([&] { return seen.size() == 1; });
  const pid_t pid = std::stoi(payloads(seen).front());
  EXPECT_EQ(::kill(pid, 0), 0);
  {
    auto left = std::move(seen);
  }
  run_until([&] { return programs.running() == 0; });
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST_F(Exec, EndsTheProgramThatTalksToAClientThatHasLeft) {
  input = silent_for_ever();
  auto seen = collect(start({"sh", "-c", "echo up; cat"}, {{"stdin", true}}));
  run_until([&] { return seen.size() == 1; });
  {
    auto left = std::move(seen);
  }
  run_until([&] { return programs.running() == 0; });
}

TEST_F(Exec, EndsTheProgramAtTheEndOfTheLoop) {
  {
    asio::io_context short_lived;
    Collection<Item> seen(Loop::of(short_lived.get_executor()),
                          shell("echo up; echo err >&2; exec sleep 1000"));
    while (seen.size() == 0) short_lived.run_one();
    auto owner = std::make_unique<Collection<Item>>(std::move(seen));
    owner.reset();
  }
  run_until([&] { return programs.running() == 0; });
}

TEST_F(Exec, StartsNothingUnlessItIsPulled) {
  const TemporaryDirectory directory;
  {
    auto stream = shell("touch " + (directory.path() / "started").string());
  }
  context.run_for(1ms);
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "started"));
  EXPECT_EQ(programs.running(), 0u);
}

TEST_F(Exec, HoldsAProgramBackThatNobodyReads) {
  const TemporaryDirectory directory;
  const std::string written = (directory.path() / "written").string();
  auto seen = collect(shell("seq 1000000; touch " + written), 10);
  run_until([&] { return seen.size() == 10; });
  context.run_for(100ms);
  EXPECT_FALSE(std::filesystem::exists(written));
  seen.take(1'000'000);
  run_until([&] { return seen.ended(); });
  EXPECT_TRUE(std::filesystem::exists(written));
  EXPECT_EQ(payloads(seen).back(), "1000000");
}

TEST_F(Exec, RefusesAProgramThatAClientWouldWrite) {
  config::Catalogue catalogue;
  catalogue.add(source_named("exec").description);
  const auto refused = [&](const std::string& command) {
    const auto loaded =
        config::load_component(config::ComponentKind::source, R"({"exec": )" + command + "}", catalogue);
    return !loaded && loaded.error().text().find("the client would write") != std::string::npos;
  };
  for (const char* command :
       {R"(["sh", "-c", "${query.x}"])", R"(["/bin/bash", "-lc", "${query.x}"])",
        R"(["bash", "-euo", "pipefail", "-c", "${query.x}"])",
        R"(["bash", "-o", "pipefail", "-c", "${query.x}"])",
        R"(["bash", "-O", "extglob", "-c", "${query.x}"])", R"(["sh", "+e", "-c", "${query.x}"])",
        R"(["sh", "-c", "-e", "${query.x}"])", R"(["env", "bash", "-c", "${query.x}"])",
        R"(["busybox", "sh", "-c", "${query.x}"])", R"(["sh", "${query.x}"])",
        R"(["python3", "-uc", "1", "-c", "${query.x}"])", R"(["perl", "-e", "${query.x}"])"}) {
    EXPECT_TRUE(refused(command)) << command;
  }
  for (const char* command :
       {R"(["sh", "-c", "grep -e \"$1\" log", "sh", "${query.x}"])", R"(["grep", "-e", "${query.x}"])",
        R"(["bash", "-euo", "pipefail", "-c", "ls \"$1\"", "sh", "${query.x}"])",
        R"(["bash", "run.sh", "${query.x}"])", R"(["python3", "run.py", "${query.x}"])"}) {
    EXPECT_FALSE(refused(command)) << command;
  }
}

TEST_F(Exec, RefusesWhatCannotBeRun) {
  const Source source = source_named("exec");
  const auto mistake = [&](Given given) {
    const auto arguments = arguments_of(source, std::move(given));
    return arguments ? "" : arguments.error().sentence;
  };
  EXPECT_EQ(mistake({{"command", Texts{}}}),
            R"("command": names no program; write "command": ["vmstat", "1"])");
  EXPECT_EQ(mistake({{"command", Texts{""}}}),
            R"("command": names no program; write "command": ["vmstat", "1"])");
  EXPECT_EQ(mistake({{"command", Texts{"a", std::string("b\0c", 3)}}}),
            R"("command": an argument cannot hold a NUL character; leave it out)");
  EXPECT_EQ(mistake({{"command", Texts{"a"}}, {"env", nlohmann::json{{"A", 1}}}}),
            R"("env": "A": 1 is no text; write it in double quotes)");
  EXPECT_EQ(mistake({{"command", Texts{"a"}}, {"env", nlohmann::json{{"A=B", "1"}}}}),
            R"("env": "A=B" is no name of a variable; give it another)");
  EXPECT_EQ(mistake({{"command", Texts{"sh", "-c", ""}}}), "");
}

}  // namespace
}  // namespace coyield::generators
