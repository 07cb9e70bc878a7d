#include <random>

#include "followed_file.hpp"

namespace coyield::generators {
namespace {

class FileResume : public FollowedFile {
 protected:
  Seen read(const Given& more = {}, const std::string& resume_after = {}) {
    Given given = more;
    given.emplace_back("path", path());
    Seen seen(Loop::of(context.get_executor()),
              start_source("file", std::move(given), sources_context(resume_after)));
    run_until([&] { return seen.ended(); });
    return seen;
  }
  static Texts behind(const Texts& all, std::size_t i) {
    return {all.begin() + static_cast<std::ptrdiff_t>(i) + 1, all.end()};
  }
};

TEST_F(FileResume, GivesExactlyTheRestBehindEachItem) {
  const std::pair<const char*, std::string> files[] = {{"lines", "one\r\n\ntwo\nthe rest"},
                                                       {"json", "{\"a\":1}\n\n[2]\n3"},
                                                       {"csv", "a,b\n1,2\n\n\"3\n\",4\n5,6"},
                                                       {"bytes", std::string(200'000, 'x')}};
  for (const auto& [decode, content] : files) {
    directory.write("app.log", content);
    const auto all = read({{"decode", decode}});
    ASSERT_GT(all.size(), 1u);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto rest = read({{"decode", decode}}, id_of(all, i));
      EXPECT_FALSE(rest.failure()) << decode;
      EXPECT_EQ(payloads(rest), behind(payloads(all), i)) << decode << ' ' << i;
      for (std::size_t j = 0; j < rest.size(); ++j)
        EXPECT_EQ(id_of(rest, j), id_of(all, i + 1 + j)) << decode;
    }
  }
}

TEST_F(FileResume, IdsOfALongFileDoNotDependOnHowItWasRead) {
  std::string content;
  for (int i = 0; i < 5000; ++i) content += std::to_string(i * 7919) + '\n';
  directory.write("app.log", content);
  const auto all = read();
  ASSERT_EQ(all.size(), 5000u);
  for (const std::size_t i : {0u, 10u, 35u, 100u, 4000u, 4998u}) {
    const auto rest = read({}, id_of(all, i));
    ASSERT_EQ(rest.size(), 4999 - i);
    EXPECT_EQ(payloads(rest), behind(payloads(all), i));
    EXPECT_EQ(id_of(rest, rest.size() - 1), id_of(all, 4999));
  }
}

TEST_F(FileResume, BehindTheLastItemThereIsNothing) {
  append("one\n");
  const auto all = read();
  EXPECT_EQ(payloads(read({}, id_of(all, 0))), Texts{});
}

TEST_F(FileResume, AStreamWithoutAnItemHasAPlaceToComeBackToToo) {
  append("one\n");
  follow({{"start", "end"}});
  EXPECT_EQ(start->id, "") << "it is not open yet";
  std::string begun;
  const auto come_back = [&] {
    const auto followed = follow({{"start", "end"}}, begun);
    run_until([&] { return !start->id.empty(); });
    settle();
    begun = start->id;
    return payloads(followed);
  };
  EXPECT_EQ(come_back(), Texts{});
  const std::string first = begun;
  append("two\n");
  EXPECT_EQ(come_back(), (Texts{"two"}));
  rename("app.log", "app.log.1");
  append("three\n");
  EXPECT_EQ(come_back(), (Texts{"two", "three"}));
  EXPECT_EQ(begun, first) << "it has begun where it was told to";
}

TEST_F(FileResume, TheRestOfALineThatWasPassedOverIsPassedOverAgain) {
  append("one\ntw");
  const auto seen = follow({{"start", "end"}});
  run_until([&] { return !start->id.empty(); });
  const std::string begun = start->id;
  append("o\nthree\n");
  run_until_size(seen, 1);
  EXPECT_EQ(payloads(seen), (Texts{"three"}));
  EXPECT_EQ(payloads(read({}, begun)), (Texts{"three"}));
}

TEST_F(FileResume, AStreamHasTheSameItemsBehindThePlaceWhereItBegan) {
  const std::pair<const char*, std::string> files[] = {
      {"lines", "one\r\n\ntwo\nthe rest"}, {"csv", "a,b\n1,2\n\n\"3\n\",4\n5,6"}, {"bytes", "anything"}};
  for (const auto& [decode, content] : files) {
    directory.write("app.log", content);
    for (const char* from : {"begin", "6", "end"}) {
      const auto seen = read({{"decode", decode}, {"start", from}});
      ASSERT_NE(start->id, "") << decode;
      EXPECT_EQ(payloads(read({{"decode", decode}}, std::string(start->id))), payloads(seen)) << decode;
    }
  }
}

TEST_F(FileResume, GoesOnInAFileThatWasRotatedMeanwhile) {
  append("one\ntwo\n");
  const auto all = read();
  rename("app.log", "app.log.1");
  append("three\n");
  EXPECT_EQ(payloads(read({}, id_of(all, 0))), (Texts{"two"})) << "the rest of what was read";
  rename("app.log.1", "app.log.2");
  rename("app.log", "app.log.1");
  append("four\n");
  const auto followed = follow({}, id_of(all, 0));
  run_until_size(followed, 3);
  append("five\n");
  run_until_size(followed, 4);
  EXPECT_EQ(payloads(followed), (Texts{"two", "three", "four", "five"}));
}

TEST_F(FileResume, NamesAPlaceAndNoLineWhereItHasNotSeenThoseInFront) {
  append("[1]\n[2]\nno\n");
  const auto all = read({{"decode", "json"}});
  EXPECT_EQ(failure_of(all, FailureKind::upstream), "line 3 (at byte 8) is not JSON");
  EXPECT_EQ(failure_of(read({{"decode", "json"}}, id_of(all, 1)), FailureKind::upstream),
            "the line at byte 8 is not JSON");
}

TEST_F(FileResume, AnnouncesAGapWhereTheFileIsGone) {
  append("one\ntwo\n");
  const auto all = read();
  std::filesystem::remove(path());
  append("three\n");
  const std::string gap = R"({"from":")" + id_of(all, 0) + R"("})";
  const auto seen = read({}, id_of(all, 0));
  EXPECT_EQ(payloads(seen), (Texts{gap, "three"}));
  EXPECT_EQ(seen.stamped()[0].item.kind(), PayloadKind::gap);
  const auto followed = follow({}, id_of(all, 0));
  run_until_size(followed, 2);
  EXPECT_EQ(payloads(followed), (Texts{gap, "three"}));
}

TEST_F(FileResume, AnnouncesAGapWhereTheFileWasWrittenAnew) {
  append("one\ntwo\n");
  const auto all = read();
  cut();
  append("ONE\nTWO\nTHREE\n");
  EXPECT_EQ(payloads(read({}, id_of(all, 0))),
            (Texts{R"({"from":")" + id_of(all, 0) + R"("})", "ONE", "TWO", "THREE"}));
}

TEST_F(FileResume, RefusesAnIdThatIsNone) {
  append("one\n");
  for (const char* id : {"5", "a.b.c.d", "../../etc/passwd", "1.2"}) {
    const auto seen = read({}, id);
    EXPECT_EQ(failure_of(seen, FailureKind::invalid),
              '"' + std::string(id) +
                  "\" is no id of this endpoint's items; ask without it, or with one as it was sent");
  }
}

TEST_F(FileResume, AnInventedIdGivesNothingAway) {
  append("one\ntwo\n");
  const auto seen = read({}, "1.4.1");
  EXPECT_EQ(payloads(seen), (Texts{R"({"from":"1.4.1"})", "one", "two"}));
}

/// What a program writes to its log, and what becomes of the log meanwhile. Knows all lines that it has
/// written, in order.
class Writer {
 public:
  explicit Writer(const TemporaryDirectory& directory, std::uint32_t seed)
      : directory_(directory), random_(seed) {
    open();
    write();
    complete();
  }

  const Texts& lines() const noexcept { return lines_; }

  void step() {
    switch (random_() % 12) {
      case 0:
        rotate();
        break;
      case 1:
        rotate();
        if (random_() % 2 == 0) write();  // to the old file: the new one is not opened yet
        break;
      case 2:
        reopen();
        rotate();
        reopen();
        break;
      default:
        reopen();
        for (std::size_t n = random_() % 4; n != 0; --n) write();
    }
  }
  void finish() {
    reopen();
    write();
    complete();
  }
  /// As logrotate's copytruncate. Everything has been read by then, as far as the reader is there.
  void copy_and_cut() {
    reopen();
    complete();
    shift();
    std::filesystem::copy_file(log(), log(1));
    std::filesystem::resize_file(log(), 0);
  }

 private:
  std::filesystem::path log(int n = 0) const {
    return directory_.path() / (n == 0 ? "app.log" : "app.log." + std::to_string(n));
  }
  void open() { out_.open(log(), std::ios::binary | std::ios::app); }
  void reopen() {
    if (!rotated_) return;
    complete();
    out_.close();
    open();
    rotated_ = false;
    write();  // a file that stays empty is rotated all the same, and has nothing to be found by
    complete();
  }
  void shift() {
    for (int n = 60; n > 0; --n) {
      if (std::filesystem::exists(log(n))) std::filesystem::rename(log(n), log(n + 1));
    }
  }
  void rotate() {
    if (rotated_) return;
    shift();
    std::filesystem::rename(log(), log(1));
    rotated_ = true;
    if (random_() % 2 == 0) std::ofstream(log(), std::ios::app).close();  // logrotate's create
  }
  /// A line, or the rest of one, or the beginning of one.
  void write() {
    complete();
    // So long that a copy of the file is known again behind the first of them.
    std::string line = "a line with the number " + std::to_string(lines_.size()) + " and then " +
                       std::string(random_() % 20 == 0 ? random_() % 90'000 : random_() % 60, 'x');
    lines_.push_back(line);
    line += '\n';
    const std::size_t now = random_() % 3 == 0 ? random_() % line.size() : line.size();
    out_ << line.substr(0, now) << std::flush;
    pending_ = line.substr(now);
  }
  void complete() {
    out_ << pending_ << std::flush;
    pending_.clear();
  }

  const TemporaryDirectory& directory_;
  std::mt19937 random_;
  std::ofstream out_;
  std::string pending_;
  bool rotated_ = false;
  Texts lines_;
};

class FileModel : public FollowedFile {
 protected:
  /// Takes over what a client has got before its connection breaks.
  void collect(const Seen& seen, std::size_t limit) {
    const Texts got = payloads(seen);
    for (std::size_t i = 0; i < std::min(limit, got.size()); ++i) {
      ASSERT_EQ(seen.stamped()[i].item.kind(), PayloadKind::text) << got[i];
      received.push_back(got[i]);
      last_id = id_of(seen, i);
    }
  }
  Texts received;
  std::string last_id;
};

TEST_F(FileModel, NothingIsLostOrDoubledByRotationsAndClientsThatComeBack) {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    const TemporaryDirectory own;
    Writer writer(own, seed);
    std::mt19937 random(seed + 1000);
    received.clear();
    last_id.clear();
    const Given given{{"path", (own.path() / "app.log").string()}};
    std::optional<Seen> client(follow(given));
    run_until_size(*client, 1);
    collect(*client, 1);
    client.reset();
    for (int step = 0; step < 60; ++step) {
      writer.step();
      const auto choice = random() % 8;
      if (!client) client.emplace(follow(given, last_id, random() % 4 == 0 ? 3 : Seen::no_limit));
      if (choice < 3) settle();
      if (choice < 5) context.poll();
      if (choice == 6) client->take(random() % 5);
      if (choice != 7) continue;
      // Of what has arrived, the client may not have seen all when it comes back.
      collect(*client, random() % 10);
      ASSERT_FALSE(client->failure()) << "seed " << seed;
      client.reset();
    }
    writer.finish();
    if (!client) client.emplace(follow(given, last_id));
    client->take(1'000'000);
    const std::size_t missing = writer.lines().size() - received.size();
    run_until_size(*client, missing);
    settle();
    collect(*client, Seen::no_limit);
    ASSERT_EQ(received, writer.lines()) << "seed " << seed;
  }
}

TEST_F(FileModel, NothingIsLostOrDoubledWhenTheFileIsCopiedAndCut) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const TemporaryDirectory own;
    Writer writer(own, seed);
    received.clear();
    last_id.clear();
    const Given given{{"path", (own.path() / "app.log").string()}};
    for (int step = 0; step < 10; ++step) {
      auto client = follow(given, last_id);
      writer.finish();
      run_until_size(client, writer.lines().size() - received.size());
      if (step % 3 == 0) writer.copy_and_cut();
      if (step % 2 == 0) writer.finish();
      run_until_size(client, writer.lines().size() - received.size());
      settle();
      collect(client, Seen::no_limit);
      if (step % 4 == 1) writer.copy_and_cut();
      writer.finish();
    }
    auto client = follow(given, last_id);
    run_until_size(client, writer.lines().size() - received.size());
    settle();
    collect(client, Seen::no_limit);
    ASSERT_EQ(received, writer.lines()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace coyield::generators
