#include <coyield/generators/sources/directory_listing.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <coyield/generators/failure.hpp>
#include <functional>
#include <utility>

#include "temporary_directory.hpp"

namespace coyield::generators {
namespace {

using Texts = std::vector<std::string>;

class DirectoryListed : public ::testing::Test {
 protected:
  DirectoryListing list(const ListedNames& names = {}, const DirectoryListing& known = {}) {
    return list_directory(open_directory(directory.path().string()), names, known);
  }
  Texts names(const std::string& pattern) {
    Texts all;
    for (const ListedFile& file : list({.pattern = pattern})) all.push_back(file.name);
    return all;
  }
  static FailureKind failure_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const Failure& failure) {
      return failure.kind();
    }
    ADD_FAILURE() << "it did not fail";
    return FailureKind::internal;
  }

  TemporaryDirectory directory;
};

TEST_F(DirectoryListed, HasItsFilesInTheOrderOfTheirNames) {
  directory.write("b.csv", "12345");
  directory.write("a.csv", "");
  directory.write("within/c.csv", "");
  const DirectoryListing files = list();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].name, "a.csv");
  EXPECT_EQ(files[0].size, 0u);
  EXPECT_EQ(files[1].name, "b.csv");
  EXPECT_EQ(files[1].size, 5u);
  struct stat status = {};
  ASSERT_EQ(::stat((directory.path() / "b.csv").c_str(), &status), 0);
  EXPECT_EQ(files[1].inode, status.st_ino);
  EXPECT_EQ(files[1].modified, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec);
}

TEST_F(DirectoryListed, CanHaveAFileOfAnyYear) {
  const std::string path = directory.write("a", "");
  const timespec times[] = {{0, UTIME_OMIT}, {15'000'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  struct stat status = {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  if (status.st_mtim.tv_sec != 15'000'000'000) GTEST_SKIP() << "the file system counts no further";
  EXPECT_EQ(list()[0].modified, INT64_MAX);
}

TEST_F(DirectoryListed, MayBeEmptyOrGone) {
  EXPECT_TRUE(list().empty());
  FileDescriptor opened = open_directory(directory.path().string());
  std::filesystem::remove(directory.path());
  EXPECT_TRUE(list_directory(std::move(opened), {}, {}).empty());
  EXPECT_FALSE(open_directory(directory.path().string()));
}

TEST_F(DirectoryListed, HasTheNamesOfThePattern) {
  for (const char* name : {"a.csv", "b.csv", "c.txt", ".hidden", ".d.csv", "day-10.log"})
    directory.write(name, "");
  EXPECT_EQ(names("*"), (Texts{"a.csv", "b.csv", "c.txt", "day-10.log"}));
  EXPECT_EQ(names("*.csv"), (Texts{"a.csv", "b.csv"}));
  EXPECT_EQ(names(".*"), (Texts{".d.csv", ".hidden"}));
  EXPECT_EQ(names(".*.csv"), (Texts{".d.csv"}));
  EXPECT_EQ(names("[bc].*"), (Texts{"b.csv", "c.txt"}));
  EXPECT_EQ(names("day-??.log"), (Texts{"day-10.log"}));
  EXPECT_EQ(names("nothing"), Texts{});
}

TEST_F(DirectoryListed, HasRegularFilesAndLinksToThem) {
  const std::string file = directory.write("within/a", "123");
  std::filesystem::create_symlink("within/a", directory.path() / "to-file");
  std::filesystem::create_symlink("within", directory.path() / "to-directory");
  std::filesystem::create_symlink("nowhere", directory.path() / "to-nothing");
  ASSERT_EQ(::mkfifo((directory.path() / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(names("*"), (Texts{"to-file"}));
  EXPECT_EQ(list()[0].size, 3u);
}

TEST_F(DirectoryListed, HasNotMoreFilesThanItMay) {
  directory.write("a", "");
  directory.write("b", "");
  directory.write(".c", "");
  EXPECT_EQ(list({.max_files = 2}).size(), 2u);
  directory.write("d", "");
  EXPECT_EQ(list({.pattern = "[ab]", .max_files = 2}).size(), 2u) << "others do not count";
  EXPECT_EQ(failure_of([&] { list({.max_files = 2}); }), FailureKind::unavailable);
}

TEST_F(DirectoryListed, LooksForWhatWasKnownByItsName) {
  directory.write("b", "12");
  const DirectoryListing known = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
  // What was not in the list of names is there when it is found by its name: here, one that the pattern
  // leaves out.
  const DirectoryListing files = list({.pattern = "nothing"}, known);
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].name, "b");
  EXPECT_EQ(files[0].size, 2u);
}

TEST_F(DirectoryListed, CannotBeOpenedWhereItIsNone) {
  const std::string file = directory.write("a", "");
  EXPECT_EQ(failure_of([&] { open_directory(file); }), FailureKind::invalid);
  EXPECT_EQ(failure_of([&] { open_directory(std::string(5000, 'x')); }), FailureKind::internal);
}

std::vector<std::pair<FileEvent, std::string>> told(const DirectoryListing& before,
                                                    const DirectoryListing& now) {
  std::vector<std::pair<FileEvent, std::string>> all;
  for (const FileDifference& each : differences(before, now)) all.emplace_back(each.event, each.file->name);
  return all;
}

TEST(DirectoryDifferences, AreWhatWasRemovedAndThenWhatWasCreatedOrChanged) {
  using enum FileEvent;
  using Told = std::vector<std::pair<FileEvent, std::string>>;
  const DirectoryListing before = {
      {"a", 1, 10, 100}, {"b", 2, 20, 200}, {"d", 4, 40, 400}, {"f", 6, 60, 600}};
  EXPECT_EQ(told(before, before), Told{});
  EXPECT_EQ(told({}, {}), Told{});
  EXPECT_EQ(told({}, before), (Told{{created, "a"}, {created, "b"}, {created, "d"}, {created, "f"}}));
  EXPECT_EQ(told(before, {}), (Told{{removed, "a"}, {removed, "b"}, {removed, "d"}, {removed, "f"}}));
  const DirectoryListing now = {
      {"B", 7, 1, 1}, {"a", 1, 11, 100}, {"c", 3, 30, 300}, {"d", 5, 40, 400}, {"f", 6, 60, 601}};
  EXPECT_EQ(
      told(before, now),
      (Told{{removed, "b"}, {created, "B"}, {changed, "a"}, {created, "c"}, {changed, "d"}, {changed, "f"}}));
}

TEST(DirectoryDifferences, SayOfARemovedFileWhatItWasLast) {
  const DirectoryListing before = {{"a", 1, 10, 100}};
  const DirectoryListing now = {{"b", 1, 10, 100}};
  const auto all = differences(before, now);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(*all[0].file, before[0]);
  EXPECT_EQ(*all[1].file, now[0]);
}

}  // namespace
}  // namespace coyield::generators
