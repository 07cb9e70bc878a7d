#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/bind_executor.hpp>
#include <chrono>
#include <coyield/config/load.hpp>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/testing/test_loop.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "start_source.hpp"
#include "temporary_directory.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
using Seen = testing::Collection<Item>;

/// A real directory and real inotify, and time that stands still until the test says so.
class DirectorySource : public ::testing::Test {
 protected:
  Seen collect(Given given = {}, std::size_t limit = Seen::no_limit) {
    given.emplace_back("path", watched().string());
    Seen seen(loop.loop(), start(std::move(given)), limit);
    look();
    return seen;
  }
  AsyncGenerator<Item> start(Given given) {
    SourceContext all;
    all.blocking = &pool;
    return start_source("directory", std::move(given), std::move(all));
  }
  std::filesystem::path watched() const { return directory.path() / "inbox"; }
  void write(const std::string& name, std::string_view content = "") const {
    std::ofstream(watched() / name, std::ios::binary) << content;
  }
  void append(const std::string& name, std::string_view content) const {
    std::ofstream(watched() / name, std::ios::binary | std::ios::app) << content;
  }
  void rename(const std::string& from, const std::string& to) const {
    std::filesystem::rename(watched() / from, watched() / to);
  }
  void remove(const std::string& name) const { std::filesystem::remove(watched() / name); }

  /// Until everything that is to be done at this moment has been done: the system has taken down an event by
  /// the time that the call which causes it returns, and the pool has one thread, which comes to this call
  /// behind those that it has.
  void look() {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    for (int i = 0; i < 4; ++i) {
      loop.run_ready();
      bool passed = false;
      const auto nothing = [] {};
      pool.run(nothing, asio::bind_executor(loop.executor(), [&](std::exception_ptr) { passed = true; }));
      while (!passed) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the pool does not come to an end";
        loop.context().restart();
        loop.context().run_one_for(10ms);
      }
    }
    loop.run_ready();
  }
  /// Lets it settle, and look.
  void settle(std::chrono::nanoseconds duration = 100ms) {
    look();
    loop.advance(duration);
    look();
  }
  /// `created a`.
  static Texts told(const Seen& seen) {
    Texts all;
    for (const std::string& text : payloads(seen)) {
      const auto json = nlohmann::json::parse(text);
      all.push_back(json["event"].get<std::string>() + ' ' + json["name"].get<std::string>());
    }
    return all;
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
  static std::string message(const std::string& text) {
    config::Catalogue catalogue;
    catalogue.add(source_named("directory").description);
    const auto loaded = config::load_component(config::ComponentKind::source, text, catalogue);
    return loaded ? "nothing wrong" : loaded.error().text();
  }
  void SetUp() override { std::filesystem::create_directory(watched()); }

  BlockingPool pool{1};
  testing::TestLoop loop;
  TemporaryDirectory directory;
};

TEST_F(DirectorySource, GivesWhatIsThereAndWhatHappens) {
  write("b.csv", "12345");
  write("a.csv");
  const auto seen = collect();
  EXPECT_EQ(told(seen), (Texts{"present a.csv", "present b.csv"}));
  write("c.csv", "1");
  settle();
  append("c.csv", "2");
  settle();
  rename("a.csv", "z.csv");
  settle();
  remove("b.csv");
  settle();
  EXPECT_EQ(told(seen), (Texts{"present a.csv", "present b.csv", "created c.csv", "changed c.csv",
                               "removed a.csv", "created z.csv", "removed b.csv"}));
  EXPECT_FALSE(seen.ended());
}

