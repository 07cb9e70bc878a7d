#include <coyield/generators/sources/rotation.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "temporary_directory.hpp"

namespace coyield::generators {
namespace {

TEST(RotatedName, HasANumberOrADateAdded) {
  for (const char* name :
       {"app.log.1", "app.log.12", "app.log-20261123", "app.log.2026-11-23", "app.log.2026-11-23T10:00:00Z",
        "app.log.old", "app.log-old", "app.log_1", "app.1.log", "app-2026-11-23.log", "app-20261123-1.log"}) {
    EXPECT_TRUE(is_rotated_name("app.log", name)) << name;
  }
  for (const char* name :
       {"app.log", "app.log.", "app.log1", "app.log.gz", "app.log.1.gz", "app.log.secret", "app.lo",
        "app.secret.log", "other.log.1", "app..log", "app.log.-", "xapp.log.1", ""}) {
    EXPECT_FALSE(is_rotated_name("app.log", name)) << name;
  }
  EXPECT_TRUE(is_rotated_name("log", "log.1"));
  EXPECT_FALSE(is_rotated_name("log", "1.log"));
  EXPECT_FALSE(is_rotated_name(".log", ".1.log"));
}

class Rotation : public ::testing::Test {
 protected:
  FileName name(const std::string& file = "app.log") const { return {(directory.path() / file).string()}; }
  RegularFile open(const std::string& file) const { return open_regular_file(name(file)); }
  /// Written to so many seconds after the others.
  void write(const std::string& file, const std::string& content, int seconds) const {
    using namespace std::chrono;
    const auto path = directory.write(file, content);
    std::filesystem::last_write_time(
        path, std::filesystem::file_time_type::clock::now() - hours(1) + std::chrono::seconds(seconds));
  }
  void rename(const std::string& from, const std::string& to) const {
    std::filesystem::rename(directory.path() / from, directory.path() / to);
  }
  /// What stands in the successor, or `none`.
  std::string successor_of(const RegularFile& file) const {
    const auto found = find_successor(name(), file);
    return found ? content(*found) : "none";
  }
  static std::string content(const RegularFile& file) {
    char room[4096];
    return std::string(read_before(file.descriptor.get(), file.size, room));
  }
  static FilePosition position_in(const RegularFile& file, std::uint64_t offset) {
    FileHead head;
    head.read(file.descriptor.get());
    char before[FilePosition::history];
    const auto read = read_before(file.descriptor.get(), offset, before);
    return {file.inode, offset, head.check(offset, read).value()};
  }

