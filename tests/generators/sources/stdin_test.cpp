#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/file_descriptor.hpp>
#include <coyield/generators/operators/retry.hpp>
#include <coyield/generators/sources/record_buffer.hpp>
#include <coyield/generators/standard_input.hpp>
#include <cstdlib>

#include "start_source.hpp"
#include "temporary_directory.hpp"

namespace coyield::generators {
namespace {

using Texts = std::vector<std::string>;
using testing::Collection;

std::string failure_of(const Collection<Item>& seen, FailureKind kind) {
  try {
    seen.rethrow_failure();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.kind(), kind) << failure.what();
    return failure.what();
  }
  return "it did not fail";
}

class Stdin : public ::testing::Test {
 protected:
  Collection<Item> collect(StandardInput& input, Given given = {},
                           std::size_t limit = Collection<Item>::no_limit, std::size_t max_item = 1 << 20) {
    SourceContext all;
    all.blocking = &pool;
    all.standard_input = &input;
    all.max_item = max_item;
    Collection<Item> seen(Loop::of(context.get_executor()),
                          start_source("stdin", std::move(given), std::move(all)), limit);
    run_ready();
    return seen;
  }
  void run_ready() {
    context.restart();
    context.poll();
  }
  /// Until nothing is under way any more: calls in the pool count as work.
  void run() {
    context.restart();
    context.run();
  }

