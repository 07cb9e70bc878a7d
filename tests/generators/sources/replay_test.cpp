#include <gtest/gtest.h>

#include <boost/asio/bind_executor.hpp>
#include <coyield/config/load.hpp>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/testing/test_loop.hpp>
#include <nlohmann/json.hpp>

#include "gzip.hpp"
#include "start_source.hpp"
#include "temporary_directory.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
using Times = std::vector<std::chrono::nanoseconds>;
using Seen = testing::Collection<Item>;

/// What a client asked for.
class Query final : public config::RequestValues {
 public:
  explicit Query(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  std::optional<std::string> find(config::Origin, std::string_view name) const override {
    const auto found = values_.find(std::string(name));
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::map<std::string, std::string> values_;
};

/// A real file, and time that stands still until the test says so.
class Replay : public ::testing::Test {
 protected:
  Seen collect(const std::string& content, Given given = {}, std::size_t limit = Seen::no_limit,
               const std::string& resume_after = {}) {
    given.emplace_back("path", directory.write("day.jsonl", content));
    return collect(start_source("replay", std::move(given), sources_context(resume_after)), limit);
  }
  Seen collect(AsyncGenerator<Item> generator, std::size_t limit = Seen::no_limit) {
    Seen seen(loop.loop(), std::move(generator), limit);
    read();
    return seen;
  }
  SourceContext sources_context(const std::string& resume_after = {}) {
    SourceContext all;
    all.blocking = &pool;
    all.resume_after = resume_after;
    all.start = begun = std::make_shared<StartPosition>();
    return all;
  }
  /// Until nothing is under way in the pool any more.
  void read() {
    loop.context().restart();
    loop.context().run();
  }
  void advance(std::chrono::nanoseconds duration) {
    loop.advance(duration);
    read();
  }
  /// For a file that is opened again meanwhile.
  void advance_in_steps(std::chrono::nanoseconds duration) {
    for (; duration > 0ns; duration -= 100ms) advance(100ms);
  }
  static std::string failure_of(const Seen& seen, FailureKind kind) {
    try {
      seen.rethrow_failure();
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.kind(), kind) << failure.what();
      return failure.what();
    }
    return "it did not fail";
  }
  static config::Loaded<config::ComponentConfig> load(const std::string& text) {
    config::Catalogue catalogue;
    catalogue.add(source_named("replay").description);
    return config::load_component(config::ComponentKind::source, text, catalogue);
  }

  BlockingPool pool{1};
  testing::TestLoop loop;
  TemporaryDirectory directory;
  std::shared_ptr<StartPosition> begun;
};

const char* const three = "{\"ts\":100,\"n\": 1}\n\n{\"ts\":101.5}\n{\"ts\":105}\n";

TEST_F(Replay, GivesTheLinesAtThePaceAtWhichTheyWereRecorded) {
  const auto seen = collect(three);
  EXPECT_EQ(seen.size(), 1u) << "the first comes at once";
  advance(10s);
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
  EXPECT_EQ(payloads(seen), (Texts{"{\"ts\":100,\"n\": 1}", "{\"ts\":101.5}", "{\"ts\":105}"}));
  EXPECT_EQ(seen.times(), (Times{0s, 1500ms, 5s}));
  for (const auto& stamped : seen.stamped()) EXPECT_EQ(stamped.item.kind(), PayloadKind::json);
}

TEST_F(Replay, CanBeFasterAndSlower) {
  const auto fast = collect(three, {{"speed", 10.0}});
  const auto slow = collect(three, {{"speed", 0.5}});
  advance(10s);
  EXPECT_EQ(fast.times(), (Times{0s, 150ms, 500ms}));
  EXPECT_EQ(slow.times(), (Times{0s, 3s, 10s}));
}

TEST_F(Replay, ReadsTheTimeWhereItStandsAndAsItIsWritten) {
  const auto from_text = collect(R"({"at":{"start":"2026-11-26T09:00:00Z"}}
{"at":{"start":"2026-11-26T10:00:00.5+01:00"}}
)",
                                 {{"time", "/at/start"}});
  const auto in_millis = collect("[7,0]\n[7,1000]\n", {{"time", "/1"}, {"unit", "ms"}});
  const auto guessed = collect("{\"ts\":1700000000000}\n{\"ts\":1700000002000}\n");
  advance(10s);
  EXPECT_EQ(from_text.times(), (Times{0s, 500ms}));
  EXPECT_EQ(in_millis.times(), (Times{0s, 1s}));
  EXPECT_EQ(guessed.times(), (Times{0s, 2s}));
}

TEST_F(Replay, AnItemWithoutATimeComesAtOnceBehindTheOneBefore) {
  const auto seen =
      collect("{}\n{\"ts\":10}\n{\"ts\":null}\n{\"ts\":12}\n5\n{\"ts\":\"soon\"}\n{\"ts\":13}\n");
  advance(10s);
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(seen.times(), (Times{0s, 0s, 0s, 2s, 2s, 2s, 3s}));
}

