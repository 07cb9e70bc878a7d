#include <coyield/generators/sources/file_watcher.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>

#include <coyield/generators/file_descriptor.hpp>
#include <coyield/generators/testing/test_loop.hpp>
#include <fstream>
#include <memory>

#include "temporary_directory.hpp"

namespace coyield::generators {
namespace {

/// The system has taken down an event by the time that the call which causes it returns.
class Watching : public ::testing::Test {
 protected:
  FileDescriptor open(const std::filesystem::path& path) const {
    return FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  }
  void append(const std::string& name) const {
    std::ofstream(directory.path() / name, std::ios::app) << "x" << std::flush;
  }
  FileWatcher& watcher() { return FileWatcher::of(loop.executor()); }

  TemporaryDirectory directory;
  testing::TestLoop loop;
  Event changed;
};

TEST_F(Watching, SaysWhenAFileIsWrittenTo) {
  const FileDescriptor file = open(directory.write("a", ""));
  FileWatch watch(watcher(), changed);
  watch.file(file.get());
  EXPECT_TRUE(watch.take()) << "what happened before is not known";
  loop.run_ready();
  EXPECT_FALSE(watch.take());
  append("a");
  loop.run_ready();
  EXPECT_TRUE(changed.is_set());
  EXPECT_TRUE(watch.take());
  EXPECT_FALSE(watch.gone());
  append("b");
  loop.run_ready();
  EXPECT_FALSE(watch.take()) << "that was another file";
}

TEST_F(Watching, SaysWhenADirectoryHasOtherNames) {
  const FileDescriptor opened = open(directory.path());
  FileWatch watch(watcher(), changed);
  watch.directory(opened.get());
  const auto happened = [&] {
    loop.run_ready();
    return watch.take();
  };
  EXPECT_TRUE(happened());
  append("a");
  EXPECT_TRUE(happened());
  append("a");
  EXPECT_FALSE(happened()) << "it has the same names";
  std::filesystem::rename(directory.path() / "a", directory.path() / "b");
  EXPECT_TRUE(happened());
  std::filesystem::remove(directory.path() / "b");
  EXPECT_TRUE(happened());
  EXPECT_FALSE(watch.gone());
}

TEST_F(Watching, SaysWhenAFileInADirectoryIsWrittenTo) {
  FileWatch watch(watcher(), changed);
  watch.content(open(directory.path()).get());
  const auto happened = [&] {
    loop.run_ready();
    return watch.take();
  };
  EXPECT_TRUE(happened());
  EXPECT_FALSE(happened());
  append("a");
  EXPECT_TRUE(happened());
  append("a");
  EXPECT_TRUE(happened());
  std::filesystem::last_write_time(directory.path() / "a", std::filesystem::file_time_type());
  EXPECT_TRUE(happened());
  std::filesystem::remove(directory.path() / "a");
  EXPECT_TRUE(happened());
  EXPECT_FALSE(happened());
  std::filesystem::remove(directory.path());
  EXPECT_TRUE(happened());
  EXPECT_TRUE(watch.gone());
}

TEST_F(Watching, TellsEachWhatItAskedForOfTheSameDirectory) {
  append("a");
  for (const bool names_first : {true, false}) {
    FileWatch names(watcher(), changed);
    FileWatch content(watcher(), changed);
    const FileDescriptor opened = open(directory.path());
    if (names_first) names.directory(opened.get());
    content.content(opened.get());
    if (!names_first) names.directory(opened.get());
    names.take();
    content.take();
    append("a");
    loop.run_ready();
    EXPECT_TRUE(content.take());
    EXPECT_FALSE(names.take()) << "it has the same names";
    content.stop();
    append("b");
    loop.run_ready();
    EXPECT_TRUE(names.take());
    EXPECT_FALSE(content.take());
    std::filesystem::remove(directory.path() / "b");
  }
}

TEST_F(Watching, TellsAllWhenTheSystemHasLostCount) {
  std::size_t most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  if (most == 0 || most > 100'000) GTEST_SKIP() << "it would take too long to lose count";
  const FileDescriptor quiet = open(directory.write("quiet", ""));
  std::filesystem::create_directory(directory.path() / "busy");
  FileWatch watch(watcher(), changed);
  watch.file(quiet.get());
  FileWatch busy(watcher(), changed);
  busy.directory(open(directory.path() / "busy").get());
  watch.take();
  for (std::size_t i = 0; i <= most / 2; ++i) {
    append("busy/a");
    std::filesystem::remove(directory.path() / "busy/a");
  }
  loop.run_ready();
  EXPECT_TRUE(watch.take());
  EXPECT_TRUE(busy.take());
  EXPECT_FALSE(watch.gone());
}

TEST_F(Watching, TellsAllWhoWatchTheSame) {
  const FileDescriptor file = open(directory.write("a", ""));
  FileWatch first(watcher(), changed);
  first.file(file.get());
  first.take();
  {
    FileWatch second(watcher(), changed);
    second.file(file.get());
    second.take();
    append("a");
    loop.run_ready();
    EXPECT_TRUE(first.take());
    EXPECT_TRUE(second.take());
  }
  append("a");
  loop.run_ready();
  EXPECT_TRUE(first.take()) << "one that leaves takes nothing from the others";
}

TEST_F(Watching, CanTurnToAnotherFile) {
  const FileDescriptor a = open(directory.write("a", ""));
  const FileDescriptor b = open(directory.write("b", ""));
  FileWatch watch(watcher(), changed);
  watch.file(a.get());
  watch.file(b.get());
  watch.take();
  append("a");
  loop.run_ready();
  EXPECT_FALSE(watch.take());
  append("b");
  loop.run_ready();
  EXPECT_TRUE(watch.take());
}

TEST_F(Watching, KnowsWhenADirectoryIsGone) {
  for (const bool removed : {true, false}) {
    const auto path = directory.path() / "sub";
    std::filesystem::create_directory(path);
    FileWatch watch(watcher(), changed);
    watch.directory(open(path).get());  // one that stays open is not removed before it is closed
    if (removed) {
      std::filesystem::remove(path);
    } else {
      std::filesystem::rename(path, directory.path() / "elsewhere");
    }
    loop.run_ready();
    EXPECT_TRUE(watch.gone());
  }
}

TEST_F(Watching, KeepsItsLoopRunningOnlyWhileSomethingIsWatched) {
  const FileDescriptor file = open(directory.write("a", ""));
  asio::io_context context;
  {
    FileWatch watch(FileWatcher::of(context.get_executor()), changed);
    watch.file(file.get());
    context.poll();
    EXPECT_FALSE(context.stopped());
  }
  context.restart();
  EXPECT_EQ(context.run(), 1u) << "the end of the wait";
  FileWatch again(FileWatcher::of(context.get_executor()), changed);
  again.file(file.get());
  again.take();
  append("a");
  context.restart();
  context.run_one();
  EXPECT_TRUE(again.take());
}

TEST_F(Watching, EndsWithItsLoop) {
  const FileDescriptor file = open(directory.write("a", ""));
  auto context = std::make_unique<asio::io_context>();
  {
    FileWatch watch(FileWatcher::of(context->get_executor()), changed);
    watch.file(file.get());
    context->poll();
  }
  context.reset();
  EXPECT_FALSE(changed.is_set());
}

}  // namespace
}  // namespace coyield::generators
