#include "followed_file.hpp"

namespace coyield::generators {
namespace {

class FileFollow : public FollowedFile {};

TEST_F(FileFollow, GivesWhatThereIsAndWhatIsAppended) {
  append("one\n");
  const auto seen = follow();
  run_until_size(seen, 1);
  append("two\nthree\n");
  run_until_size(seen, 3);
  append("four\n");
  run_until_size(seen, 4);
  EXPECT_EQ(payloads(seen), (Texts{"one", "two", "three", "four"}));
  EXPECT_FALSE(seen.ended());
}

TEST_F(FileFollow, GivesALineOnceItsLineFeedHasCome) {
  append("one\ntw");
  const auto seen = follow();
  run_until_size(seen, 1);
  settle();
  EXPECT_EQ(payloads(seen), (Texts{"one"}));
  append("o");
  settle();
  EXPECT_EQ(payloads(seen), (Texts{"one"}));
  append("\nthree");
  run_until_size(seen, 2);
  settle();
  EXPECT_EQ(payloads(seen), (Texts{"one", "two"}));
}

TEST_F(FileFollow, StartsAtTheEndBehindALineThatHasBegun) {
  append("one\ntw");
  const auto seen = follow({{"start", "end"}});
  settle();
  append("o\nthree\n");
  run_until_size(seen, 1);
  EXPECT_EQ(payloads(seen), (Texts{"three"}));
  const auto whole = follow({{"start", "end"}});
  settle();
  append("four\n");
  run_until_size(whole, 1);
  EXPECT_EQ(payloads(whole), (Texts{"four"}));
}

TEST_F(FileFollow, GoesOnWithTheNextFileWhenItIsRotated) {
  append("one\n");
  const auto seen = follow();
  run_until_size(seen, 1);
  rename("app.log", "app.log.1");
  append("two\n");
  run_until_size(seen, 2);
  rename("app.log.1", "app.log.2");
  rename("app.log", "app.log.1");
  append("three\n");
  run_until_size(seen, 3);
  EXPECT_EQ(payloads(seen), (Texts{"one", "two", "three"}));
}

TEST_F(FileFollow, ReadsWhatIsStillWrittenToTheOldFileUntilTheNewOneHasContent) {
  append("one\n");
  const auto seen = follow();
  run_until_size(seen, 1);
  rename("app.log", "app.log.1");
  append("");
  settle();
  append("two\n", "app.log.1");
  run_until_size(seen, 2);
  append("three\nfo", "app.log.1");
  run_until_size(seen, 3);
  append("ur\n", "app.log.1");
  append("five\n");
  run_until_size(seen, 5);
  EXPECT_EQ(payloads(seen), (Texts{"one", "two", "three", "four", "five"}));
}

TEST_F(FileFollow, GivesTheLastLineOfARotatedFileWithoutALineFeed) {
  append("one\ntwo");
  const auto seen = follow();
  run_until_size(seen, 1);
  rename("app.log", "app.log.1");
  append("three\n");
  run_until_size(seen, 3);
  EXPECT_EQ(payloads(seen), (Texts{"one", "two", "three"}));
}

TEST_F(FileFollow, ASlowClientMissesNoFile) {
  append("one\ntwo\n");
  auto seen = follow({}, {}, 1);
  run_until_size(seen, 1);
  for (int i = 3; i < 8; ++i) {
    for (int n = 8; n > 0; --n) {
      if (std::filesystem::exists(path("app.log." + std::to_string(n))))
        rename("app.log." + std::to_string(n), "app.log." + std::to_string(n + 1));
    }
    rename("app.log", "app.log.1");
    append(std::to_string(i) + "\n");
  }
  seen.take(100);
  run_until_size(seen, 7);
  EXPECT_EQ(payloads(seen), (Texts{"one", "two", "3", "4", "5", "6", "7"}));
}

TEST_F(FileFollow, BeginsAgainWhenTheFileIsCut) {
  append("one\ntwo\n");
  const auto seen = follow();
  run_until_size(seen, 2);
  cut();
  settle();
  append("three\n");
  run_until_size(seen, 3);
  settle();  // it knows that nothing stood behind it; else it had to say that something may be missing
  cut();
  append("a line that is longer than what was read of the file before\n");
  run_until_size(seen, 4);
  EXPECT_EQ(payloads(seen),
            (Texts{"one", "two", "three", "a line that is longer than what was read of the file before"}));
}

TEST_F(FileFollow, NoticesAFileOfTheSameSizeThatWasWrittenAnew) {
  append("one\n");
  const auto seen = follow();
  run_until_size(seen, 1);
  cut();
  append("two\n");
  run_until_size(seen, 2);
  EXPECT_EQ(payloads(seen), (Texts{"one", "two"}));
}

TEST_F(FileFollow, FindsTheRestInACopyThatWasMadeBeforeTheFileWasCut) {
  append("the first line is long enough to be known again\nsecond\n");
  auto seen = follow({}, {}, 1);
  run_until_size(seen, 1);
  append("third\n");
  std::filesystem::copy_file(path(), path("app.log.1"));
  cut();
  append("fourth\n");
  seen.take(100);
  run_until_size(seen, 4);
  EXPECT_EQ(payloads(seen),
            (Texts{"the first line is long enough to be known again", "second", "third", "fourth"}));
}

TEST_F(FileFollow, SaysSoWhenALineIsCutInTheMiddle) {
  append("one\ntw");
  const auto seen = follow();
  run_until_size(seen, 1);
  settle();
  cut();
  append("three\n");
  run_until_size(seen, 3);
  EXPECT_EQ(payloads(seen), (Texts{"one", R"({"from":")" + id_of(seen, 0) + R"("})", "three"}));
  EXPECT_EQ(seen.stamped()[1].item.kind(), PayloadKind::gap);
}

TEST_F(FileFollow, WaitsForAFileThatIsNotThereYet) {
  const auto seen = follow();
  settle();
  EXPECT_FALSE(seen.ended());
  append("one\n");
  run_until_size(seen, 1);
  const auto from_its_end = follow({{"path", path("other.log")}, {"start", "end"}});
  settle();
  append("one\n", "other.log");
  run_until_size(from_its_end, 1);
  EXPECT_EQ(payloads(seen), (Texts{"one"}));
  EXPECT_EQ(payloads(from_its_end), (Texts{"one"})) << "all of it was written since";
}

TEST_F(FileFollow, DoesNotWaitWhereThereIsNoDirectory) {
  const auto seen = follow({{"path", path("nowhere/app.log")}});
  run_until([&] { return seen.ended(); });
  EXPECT_EQ(failure_of(seen, FailureKind::not_found),
            "the directory of the file of this endpoint does not exist");
}

TEST_F(FileFollow, GoesOnWhenTheFileIsRemovedAndMadeAgain) {
  append("one\n");
  const auto seen = follow();
  run_until_size(seen, 1);
  std::filesystem::remove(path());
  settle();
  append("two\n");
  run_until_size(seen, 2);
  EXPECT_EQ(payloads(seen), (Texts{"one", "two"}));
}

TEST_F(FileFollow, FailsWhenItsDirectoryIsRemoved) {
  std::filesystem::create_directory(path("logs"));
  append("one\n", "logs/app.log");
  const auto seen = follow({{"path", path("logs/app.log")}});
  run_until_size(seen, 1);
  std::filesystem::remove_all(path("logs"));
  run_until([&] { return seen.ended(); });
  EXPECT_EQ(failure_of(seen, FailureKind::upstream),
            "the directory of the file of this endpoint does not exist");
}

TEST_F(FileFollow, FollowsALinkToAnotherFile) {
  std::filesystem::create_directory(path("days"));
  append("one\n", "days/1");
  std::filesystem::create_symlink("days/1", path());
  const auto seen = follow();
  run_until_size(seen, 1);
  append("two\n", "days/1");
  run_until_size(seen, 2);
  append("three\n", "days/2");
  std::filesystem::create_symlink("days/2", path("new"));
  rename("new", "app.log");
  run_until_size(seen, 3);
  append("four\n", "days/2");
  run_until_size(seen, 4);
  rename("days/2", "days/2.old");
  append("five\n", "days/2");
  run_until_size(seen, 5);
  EXPECT_EQ(payloads(seen), (Texts{"one", "two", "three", "four", "five"}));
}

TEST_F(FileFollow, TakesTheNamesOfTheColumnsFromEachFile) {
  append("a,b\n1,2\n");
  const auto seen = follow({{"decode", "csv"}});
  run_until_size(seen, 1);
  append("3,\"4\n");
  settle();
  append("\"\n");
  run_until_size(seen, 2);
  rename("app.log", "app.log.1");
  append("c\n5\n");
  run_until_size(seen, 3);
  EXPECT_EQ(payloads(seen), (Texts{R"({"a":"1","b":"2"})", R"({"a":"3","b":"4\n"})", R"({"c":"5"})"}));
  const auto from_end = follow({{"decode", "csv"}, {"start", "end"}});
  settle();
  append("6\n");
  run_until_size(from_end, 1);
  EXPECT_EQ(payloads(from_end), (Texts{R"({"c":"6"})"}));
}

TEST_F(FileFollow, CanBeBytesAndJson) {
  append("ab");
  const auto bytes = follow({{"decode", "bytes"}});
  run_until_size(bytes, 1);
  append("c\n");
  run_until_size(bytes, 2);
  EXPECT_EQ(payloads(bytes), (Texts{"ab", "c\n"}));
  append("{}\n", "app.jsonl");
  const auto json = follow({{"path", path("app.jsonl")}, {"decode", "json"}});
  run_until_size(json, 1);
  append("\n[1]\nno\n", "app.jsonl");
  run_until([&] { return json.ended(); });
  EXPECT_EQ(payloads(json), (Texts{"{}", "[1]"}));
  EXPECT_EQ(failure_of(json, FailureKind::upstream), "line 4 (at byte 8) is not JSON");
}

TEST_F(FileFollow, ManyFollowOneFile) {
  append("one\n");
  std::vector<Seen> all;
  for (int i = 0; i < 300; ++i) all.push_back(follow());
  for (const Seen& seen : all) run_until_size(seen, 1);
  append("two\n");
  for (const Seen& seen : all) run_until_size(seen, 2);
  for (int i = 0; i < 299; ++i) all[static_cast<std::size_t>(i)].drop();
  append("three\n");
  run_until_size(all.back(), 3);
  EXPECT_EQ(payloads(all.back()), (Texts{"one", "two", "three"}));
}

TEST_F(FileFollow, LeavesNothingBehindWhereverItIsDropped) {
  const auto descriptors = [] {
    const auto all = std::filesystem::directory_iterator("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  append("one\n");
  {
    auto first = follow();
  }  // the inotify descriptor stays with its loop
  settle();
  const auto before = descriptors();
  for (int steps = 0; steps < 40; ++steps) {
    auto seen = follow();
    for (int i = 0; i < steps; ++i) context.poll_one();
    seen.drop();
    settle();
    EXPECT_EQ(descriptors(), before) << steps;
  }
  context.restart();
  context.run();  // returns: nothing is watched any more
}

TEST_F(FileFollow, EndsWithItsLoop) {
  append("one\n");
  auto local = std::make_unique<asio::io_context>();
  Given given{{"path", path()}, {"follow", true}};
  Seen seen(Loop::of(local->get_executor()), start_source("file", std::move(given), sources_context()));
  for (int i = 0; i < 1000 && seen.size() == 0; ++i) local->run_one_for(std::chrono::milliseconds(20));
  EXPECT_EQ(seen.size(), 1u);
  local.reset();
  EXPECT_FALSE(seen.failure());
}

TEST_F(FileFollow, DoesNotFollowACompressedFile) {
  append("\x1F\x8B\x08");
  const auto seen = follow();
  run_until([&] { return seen.ended(); });
  EXPECT_EQ(failure_of(seen, FailureKind::invalid),
            "the file of this endpoint is compressed and cannot be followed");
}

}  // namespace
}  // namespace coyield::generators
