#include <gtest/gtest.h>

#include <boost/asio/bind_executor.hpp>
#include <coyield/config/load.hpp>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/failure.hpp>
#include <fstream>
#include <latch>
#include <nlohmann/json.hpp>

#include "gzip.hpp"
#include "start_source.hpp"
#include "temporary_directory.hpp"

namespace coyield::generators {
namespace {

using Texts = std::vector<std::string>;
using testing::Collection;

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

class File : public ::testing::Test {
 protected:
  Collection<Item> collect(Given given, std::size_t limit = Collection<Item>::no_limit,
                           std::size_t max_item = 1 << 20) {
    return collect(start_source("file", std::move(given), sources_context(max_item)), limit);
  }
  Collection<Item> collect(AsyncGenerator<Item> generator, std::size_t limit = Collection<Item>::no_limit) {
    Collection<Item> seen(Loop::of(context.get_executor()), std::move(generator), limit);
    run();
    return seen;
  }
  /// Until nothing is under way any more: calls in the pool count as work.
  void run() {
    context.restart();
    context.run();
  }
  SourceContext sources_context(std::size_t max_item = 1 << 20) {
    SourceContext all;
    all.blocking = &pool;
    all.max_item = max_item;
    return all;
  }
  static std::string failure_of(const Collection<Item>& seen, FailureKind kind) {
    try {
      seen.rethrow_failure();
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.kind(), kind) << failure.what();
      return failure.what();
    }
    return "it did not fail";
  }