TEST_F(Replay, AnItemWhoseTimeHasGoneBackComesAtOnce) {
  const auto seen = collect("{\"ts\":10}\n{\"ts\":12}\n{\"ts\":3}\n{\"ts\":11}\n{\"ts\":14}\n");
  advance(10s);
  EXPECT_EQ(seen.times(), (Times{0s, 2s, 2s, 2s, 4s}));
}

TEST_F(Replay, CutsPausesShort) {
  const auto seen = collect(
      "{\"ts\":0}\n{\"ts\":1}\n{\"ts\":4000}\n{\"ts\":4001}\n{\"ts\":4000000000}\n{\"ts\":4000000002}\n",
      {{"max_pause", 1500ms}});
  advance(1h);
  EXPECT_EQ(seen.times(), (Times{0s, 1s, 2500ms, 3500ms, 5s, 6500ms}));
  const auto at_once = collect(three, {{"max_pause", 0s}});
  EXPECT_TRUE(at_once.ended());
  EXPECT_EQ(at_once.size(), 3u);
}

TEST_F(Replay, DoesNotDriftForASlowConsumer) {
  auto seen = collect("{\"ts\":0}\n{\"ts\":1}\n{\"ts\":2}\n{\"ts\":5}\n", {}, 1);
  advance(3s);
  seen.take(100);
  EXPECT_EQ(seen.size(), 3u) << "what is late comes at once";
  advance(10s);
  EXPECT_EQ(seen.times(), (Times{0s, 3s, 3s, 5s}));
}

TEST_F(Replay, WaitsForTimesThatAreVeryFarApart) {
  const auto seen = collect("{\"ts\":-9000000000}\n{\"ts\":9000000000}\n", {{"unit", "s"}, {"speed", 0.001}});
  advance(24h);
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_FALSE(seen.ended());
}

TEST_F(Replay, AnEmptyFileHasNoItems) {
  for (const bool again : {false, true}) {
    for (const char* content : {"", "\n \n"}) {
      const auto seen = collect(content, {{"loop", again}});
      EXPECT_TRUE(seen.ended());
      EXPECT_FALSE(seen.failure());
      EXPECT_EQ(seen.size(), 0u);
    }
  }
}

TEST_F(Replay, BeginsAgainAtTheEnd) {
  const auto seen = collect("{\"ts\":5}\n{\"ts\":6}\n", {{"loop", true}}, 5);
  advance_in_steps(5s);
  EXPECT_FALSE(seen.ended());
  EXPECT_EQ(payloads(seen), (Texts{"{\"ts\":5}", "{\"ts\":6}", "{\"ts\":5}", "{\"ts\":6}", "{\"ts\":5}"}));
  EXPECT_EQ(seen.times(), (Times{0s, 1s, 1s, 2s, 2s}));
  EXPECT_EQ(seen.stamped()[0].item.id(), seen.stamped()[2].item.id()) << "they stand at the same place";
}

TEST_F(Replay, FailsAtALineThatIsNotJson) {
  const auto seen = collect("{\"ts\":1}\n{\"ts\":}\n");
  EXPECT_EQ(payloads(seen), (Texts{"{\"ts\":1}"}));
  EXPECT_EQ(failure_of(seen, FailureKind::upstream), "line 2 (at byte 9) is not JSON");
  const auto first = collect("nonsense\n", {{"loop", true}});
  EXPECT_EQ(failure_of(first, FailureKind::upstream), "line 1 (at byte 0) is not JSON");
}

TEST_F(Replay, FailsWhereThereIsNoFile) {
  const auto path = (directory.path() / "nowhere").string();
  const auto seen = collect(start_source("replay", {{"path", path}}, sources_context()));
  EXPECT_EQ(failure_of(seen, FailureKind::not_found), "the file of this endpoint does not exist");
}

TEST_F(Replay, GoesOnBehindAnItemWithThePaceOfTheNext) {
  std::string content;
  for (int i = 0; i < 6; ++i) content += "{\"ts\":" + std::to_string(i * i) + "}\n";
  const auto all = collect(content);
  advance(1min);
  ASSERT_EQ(all.size(), 6u);
  ASSERT_NE(begun->id, "");
  for (std::size_t i = 0; i < 6; ++i) {
    const auto before = loop.now();
    const auto rest = collect(content, {}, Seen::no_limit, std::string(all.stamped()[i].item.id()));
    advance(1min);
    EXPECT_TRUE(rest.ended());
    ASSERT_EQ(rest.size(), 5 - i);
    for (std::size_t j = 0; j < rest.size(); ++j) {
      const auto at = static_cast<int>(i + 1 + j);
      const auto first = static_cast<int>(i + 1);
      EXPECT_EQ(rest.times()[j] - before, 1s * (at * at - first * first));
      EXPECT_EQ(rest.stamped()[j].item.id(), all.stamped()[i + 1 + j].item.id());
    }
  }
  const auto again = collect(content, {{"loop", true}}, 2, std::string(all.stamped()[5].item.id()));
  advance_in_steps(2s);
  EXPECT_EQ(payloads(again), (Texts{"{\"ts\":0}", "{\"ts\":1}"})) << "behind the last, from the beginning";
}