  TemporaryDirectory directory;
};

TEST_F(Rotation, TheFileOfTheNameHasNoSuccessor) {
  write("app.log.1", "older", 0);
  write("app.log", "now", 1);
  EXPECT_EQ(successor_of(open("app.log")), "none");
  EXPECT_EQ(successor_of(open("app.log.1")), "now");
}

TEST_F(Rotation, SuccessorsComeInTheOrderOfTheirLastWritesWhateverTheyAreCalled) {
  write("app.log.1", "first", 0);
  write("app-2026-11-23.log", "second", 1);
  write("app.log.2", "empty files are passed over", 2);
  std::filesystem::resize_file(directory.path() / "app.log.2", 0);
  write("app.log.old", "third", 3);
  write("app.log.secret", "no rotated file", 4);
  write("app.log", "", 5);
  EXPECT_EQ(successor_of(open("app.log.1")), "second");
  EXPECT_EQ(successor_of(open("app-2026-11-23.log")), "third");
  EXPECT_EQ(successor_of(open("app.log.old")), "");
}

TEST_F(Rotation, NumbersDecideBetweenFilesOfTheSameMoment) {
  write("app.log.10", "first", 0);
  write("app.log.9", "second", 0);
  write("app.log.1", "third", 0);
  const auto moment = std::filesystem::last_write_time(directory.path() / "app.log.1");
  for (const char* file : {"app.log.10", "app.log.9"})
    std::filesystem::last_write_time(directory.path() / file, moment);
  EXPECT_EQ(successor_of(open("app.log.10")), "second");
  EXPECT_EQ(successor_of(open("app.log.9")), "third");
  EXPECT_EQ(successor_of(open("app.log.1")), "none");
}

TEST_F(Rotation, AFileThatIsGoneIsFollowedByThoseWrittenLater) {
  write("app.log.2", "before", 0);
  write("app.log", "gone", 1);
  const RegularFile gone = open("app.log");
  std::filesystem::remove(directory.path() / "app.log");
  EXPECT_EQ(successor_of(gone), "none");
  write("app.log.1", "later", 2);
  EXPECT_EQ(successor_of(gone), "later");
  write("app.log", "now", 3);
  EXPECT_EQ(successor_of(gone), "later");
}

TEST_F(Rotation, FindsAPositionWhereverTheFileWentTo) {
  write("app.log", "one\ntwo\n", 0);
  const FilePosition behind_one = position_in(open("app.log"), 4);
  EXPECT_EQ(content(find_position(name(), behind_one).value()), "one\ntwo\n");
  rename("app.log", "app.log.1");
  EXPECT_EQ(content(find_position(name(), behind_one).value()), "one\ntwo\n") << "there is none of this name";
  write("app.log", "one\nnew\n", 1);
  EXPECT_EQ(content(find_position(name(), behind_one).value()), "one\ntwo\n");
  rename("app.log.1", "elsewhere");
  EXPECT_FALSE(find_position(name(), behind_one));
}

TEST_F(Rotation, AFileThatWasWrittenAnewHasNotThePosition) {
  write("app.log", "one\ntwo\n", 0);
  const FilePosition behind_one = position_in(open("app.log"), 4);
  const FilePosition behind_two = position_in(open("app.log"), 8);
  std::filesystem::resize_file(directory.path() / "app.log", 4);
  EXPECT_TRUE(find_position(name(), behind_one));
  EXPECT_FALSE(find_position(name(), behind_two)) << "it is shorter";
  write("app.log", "ONE\ntwo\nthree\n", 1);
  EXPECT_FALSE(find_position(name(), behind_one));
  EXPECT_FALSE(find_position(name(), behind_two));
}

TEST_F(Rotation, FindsACopyByItsContent) {
  const std::string text = std::string(100, 'x') + "\nrest\n";
  write("app.log", text, 0);
  const FilePosition position = position_in(open("app.log"), 101);
  std::filesystem::copy_file(directory.path() / "app.log", directory.path() / "app.log.1");
  std::filesystem::resize_file(directory.path() / "app.log", 0);
  EXPECT_EQ(content(find_position(name(), position).value()), text);
}

TEST_F(Rotation, TakesNoCopyForTheFileWhereTooLittleStandsInFront) {
  write("app.log", "started\nof today\n", 0);
  const FilePosition position = position_in(open("app.log"), 8);
  write("app.log.1", "started\nof last week\n", -1);
  std::filesystem::resize_file(directory.path() / "app.log", 0);
  EXPECT_FALSE(find_position(name(), position)) << "though it is the only one that begins so";
}

TEST_F(Rotation, LooksIntoNothingElseWhateverTheIdSays) {
  write("app.log", "one\n", 0);
  write("app.log.secret", "secret\n", 0);
  EXPECT_FALSE(find_position(name(), position_in(open("app.log.secret"), 7)));
  write("target", "secret\n", 0);
  std::filesystem::create_symlink("target", directory.path() / "app.log.1");
  EXPECT_FALSE(find_position(name(), position_in(open("target"), 7))) << "through a link";
}

/// Renames the two older files up and down, as a rotation does, one after the other; with pauses, or nobody
/// could ever tell what there is.
class Renamer {
 public:
  explicit Renamer(std::filesystem::path directory)
      : directory_(std::move(directory)), thread_([this] { run(); }) {}
  ~Renamer() {
    over_ = true;
    thread_.join();
  }
  Renamer(const Renamer&) = delete;
  Renamer& operator=(const Renamer&) = delete;

 private:
  void run() {
    while (!over_) {
      for (int n = 1; n < 20 && !over_; ++n) {
        move(n + 1, n + 2);
        move(n, n + 1);
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        if (n % 5 != 0) continue;
        for (int back = n + 1; back > 1; --back) {
          move(back, back - 1);
          move(back + 1, back);
        }
        n = 0;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
    }
  }
  void move(int from, int to) const {
    std::filesystem::rename(directory_ / ("app.log." + std::to_string(from)),
                            directory_ / ("app.log." + std::to_string(to)));
  }

  std::filesystem::path directory_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

TEST_F(Rotation, NothingIsPassedOverThatIsBeingRenamed) {
  write("app.log.2", "the first of all the lines that there are\n", 1);
  write("app.log.1", "the second of all the lines that there are\n", 2);
  write("app.log", "the third of all the lines that there are\n", 3);
  const RegularFile first = open("app.log.2");
  const FilePosition in_second = position_in(open("app.log.1"), 35);
  const Renamer renamer(directory.path());
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(successor_of(first), "the second of all the lines that there are\n") << i;
    const auto found = find_position(name(), in_second);
    ASSERT_TRUE(found) << i;
    ASSERT_EQ(found->inode, in_second.inode) << i;
  }
}

}  // namespace
}  // namespace coyield::generators