  BlockingPool pool{2};
  asio::io_context context;
  TemporaryDirectory directory;
};

TEST_F(File, YieldsItsLinesAsText) {
  const auto seen = collect({{"path", directory.write("a.txt", "one\r\n\ntwo\nthe rest")}});
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
  EXPECT_EQ(payloads(seen), (Texts{"one", "", "two", "the rest"}));
  for (const auto& stamped : seen.stamped()) EXPECT_EQ(stamped.item.kind(), PayloadKind::text);
}

TEST_F(File, AnEmptyOneHasNoItems) {
  const std::string path = directory.write("empty", "");
  for (const char* decode : {"lines", "json", "bytes"}) {
    const auto seen = collect({{"path", path}, {"decode", decode}});
    EXPECT_TRUE(seen.ended());
    EXPECT_FALSE(seen.failure());
    EXPECT_EQ(seen.size(), 0u);
  }
}

TEST_F(File, YieldsItsLinesAsJsonAndPassesOverBlankOnes) {
  const auto seen =
      collect({{"path", directory.write("a.jsonl", "{\"a\": 12345678901234567890}\r\n \t\r\n\n[1]\n\"x\"")},
               {"decode", "json"}});
  EXPECT_FALSE(seen.failure());
  EXPECT_EQ(payloads(seen), (Texts{"{\"a\": 12345678901234567890}", "[1]", "\"x\""}));
  for (const auto& stamped : seen.stamped()) EXPECT_EQ(stamped.item.kind(), PayloadKind::json);
}

TEST_F(File, PassesOverAByteOrderMarkWhereItBegins) {
  const std::string mark = "\xEF\xBB\xBF";
  const auto read = [this](const std::string& text) {
    return collect({{"path", directory.write("a.jsonl", text)}, {"decode", "json"}});
  };
  EXPECT_EQ(payloads(read(mark + "{\"a\":1}\n[2]\n")), (Texts{"{\"a\":1}", "[2]"}));
  EXPECT_EQ(payloads(read(mark + "\r\n1")), (Texts{"1"}));
  EXPECT_FALSE(read(mark).failure());
  EXPECT_EQ(failure_of(read("1\n" + mark + "2\n"), FailureKind::upstream), "line 2 (at byte 2) is not JSON");
}

TEST_F(File, SaysWhichLineIsNotJson) {
  const auto seen =
      collect({{"path", directory.write("a.jsonl", "{}\n\n{\"a\":}\n{}\n")}, {"decode", "json"}});
  EXPECT_EQ(payloads(seen), (Texts{"{}"}));
  EXPECT_EQ(failure_of(seen, FailureKind::upstream), "line 3 (at byte 4) is not JSON");
}

TEST_F(File, SaysWhichLineIsNestedTooDeep) {
  const auto read = [this](std::size_t depth) {
    const std::string text = "{}\n" + std::string(depth, '[') + std::string(depth, ']') + "\n";
    return collect({{"path", directory.write("a.jsonl", text)}, {"decode", "json"}});
  };
  EXPECT_EQ(read(512).size(), 2u);
  const auto seen = read(513);
  EXPECT_EQ(payloads(seen), (Texts{"{}"}));
  EXPECT_EQ(failure_of(seen, FailureKind::upstream), "line 2 (at byte 3) is nested deeper than 512 levels");
  const std::string details = source_named("file").description.details;
  EXPECT_NE(details.find("deeper than 512 levels"), std::string::npos);
}

TEST_F(File, CountsNoLinesWhereItDoesNotStartAtItsBeginning) {
  const std::string json = directory.write("a.jsonl", "{}\n[]\nno\n");
  EXPECT_EQ(failure_of(collect({{"path", json}, {"decode", "json"}, {"start", "3"}}), FailureKind::upstream),
            "the line at byte 6 is not JSON");
  const std::string csv = directory.write("a.csv", "a,b\n1,2\n3\n");
  EXPECT_EQ(failure_of(collect({{"path", csv}, {"decode", "csv"}, {"start", "4"}}), FailureKind::upstream),
            "the row at byte 8 has 1 field where there are 2 columns");
  const std::string names = directory.write("b.csv", "a,a\n1,2\n");
  EXPECT_EQ(failure_of(collect({{"path", names}, {"decode", "csv"}, {"start", "4"}}), FailureKind::upstream),
            "line 1 (at byte 0) names the column \"a\" twice");
}

TEST_F(File, WhatIsWrongInItStaysWrong) {
  const std::string path = directory.write("a", "a,b\n\"1,2\n" + std::string(300'000, 'x') + "\n");
  for (const char* decode : {"lines", "json", "csv"}) {
    const auto seen = collect({{"path", path}, {"decode", decode}}, Collection<Item>::no_limit, 200'000);
    try {
      seen.rethrow_failure();
      ADD_FAILURE() << decode;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.kind(), FailureKind::upstream);
      EXPECT_TRUE(failure.permanent()) << failure.message();
    }
  }
}

TEST_F(File, YieldsItsBytesAsTheyAre) {
  std::string all;
  for (int i = 0; i < 300'000; ++i) all.push_back(static_cast<char>(i * 7));
  const auto seen = collect({{"path", directory.write("a.bin", all)}, {"decode", "bytes"}});
  std::string together;
  for (const std::string& part : payloads(seen)) together += part;
  EXPECT_TRUE(together == all);
  EXPECT_GT(seen.size(), 1u);
  EXPECT_EQ(seen.stamped()[0].item.kind(), PayloadKind::bytes);
}

TEST_F(File, StartsWhereItIsTold) {
  const std::string path = directory.write("a.txt", "one\ntwo\nthree\n");
  EXPECT_EQ(payloads(collect({{"path", path}, {"start", "4"}})), (Texts{"two", "three"}));
  EXPECT_EQ(payloads(collect({{"path", path}, {"start", "5"}})), (Texts{"wo", "three"}));
  EXPECT_EQ(payloads(collect({{"path", path}, {"start", "begin"}})), (Texts{"one", "two", "three"}));
  EXPECT_EQ(payloads(collect({{"path", path}, {"start", "end"}})), Texts{});
  EXPECT_EQ(payloads(collect({{"path", path}, {"start", "14"}})), Texts{});
  EXPECT_EQ(payloads(collect({{"path", path}, {"start", "4"}, {"decode", "bytes"}})),
            (Texts{"two\nthree\n"}));
  const auto behind = collect({{"path", path}, {"start", "15"}});
  EXPECT_EQ(failure_of(behind, FailureKind::invalid),
            "byte 15 lies behind the end of the file of this endpoint");
}

TEST_F(File, FailsWhereThereIsNone) {
  const auto seen = collect({{"path", (directory.path() / "none").string()}});
  EXPECT_EQ(failure_of(seen, FailureKind::not_found), "the file of this endpoint does not exist");
}

TEST_F(File, FailsAtALineThatIsTooLongAfterThoseBeforeIt) {
  const std::string path = directory.write("a.txt", "one\n" + std::string(300'000, 'x') + "\nthree\n");
  EXPECT_EQ(collect({{"path", path}}).size(), 3u);
  const auto seen = collect({{"path", path}}, Collection<Item>::no_limit, 200'000);
  EXPECT_EQ(payloads(seen), (Texts{"one"}));
  EXPECT_EQ(failure_of(seen, FailureKind::upstream).find("the line at byte 4 is longer than "), 0u);
}

TEST_F(File, FailsWhenItBecomesShorterWhileItIsRead) {
  const std::string path = directory.write("a.txt", std::string(200'000, '\n'));
  auto seen = collect({{"path", path}}, 10);
  std::filesystem::resize_file(path, 1000);
  seen.take(1'000'000);
  run();
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(failure_of(seen, FailureKind::upstream),
            "the file of this endpoint became shorter while it was read");
}

TEST_F(File, YieldsWhatIsAppendedBeforeItsEndIsReached) {
  const std::string path = directory.write("a.txt", std::string(200'000, '\n'));
  auto seen = collect({{"path", path}}, 10);
  std::ofstream(path, std::ios::app) << "more";
  seen.take(1'000'000);
  run();
  EXPECT_FALSE(seen.failure());
  EXPECT_EQ(payloads(seen).back(), "more");
}

TEST_F(File, YieldsItsRowsAsJson) {
  const std::string path = directory.write("a.csv", "name,born\r\nAda,1815\r\n\"Hopper, Grace\",1906\r\n");
  const auto seen = collect({{"path", path}, {"decode", "csv"}});
  EXPECT_EQ(payloads(seen),
            (Texts{R"({"name":"Ada","born":"1815"})", R"({"name":"Hopper, Grace","born":"1906"})"}));
  for (const auto& stamped : seen.stamped()) EXPECT_EQ(stamped.item.kind(), PayloadKind::json);
  const std::vector<std::string> columns{"x", "y"};
  const auto named = collect({{"path", path}, {"decode", "csv"}, {"columns", columns}, {"start", "11"}});
  EXPECT_EQ(payloads(named), (Texts{R"({"x":"Ada","y":"1815"})", R"({"x":"Hopper, Grace","y":"1906"})"}));
}

TEST_F(File, IsDecompressedWhereItBeginsAsGzipDoes) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "line " + std::to_string(i) + "\n";
  const std::string bytes = gzip(text) + gzip("and one more");
  const std::string path = directory.write("a.log.gz", bytes);
  const auto seen = collect({{"path", path}});
  EXPECT_FALSE(seen.failure());
  ASSERT_EQ(seen.size(), 50'001u);
  EXPECT_EQ(payloads(seen)[49'999], "line 49999");
  EXPECT_EQ(payloads(seen)[50'000], "and one more");
  EXPECT_EQ(seen.stamped()[0].item.id(), "") << "there is no going on in the middle of it";
  const auto raw = collect({{"path", path}, {"decode", "bytes"}});
  std::string together;
  for (const std::string& part : payloads(raw)) together += part;
  EXPECT_TRUE(together == bytes);
  EXPECT_EQ(payloads(collect({{"path", directory.write("b", gzip("a\n1\n"))}, {"decode", "csv"}})),
            (Texts{R"({"a":"1"})"}));
}

TEST_F(File, FailsWhereItsCompressionIsCutOffOrDamaged) {
  const std::string bytes = gzip("one\ntwo\n" + std::string(1000, 'x'));
  const auto cut = collect({{"path", directory.write("a.gz", bytes.substr(0, bytes.size() - 5))}});
  EXPECT_EQ(payloads(cut), (Texts{"one", "two"}));
  EXPECT_EQ(failure_of(cut, FailureKind::upstream), "the file of this endpoint is compressed and cut off");
  std::string bad = bytes;
  bad[bad.size() - 6] = static_cast<char>(bad[bad.size() - 6] ^ 1);
  EXPECT_EQ(failure_of(collect({{"path", directory.write("b.gz", bad)}}), FailureKind::upstream),
            "the compressed file is damaged");
}

TEST_F(File, HasNoPlacesWhereItIsCompressed) {
  const std::string path = directory.write("a", gzip("one\n"));
  EXPECT_EQ(failure_of(collect({{"path", path}, {"start", "1"}}), FailureKind::invalid),
            "the file of this endpoint is compressed and can be read from its beginning only");
  SourceContext resumed = sources_context();
  resumed.resume_after = "1.2.3";
  const auto seen = collect(start_source("file", {{"path", path}}, std::move(resumed)));
  EXPECT_EQ(failure_of(seen, FailureKind::conflict),
            "the file of this endpoint is compressed, and its items have no ids");
}

TEST_F(File, DoesNothingBeforeItIsPulled) {
  const auto unused = start_source("file", {{"path", "/nowhere"}}, sources_context());
  EXPECT_EQ(pool.threads(), 0u);
}

TEST_F(File, CanBeDroppedWhileItOpensAndBetweenItems) {
  const std::string path = directory.write("a.txt", "one\ntwo\n");
  Collection<Item> opening(Loop::of(context.get_executor()),
                           start_source("file", {{"path", path}}, sources_context()));
  EXPECT_FALSE(opening.ended());
  opening.drop();
  run();
  EXPECT_EQ(opening.size(), 0u);
  auto between = collect({{"path", path}}, 1);
  between.drop();
  EXPECT_EQ(payloads(between), (Texts{"one"}));
}

TEST_F(File, CanBeCancelledWhileItOpens) {
  // Both threads of the pool are kept busy, so that the call is dropped before it begins.
  std::latch busy(2), go_on(1);
  for (int i = 0; i < 2; ++i) {
    const auto hold = [&] {
      busy.count_down();
      go_on.wait();
    };
    pool.run(hold, asio::bind_executor(context.get_executor(), [](std::exception_ptr) {}));
  }
  busy.wait();
  Collection<Item> seen(
      Loop::of(context.get_executor()),
      start_source("file", {{"path", directory.write("a.txt", "one\n")}}, sources_context()));
  seen.cancel();
  context.poll();
  EXPECT_TRUE(seen.ended());
  EXPECT_THROW(seen.rethrow_failure(), boost::system::system_error);
  go_on.count_down();
  run();
}

TEST_F(File, TakesConstantMemoryHoweverLongItIs) {
  std::string block;
  for (int i = 0; i < 1000; ++i) block += std::string(99, 'x') + '\n';
  const std::string path = (directory.path() / "long.txt").string();
  {
    std::ofstream out(path, std::ios::binary);
    for (int i = 0; i < 400; ++i) out << block;
  }
  Consumer<Item> consumer(context.get_executor(), start_source("file", {{"path", path}}, sources_context()));
  const char* lowest = nullptr;
  const char* highest = nullptr;
  std::size_t count = 0;
  for (;;) {
    const Poll now = consumer.poll();
    if (now == Poll::pending) {
      context.restart();
      context.run_one();
      continue;
    }
    auto item = consumer.item();
    if (!item) break;
    ++count;
    const char* at = item->payload().data();
    if (lowest == nullptr || at < lowest) lowest = at;
    if (at > highest) highest = at;
  }
  EXPECT_EQ(count, 400'000u);
  EXPECT_LT(highest - lowest, 65'536) << "the items stand in one block";
}

/// A configuration as it stands in a file, started for a request.
class ServedFile : public File {
 protected:
  config::Loaded<config::ComponentConfig> load(const std::string& text) {
    config::Catalogue catalogue;
    catalogue.add(source_named("file").description);
    return config::load_component(config::ComponentKind::source, text, catalogue);
  }
  std::string with_root() {
    return nlohmann::json{{"file",
                           {{"path", "${path.name}"},
                            {"root", (directory.path() / "served").string()},
                            {"start", "${query.start:-begin}"}}}}
        .dump();
  }
  Collection<Item> get(std::map<std::string, std::string> request) {
    const auto arguments = load(with_root()).value().resolve(Query(std::move(request)));
    return collect(source_named("file").start(arguments.value(), sources_context()));
  }
};

TEST_F(ServedFile, IsFoundBeneathItsRoot) {
  directory.write("served/sub/a.txt", "hello\n");
  EXPECT_EQ(payloads(get({{"name", "sub/a.txt"}})), (Texts{"hello"}));
  EXPECT_EQ(payloads(get({{"name", "sub/a.txt"}, {"start", "2"}})), (Texts{"llo"}));
  EXPECT_EQ(failure_of(get({{"name", "b.txt"}}), FailureKind::not_found), R"("b.txt" does not exist)");
}

TEST_F(ServedFile, CannotLeaveItsRoot) {
  directory.write("served/a.txt", "hello\n");
  directory.write("secret.txt", "secret\n");
  std::filesystem::create_symlink("../secret.txt", directory.path() / "served/link");
  // "..%2Fsecret.txt" arrives decoded, as the first of these.
  for (const char* name : {"../secret.txt", "/etc/passwd", "link", "x/../../secret.txt"}) {
    const auto seen = get({{"name", name}});
    EXPECT_EQ(seen.size(), 0u) << name;
    EXPECT_THROW(seen.rethrow_failure(), Failure) << name;
  }
}

TEST_F(ServedFile, NeedsARootWhereTheClientHasASayInThePath) {
  const auto refused = load(R"({ "file": "/srv/${path.name}" })");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text().find("root"), std::string::npos) << refused.error().text();
  EXPECT_FALSE(load(R"({ "file": { "path": "a", "root": "/srv/${path.user}" } })"));
  EXPECT_TRUE(load(R"({ "file": "/srv/a.txt" })"));
}

TEST_F(ServedFile, RefusesAStartThatIsNone) {
  EXPECT_FALSE(load(R"({ "file": { "path": "a", "start": "middle" } })"));
  EXPECT_FALSE(load(R"({ "file": { "path": "a", "start": "-1" } })"));
  EXPECT_FALSE(load(R"({ "file": { "path": "a", "start": "99999999999999999999" } })"));
  const auto config = load(with_root());
  ASSERT_TRUE(config);
  const auto refused = config->resolve(Query({{"name", "a"}, {"start", "soon"}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().parameter, "start");
}

TEST_F(ServedFile, RefusesWhatDoesNotGoTogether) {
  const auto message = [&](const std::string& text) {
    const auto loaded = load(text);
    return loaded ? "nothing wrong" : loaded.error().text();
  };
  const std::pair<const char*, const char*> rows[] = {
      {R"({ "file": { "path": "a.gz", "follow": true } })", "follow"},
      {R"({ "file": { "path": "a.gz", "start": "end" } })", "start"},
      {R"({ "file": { "path": "a.csv", "columns": ["a"] } })", "columns"},
      {R"({ "file": { "path": "a.csv", "decode": "csv", "columns": ["a", "b", "a"] } })",
       R"(columns: "a" is listed twice; keep one)"},
      {R"({ "file": { "path": "" } })", "path: is empty"},
      {R"({ "file": { "path": "/etc/passwd", "root": "/etc" } })",
       R"(write "etc/passwd", or leave "root" out)"},
      {R"({ "file": { "path": "a", "start": "${query.s:-middle}" } })",
       R"(start: "middle" is no place in a file (by default))"},
  };
  for (const auto& [text, parameter] : rows)
    EXPECT_NE(message(text).find(parameter), std::string::npos) << message(text);
  for (
      const char* text :
      {R"({ "file": { "path": "a.gz", "follow": true, "decode": "bytes" } })",
       R"({ "file": { "path": "a.csv", "decode": "csv", "columns": ["a"] } })",
       R"({ "file": { "path": "a", "follow": "${query.follow}", "decode": "${query.d}", "columns": ["a"] } })"}) {
    EXPECT_EQ(message(text), "nothing wrong") << text;
  }
}

TEST_F(ServedFile, IsNotWaitedForWhereTheClientHasASayInItsName) {
  std::filesystem::create_directories(directory.path() / "served");
  const auto config = load(nlohmann::json{
      {"file",
       {{"path", "${path.name}"}, {"root", (directory.path() / "served").string()}, {"follow", true}}}}
                               .dump());
  for (const char* name : {"typo.log", "../served/typo.log", "nowhere/typo.log"}) {
    std::map<std::string, std::string> request = {{"name", name}};
    const auto arguments = config->resolve(Query(std::move(request)));
    const auto seen = collect(source_named("file").start(arguments.value(), sources_context()));
    EXPECT_TRUE(seen.ended());
    EXPECT_THROW(seen.rethrow_failure(), Failure) << name;
  }
}

TEST(FileWithoutPool, IsAMistakeOfTheProgram) {
  EXPECT_THROW(static_cast<void>(start_source("file", {{"path", "a"}})), std::logic_error);
}

}  // namespace
}  // namespace coyield::generators