  BlockingPool pool{2};
  asio::io_context context;
};

/// What is written to one end comes out of the other.
class StdinFromPipe : public Stdin {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(connect()); }
  virtual void connect() {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reading = FileDescriptor(ends[0]);
    writing = FileDescriptor(ends[1]);
    input.emplace(reading.get());
  }
  void write(std::string_view text) {
    ASSERT_EQ(::write(writing.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    // What is typed into a terminal comes out a moment later.
    pollfd asked{reading.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&asked, 1, 10'000), 1);
    run_ready();
  }
  void end() {
    writing = FileDescriptor();
    run_ready();
  }
  std::size_t waiting_in_pipe() const {
    int bytes = 0;
    EXPECT_EQ(::ioctl(reading.get(), FIONREAD, &bytes), 0);
    return static_cast<std::size_t>(bytes);
  }

  FileDescriptor reading;
  FileDescriptor writing;
  std::optional<StandardInput> input;
};

TEST_F(StdinFromPipe, YieldsLinesAsTheyCome) {
  const auto seen = collect(*input);
  EXPECT_EQ(seen.size(), 0u);
  write("one\r\n\ntw");
  EXPECT_EQ(payloads(seen), (Texts{"one", ""}));
  write("o\nthe rest");
  EXPECT_EQ(payloads(seen), (Texts{"one", "", "two"}));
  EXPECT_FALSE(seen.ended());
  end();
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
  EXPECT_EQ(payloads(seen), (Texts{"one", "", "two", "the rest"}));
  for (const auto& stamped : seen.stamped()) EXPECT_EQ(stamped.item.kind(), PayloadKind::text);
}

TEST_F(StdinFromPipe, AnEmptyOneHasNoItemsForAnybody) {
  end();
  for (const char* decode : {"lines", "json", "bytes"}) {
    const auto seen = collect(*input, {{"decode", decode}});
    EXPECT_TRUE(seen.ended()) << decode;
    EXPECT_FALSE(seen.failure()) << decode;
    EXPECT_EQ(seen.size(), 0u) << decode;
  }
}

TEST_F(StdinFromPipe, YieldsLinesOfJsonAndPassesOverBlankOnes) {
  write("{\"a\": 12345678901234567890}\r\n \t\r\n\n[1]\n");
  const auto seen = collect(*input, {{"decode", "json"}});
  EXPECT_EQ(payloads(seen), (Texts{"{\"a\": 12345678901234567890}", "[1]"}));
  for (const auto& stamped : seen.stamped()) EXPECT_EQ(stamped.item.kind(), PayloadKind::json);
}

TEST_F(StdinFromPipe, YieldsBytesAsTheyCome) {
  const auto seen = collect(*input, {{"decode", "bytes"}});
  const std::string_view bytes("\0\xff\n", 3);
  write(bytes);
  EXPECT_EQ(payloads(seen), Texts{std::string(bytes)});
  write("x");
  EXPECT_EQ(payloads(seen), (Texts{std::string(bytes), "x"}));
  EXPECT_EQ(seen.stamped()[0].item.kind(), PayloadKind::bytes);
}

TEST_F(StdinFromPipe, PassesOverAByteOrderMarkAtItsVeryBeginning) {
  write("\xEF\xBB\xBF{}\n\xEF\xBB\xBF{}\n");
  const auto seen = collect(*input, {{"decode", "json"}});
  EXPECT_EQ(payloads(seen), Texts{"{}"});
  EXPECT_EQ(failure_of(seen, FailureKind::upstream), "the line at byte 6 is not JSON");
}

TEST_F(StdinFromPipe, SaysWhichLineIsNotJsonAndTheNextGoesOnBehindIt) {
  write("{}\n\n{\"a\":}\n[2]\n");
  const auto first = collect(*input, {{"decode", "json"}});
  EXPECT_EQ(payloads(first), Texts{"{}"});
  EXPECT_EQ(failure_of(first, FailureKind::upstream), "the line at byte 4 is not JSON");
  write("no\n");
  const auto second = collect(*input, {{"decode", "json"}});
  EXPECT_EQ(payloads(second), Texts{"[2]"});
  EXPECT_EQ(failure_of(second, FailureKind::upstream), "the line at byte 15 is not JSON");
}

TEST_F(StdinFromPipe, FailsAtALineThatIsTooLongAndTheNextGoesOnBehindIt) {
  const std::string longer_than_the_block(66'000, 'x');
  auto first = collect(*input, {}, Collection<Item>::no_limit, 65'536);
  write("one\n");
  write(longer_than_the_block.substr(0, 60'000));
  write(longer_than_the_block.substr(60'000));
  EXPECT_EQ(payloads(first), Texts{"one"});
  EXPECT_EQ(failure_of(first, FailureKind::upstream), "the line at byte 4 is longer than 64KiB");
  EXPECT_TRUE(worth_retrying(first.failure())) << "which goes on behind it";
  const auto second = collect(*input, {}, Collection<Item>::no_limit, 65'536);
  write("still the same line");
  write("\ntwo\n");
  EXPECT_EQ(payloads(second), Texts{"two"});
  EXPECT_FALSE(second.ended());
}

TEST_F(StdinFromPipe, OnlyOneAtATimeMayReadIt) {
  auto first = collect(*input);
  const auto second = collect(*input);
  EXPECT_TRUE(second.ended());
  EXPECT_EQ(failure_of(second, FailureKind::unavailable),
            "another client reads the standard input, and only one at a time can have it");
  first.drop();
  run_ready();
  const auto third = collect(*input);
  write("for the third\n");
  EXPECT_EQ(payloads(third), Texts{"for the third"});
}

TEST_F(StdinFromPipe, TheNextGoesOnWhereTheOneBeforeHasLeft) {
  write("one\ntwo\nthree\nfo");
  auto first = collect(*input, {}, 2);
  EXPECT_EQ(payloads(first), (Texts{"one", "two"}));
  first.drop();
  auto second = collect(*input);
  write("ur\n");
  EXPECT_EQ(payloads(second), (Texts{"three", "four"}));
  write("fi");
  second.drop();  // while it waits in the middle of a line
  run_ready();
  const auto third = collect(*input, {{"decode", "bytes"}});
  EXPECT_EQ(payloads(third), Texts{"fi"});
}

TEST_F(StdinFromPipe, ReadsNothingBeforeItIsPulledAndNoMoreThanABlockAhead) {
  SourceContext all;
  all.blocking = &pool;
  all.standard_input = &*input;
  const auto unused = start_source("stdin", {}, std::move(all));
  ASSERT_GT(::fcntl(writing.get(), F_SETPIPE_SZ, 1 << 20), 0);
  ASSERT_EQ(::fcntl(writing.get(), F_SETFL, O_NONBLOCK), 0);
  const std::string lines(512 * 1024, '\n');
  ASSERT_EQ(::write(writing.get(), lines.data(), lines.size()), static_cast<ssize_t>(lines.size()));
  run_ready();
  EXPECT_EQ(waiting_in_pipe(), lines.size());
  const auto seen = collect(*input, {}, 1);
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_GE(waiting_in_pipe(), lines.size() - RecordBuffer::block - RecordBuffer::history);
}

TEST_F(StdinFromPipe, CanBeCancelledWhileItWaits) {
  auto seen = collect(*input);
  seen.cancel();
  run_ready();
  EXPECT_TRUE(seen.ended());
  EXPECT_THROW(seen.rethrow_failure(), boost::system::system_error);
  write("one\n");
  EXPECT_EQ(payloads(collect(*input)), Texts{"one"});
}

TEST_F(StdinFromPipe, LeavesTheDescriptorAsItWas) {
  const int before = ::fcntl(reading.get(), F_GETFL);
  {
    const auto seen = collect(*input);
    write("one\n");
    EXPECT_EQ(seen.size(), 1u);
    EXPECT_EQ(::fcntl(reading.get(), F_GETFL), before);
  }
  run_ready();
  EXPECT_EQ(::fcntl(reading.get(), F_GETFL), before) << "it was closed";
}

TEST_F(StdinFromPipe, SurvivesTheLoopItWaitsOn) {
  {
    asio::io_context other;
    SourceContext all;
    all.blocking = &pool;
    all.standard_input = &*input;
    const Collection<Item> seen(Loop::of(other.get_executor()), start_source("stdin", {}, std::move(all)));
    other.poll();
    EXPECT_FALSE(seen.ended());
  }
  write("one\n");
  EXPECT_EQ(payloads(collect(*input)), Texts{"one"});
}

class StdinFromSocket : public StdinFromPipe {
  void connect() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    reading = FileDescriptor(ends[0]);
    writing = FileDescriptor(ends[1]);
    input.emplace(reading.get());
  }
};

TEST_F(StdinFromSocket, YieldsLinesAsTheyCome) {
  const auto seen = collect(*input);
  write("one\n");
  write("two\n");
  EXPECT_EQ(payloads(seen), (Texts{"one", "two"}));
  end();
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
}

/// What somebody types into `writing` is read at `reading`.
class StdinFromTerminal : public StdinFromPipe {
  void connect() override {
    writing = FileDescriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(writing);
    ASSERT_EQ(::grantpt(writing.get()), 0);
    ASSERT_EQ(::unlockpt(writing.get()), 0);
    reading = FileDescriptor(::open(::ptsname(writing.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(reading);
    input.emplace(reading.get());
  }
};

TEST_F(StdinFromTerminal, YieldsLinesAsTheyAreTypedAndEndsForEverybodyAtEndOfFile) {
  const auto seen = collect(*input);
  write("one\n");
  EXPECT_EQ(payloads(seen), Texts{"one"});
  write("two\n");
  EXPECT_EQ(payloads(seen), (Texts{"one", "two"}));
  write("\x04");
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
  write("three\n");
  EXPECT_TRUE(collect(*input).ended());
}

class StdinFromFile : public Stdin {
 protected:
  StandardInput& open(const std::string& path) {
    descriptor = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(descriptor) << path;
    return input.emplace(descriptor.get());
  }
  FileDescriptor descriptor;
  std::optional<StandardInput> input;
  TemporaryDirectory directory;
};

TEST_F(StdinFromFile, YieldsItsLinesAndTheNextGoesOn) {
  StandardInput& from = open(directory.write("a.txt", "zero\none\ntwo\nthree"));
  ASSERT_EQ(::lseek(descriptor.get(), 5, SEEK_SET), 5);  // whoever had it before has read the first
  auto first = collect(from, {}, 1);
  run();
  EXPECT_EQ(payloads(first), Texts{"one"});
  first.drop();
  const auto second = collect(from);
  run();
  EXPECT_TRUE(second.ended());
  EXPECT_FALSE(second.failure());
  EXPECT_EQ(payloads(second), (Texts{"two", "three"}));
}

TEST_F(StdinFromFile, LosesNothingOfAReadThatNobodyWaitsForAnyMore) {
  StandardInput& from = open(directory.write("a.txt", "one\ntwo\n"));
  auto dropped = collect(from);
  dropped.drop();
  run();
  const auto seen = collect(from);
  run();
  EXPECT_EQ(dropped.size() + seen.size(), 2u);
}

TEST_F(StdinFromFile, ADeviceWithoutBytesHasNoItems) {
  const auto seen = collect(open("/dev/null"));
  run();
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
}

TEST_F(StdinFromFile, FailsWhereItCannotBeRead) {
  const auto seen = collect(open(directory.path().string()));
  run();
  EXPECT_EQ(failure_of(seen, FailureKind::upstream), "the standard input cannot be read: Is a directory");
}

TEST_F(Stdin, FailsWhereThereIsNone) {
  FileDescriptor closed(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = closed.get();
  closed = FileDescriptor();
  StandardInput input(number);
  const FileDescriptor another(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(another.get(), number);
  EXPECT_EQ(failure_of(collect(input), FailureKind::unavailable), "this server has no standard input");
}

}  // namespace
}  // namespace coyield::generators