TEST_F(DirectorySource, SaysHowLargeAFileIsAndWhenItWasWritten) {
  write("a \"b\"\xFF.csv", "12345");
  const timespec times[] = {{0, UTIME_OMIT}, {1'795'680'000, 250'000'000}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (watched() / "a \"b\"\xFF.csv").c_str(), times, 0), 0);
  const auto seen = collect();
  EXPECT_EQ(payloads(seen), (Texts{"{\"event\":\"present\",\"name\":\"a \\\"b\\\"\uFFFD.csv\",\"size\":5,"
                                   "\"modified\":\"2026-11-26T08:00:00.25Z\"}"}));
  EXPECT_EQ(seen.stamped()[0].item.kind(), PayloadKind::json);
  EXPECT_EQ(seen.stamped()[0].item.id(), "");
}

TEST_F(DirectorySource, LeavesOutWhatIsThereWhereNobodyAsksForIt) {
  write("a");
  const auto seen = collect({{"existing", false}});
  EXPECT_EQ(seen.size(), 0u);
  append("a", "1");
  write("b");
  settle();
  EXPECT_EQ(told(seen), (Texts{"changed a", "created b"}));
}

TEST_F(DirectorySource, MayBeEmpty) {
  const auto seen = collect();
  EXPECT_EQ(seen.size(), 0u);
  EXPECT_FALSE(seen.ended());
}

TEST_F(DirectorySource, GivesTheNamesOfThePatternAlone) {
  write("a.csv");
  write("b.txt");
  write(".c.csv");
  const auto seen = collect({{"pattern", "*.csv"}});
  const auto hidden = collect({{"pattern", ".*"}});
  write("d.csv");
  write("e.txt");
  write(".f");
  settle();
  rename("d.csv", "d.txt");
  settle();
  EXPECT_EQ(told(seen), (Texts{"present a.csv", "created d.csv", "removed d.csv"}));
  EXPECT_EQ(told(hidden), (Texts{"present .c.csv", "created .f"}));
}

TEST_F(DirectorySource, WaitsUntilNothingMoreHappens) {
  const auto seen = collect({{"settle", 1s}});
  write("a");
  look();
  for (int i = 0; i < 5; ++i) {
    loop.advance(900ms);
    append("a", "x");
    look();
  }
  EXPECT_EQ(seen.size(), 0u) << "it has been written to in each second";
  loop.advance(2s);
  look();
  EXPECT_EQ(told(seen), (Texts{"created a"}));
  EXPECT_EQ(nlohmann::json::parse(payloads(seen)[0])["size"], 5);
}

TEST_F(DirectorySource, LooksNowAndThenWhereItNeverEnds) {
  const auto seen = collect();
  write("a");
  for (int i = 0; i < 250; ++i) {
    append("a", "x");
    look();
    loop.advance(10ms);
  }
  look();
  EXPECT_EQ(told(seen), (Texts{"created a", "changed a"})) << "each second once";
}

TEST_F(DirectorySource, AFileThatComesAndGoesMeanwhileIsNotHeardOf) {
  const auto seen = collect();
  write("a");
  write("b");
  remove("a");
  settle();
  EXPECT_EQ(told(seen), (Texts{"created b"}));
}

TEST_F(DirectorySource, KnowsAFileThatWasPutInThePlaceOfAnother) {
  write("a", "1");
  const auto times = std::filesystem::last_write_time(watched() / "a");
  const auto seen = collect();
  write(".new", "2");
  std::filesystem::last_write_time(watched() / ".new", times);
  rename(".new", "a");
  settle();
  EXPECT_EQ(told(seen), (Texts{"present a", "changed a"}));
  std::filesystem::last_write_time(watched() / "a", times + 1s);
  settle();
  EXPECT_EQ(told(seen), (Texts{"present a", "changed a", "changed a"}));
}

TEST_F(DirectorySource, ASlowConsumerLearnsWhatIsDifferentInTheEnd) {
  write("a");
  write("b");
  auto seen = collect({}, 1);
  EXPECT_EQ(told(seen), (Texts{"present a"}));
  for (int i = 0; i < 1000; ++i) {
    append("a", "x");
    write("c");
    remove("c");
  }
  remove("b");
  write("d");
  look();
  seen.take(100);
  settle();
  EXPECT_EQ(told(seen), (Texts{"present a", "present b", "removed b", "changed a", "created d"}));
  EXPECT_EQ(nlohmann::json::parse(payloads(seen)[3])["size"], 1000);
}

TEST_F(DirectorySource, MissesNothingWhenTheSystemHasLostCount) {
  std::size_t most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  if (most == 0 || most > 100'000) GTEST_SKIP() << "it would take too long to lose count";
  const auto seen = collect({{"pattern", "[ab]"}});
  for (std::size_t i = 0; i <= most / 2; ++i) {
    write("x");
    remove("x");
  }
  write("a");
  settle();
  write("b");
  settle();
  EXPECT_EQ(told(seen), (Texts{"created a", "created b"}));
}

TEST_F(DirectorySource, FailsWhereItIsNotThere) {
  for (const auto& [path, kind, text] : {std::tuple{watched() / "nowhere", FailureKind::not_found,
                                                    "the directory of this endpoint does not exist"},
                                         std::tuple{watched() / "file", FailureKind::invalid,
                                                    "the directory of this endpoint is no directory"}}) {
    write("file");
    Seen seen(loop.loop(), start({{"path", path.string()}}));
    look();
    EXPECT_TRUE(seen.ended());
    EXPECT_EQ(failure_of(seen, kind), text);
  }
}

TEST_F(DirectorySource, FailsWhenItIsRemovedOrRenamed) {
  for (const bool removed : {true, false}) {
    std::filesystem::create_directory(watched());
    write("a");
    const auto seen = collect();
    if (removed) {
      std::filesystem::remove_all(watched());
    } else {
      std::filesystem::rename(watched(), directory.path() / "elsewhere");
    }
    settle();
    EXPECT_TRUE(seen.ended());
    EXPECT_EQ(told(seen), (Texts{"present a", "removed a"}));
    EXPECT_EQ(failure_of(seen, FailureKind::upstream), "the directory of this endpoint is no longer there");
  }
}

TEST_F(DirectorySource, GoesOnWithADirectoryThatHasComeInItsPlace) {
  write("a");
  write("b", "1");
  const auto seen = collect();
  std::filesystem::rename(watched(), directory.path() / "before");
  std::filesystem::create_directory(watched());
  write("b", "22");
  write("c");
  settle();
  EXPECT_EQ(told(seen), (Texts{"present a", "present b", "removed a", "changed b", "created c"}));
  write("d");
  settle();
  EXPECT_EQ(told(seen).back(), "created d");
}

TEST_F(DirectorySource, FailsWhereThereAreMoreFilesThanItMayKeep) {
  write("a");
  write("b");
  const auto seen = collect({{"max_files", 2}});
  EXPECT_EQ(seen.size(), 2u);
  write("c");
  settle();
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(failure_of(seen, FailureKind::unavailable),
            "the directory of this endpoint has more than 2 files: see its max_files");
}

TEST_F(DirectorySource, CanBeDroppedAndCancelledAnywhere) {
  write("a");
  const Given given = {{"path", watched().string()}};
  const auto unused = start(given);
  Seen opening(loop.loop(), start(given));
  opening.drop();
  look();
  EXPECT_EQ(opening.size(), 0u);
  auto between = collect({}, 1);
  between.drop();
  auto waiting = collect();
  waiting.drop();
  auto settling = collect();
  write("b");
  look();
  EXPECT_NE(loop.loop().next_due(), std::chrono::nanoseconds::max());
  settling.drop();
  EXPECT_EQ(loop.loop().next_due(), std::chrono::nanoseconds::max()) << "its timer is still there";
  auto cancelled = collect();
  cancelled.cancel();
  look();
  EXPECT_TRUE(cancelled.ended());
  EXPECT_THROW(cancelled.rethrow_failure(), boost::system::system_error);
  auto listing = collect();
  write("c");
  look();
  loop.clock().set(loop.now() + 100ms);
  loop.loop().fire_until(loop.now());  // it has settled, and is being opened
  listing.drop();
  look();
  EXPECT_EQ(told(listing), (Texts{"present a", "present b"}));
}

TEST_F(DirectorySource, SaysAllThatIsWrongInAConfiguration) {
  EXPECT_EQ(message(R"({ "directory": "/srv/inbox" })"), "nothing wrong");
  EXPECT_EQ(message(R"({ "directory": { "path": "/srv/inbox", "settle": "${query.settle:-1s}" } })"),
            "nothing wrong");
  const std::pair<const char*, std::vector<const char*>> rows[] = {
      {R"({ "directory": { "path": "", "pattern": "" } })",
       {R"(path: is empty; name the directory: "path": "/srv/inbox")", "pattern: is empty, as no name is"}},
      {R"({ "directory": { "path": "/srv", "pattern": "inbox/*.csv" } })",
       {R"(pattern: "inbox/*.csv" has a slash in it, and no name has; write "*.csv", and the directory in "path")"}},
      {R"({ "directory": { "path": "/srv", "pattern": "inbox/" } })", {R"(write "*", and the directory)"}},
      {R"({ "directory": "/srv/${path.name}" })", {"\"path\" takes no value from a request"}},
      {R"({ "directory": { "path": "/srv", "pattern": "${query.p:-*}" } })", {"pattern: "}},
      {R"({ "directory": { "path": "/srv", "max_files": 0, "settle": "0s" } })", {"max_files: ", "settle: "}},
      {R"({ "directory": { "pattern": "*" } })", {"path"}},
  };
  for (const auto& [text, all] : rows) {
    for (const char* each : all) EXPECT_NE(message(text).find(each), std::string::npos) << message(text);
  }
}

}  // namespace
}  // namespace coyield::generators