TEST_F(Replay, SaysWhatIsMissingWhereTheFileIsAnotherOne) {
  const auto all = collect("{\"ts\":1,\"text\":\"a line that is long enough\"}\n");
  const std::string id(all.stamped()[0].item.id());
  const auto seen = collect("{\"ts\":7}\n{\"ts\":8}\n", {}, Seen::no_limit, id);
  advance(2s);
  EXPECT_EQ(payloads(seen), (Texts{R"({"from":")" + id + R"("})", "{\"ts\":7}", "{\"ts\":8}"}));
  EXPECT_EQ(seen.stamped()[0].item.kind(), PayloadKind::gap);
  const auto none = collect(three, {}, Seen::no_limit, "nonsense");
  EXPECT_EQ(failure_of(none, FailureKind::invalid),
            R"("nonsense" is no id of this endpoint's items; ask without it, or with one as it was sent)");
}

TEST_F(Replay, ReadsACompressedFileToo) {
  const auto seen = collect(gzip(three), {{"loop", true}}, 4);
  advance_in_steps(6s);
  EXPECT_EQ(seen.times(), (Times{0s, 1500ms, 5s, 5s}));
  EXPECT_EQ(seen.stamped()[0].item.id(), "");
}

TEST_F(Replay, CanBeDroppedAndCancelledAnywhere) {
  const Given given = {{"path", directory.write("day.jsonl", three)}};
  const auto start = [&] { return start_source("replay", given, sources_context()); };
  const auto unused = start();
  Seen opening(loop.loop(), start());
  opening.drop();
  read();
  EXPECT_EQ(opening.size(), 0u);
  auto waiting = collect(start());
  waiting.drop();
  EXPECT_EQ(waiting.size(), 1u);
  EXPECT_EQ(loop.loop().next_due(), std::chrono::nanoseconds::max()) << "its timer is still there";
  auto cancelled = collect(start());
  cancelled.cancel();
  loop.run_ready();
  EXPECT_TRUE(cancelled.ended());
  EXPECT_THROW(cancelled.rethrow_failure(), boost::system::system_error);
  auto between = collect(start(), 1);
  between.drop();
  EXPECT_EQ(between.size(), 1u);
}

TEST_F(Replay, AClientMayChooseTheFileAndTheSpeedWithinTheirBounds) {
  directory.write("served/day.jsonl", three);
  directory.write("secret.jsonl", three);
  const auto config = load(nlohmann::json{{"replay",
                                           {{"path", "${path.name}"},
                                            {"root", (directory.path() / "served").string()},
                                            {"speed", "${query.speed:-1}"}}}}
                               .dump());
  ASSERT_TRUE(config) << config.error();
  const auto get = [&](std::map<std::string, std::string> request) {
    const auto arguments = config->resolve(Query(std::move(request)));
    return collect(source_named("replay").start(arguments.value(), sources_context()));
  };
  const auto seen = get({{"name", "day.jsonl"}, {"speed", "100"}});
  advance(1s);
  EXPECT_EQ(seen.times(), (Times{0s, 15ms, 50ms}));
  EXPECT_EQ(failure_of(get({{"name", "b.jsonl"}}), FailureKind::not_found), R"("b.jsonl" does not exist)");
  for (const char* name : {"../secret.jsonl", "/etc/passwd"}) {
    const auto outside = get({{"name", name}});
    EXPECT_EQ(outside.size(), 0u) << name;
    EXPECT_THROW(outside.rethrow_failure(), Failure) << name;
  }
  EXPECT_FALSE(config->resolve(Query({{"name", "a"}, {"speed", "0"}})));
  EXPECT_FALSE(config->resolve(Query({{"name", "a"}, {"speed", "fast"}})));
}

TEST_F(Replay, SaysAllThatIsWrongInAConfiguration) {
  const auto message = [](const std::string& text) {
    const auto loaded = load(text);
    return loaded ? "nothing wrong" : loaded.error().text();
  };
  EXPECT_EQ(message(R"({ "replay": "day.jsonl" })"), "nothing wrong");
  const std::pair<const char*, std::vector<const char*>> rows[] = {
      {R"({ "replay": "/srv/${path.name}" })", {"root: is missing, and the client has a say in path"}},
      {R"({ "replay": { "path": "", "time": "ts" } })", {"path: is empty", "time: ", "\"/ts\""}},
      {R"({ "replay": { "path": "/a", "root": "/srv", "time": "$.ts" } })",
       {"begins with a slash", "time: "}},
      {R"({ "replay": { "path": "a", "speed": 0 } })", {"speed: "}},
      {R"({ "replay": { "path": "a", "unit": "minutes" } })", {"unit: "}},
      {R"({ "replay": { "path": "a", "max_pause": 5 } })", {"max_pause: "}},
  };
  for (const auto& [text, all] : rows) {
    for (const char* each : all) EXPECT_NE(message(text).find(each), std::string::npos) << message(text);
  }
}

}  // namespace
}  // namespace coyield::generators
