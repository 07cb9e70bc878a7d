#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <sys/wait.h>
#include <array>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/programs.hpp>
#include <coyield/generators/spawn.hpp>
#include <filesystem>
#include <functional>
#include <thread>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;

ProgramOptions shell(std::string script) { return {.command = {"sh", "-c", std::move(script)}}; }

/// All that it writes, to the end.
std::string output_of(const Program& program) {
  std::string all;
  std::array<char, 4096> block;
  for (;;) {
    pollfd asked{program.output.get(), POLLIN, 0};
    if (::poll(&asked, 1, 20'000) != 1) return all + " and then nothing for too long";
    const ssize_t n = ::read(program.output.get(), block.data(), block.size());
    if (n <= 0) return all;
    all.append(block.data(), static_cast<std::size_t>(n));
  }
}

/// The first line that it writes, to know that it has come so far.
std::string line_of(const Program& program) {
  std::string line;
  char c = 0;
  while (!line.ends_with('\n')) {
    pollfd asked{program.output.get(), POLLIN, 0};
    if (::poll(&asked, 1, 20'000) != 1 || ::read(program.output.get(), &c, 1) != 1) return line + "(cut)";
    line += c;
  }
  line.pop_back();
  return line;
}

ProgramEnding ending_of(Program& program) {
  asio::io_context context;
  ProgramEnding ending;
  spawn(context.get_executor(), program.ended(context.get_executor()),
        [&](const std::exception_ptr& error, ProgramEnding how) {
          EXPECT_FALSE(error);
          ending = how;
        });
  context.run();
  return ending;
}

bool comes_true(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// A zombie is one, too.
bool is_there(pid_t pid) { return ::kill(pid, 0) == 0; }

std::string failure_of(Programs& programs, const ProgramOptions& options, FailureKind kind) {
  try {
    Program unexpected = programs.start(options);
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.kind(), kind);
    return failure.what();
  }
  return "it was started";
}

TEST(Programs, GiveWhatOneWritesAndHowItHasEnded) {
  Programs programs;
  Program well = programs.start(shell("echo \"$0\" out; echo err >&2"));
  EXPECT_EQ(output_of(well), "sh out\n");
  EXPECT_TRUE(ending_of(well).well());
  Program badly = programs.start(shell("exit 3"));
  EXPECT_EQ(to_string(ending_of(badly)), "ended with status 3");
  EXPECT_FALSE(ending_of(badly).well());
  EXPECT_EQ(to_string(ending_of(badly)), "ended with status 3") << "however often it is asked";
  Program killed = programs.start(shell("kill -KILL $$"));
  EXPECT_EQ(to_string(ending_of(killed)), "was ended by SIGKILL");
}

TEST(Programs, GetArgumentsVariablesAndADirectory) {
  Programs programs;
  ProgramOptions options{.command = {"sh", "-c", "echo \"$1|$WHAT|$HOME|$(pwd)\"", "sh", "a  b; echo *"},
                         .environment = {{"WHAT", "x=y"}, {"HOME", "/nowhere"}},
                         .directory = "/usr"};
  EXPECT_EQ(output_of(programs.start(options)), "a  b; echo *|x=y|/nowhere|/usr\n");
}

TEST(Programs, InheritNothingButTheThreeDescriptors) {
  Programs programs;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(output_of(programs.start({.command = {"ls", "/proc/self/fd"}})), "0\n1\n2\n3\n");  // 3 is its own
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Programs, HaveNoSignalIgnoredOrBlocked) {
  Programs programs;
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  sigset_t old;
  ::pthread_sigmask(SIG_BLOCK, &blocked, &old);
  Program program = programs.start({.command = {"grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status"}});
  ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
  ::signal(SIGPIPE, before);
  // 32 and 33 are those of the C library, which says so itself.
  const std::string said = output_of(program);
  EXPECT_TRUE(said == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n" ||
              said == "SigBlk:\t0000000000000000\nSigIgn:\t0000000180000000\n")
      << said;
}

TEST(Programs, HaveAnEmptyStandardInputOrAPipe) {
  Programs programs;
  EXPECT_EQ(output_of(programs.start({.command = {"cat"}})), "");
  Program program = programs.start({.command = {"cat"}, .input = true});
  ASSERT_EQ(::write(program.input.get(), "hello", 5), 5);
  program.input = FileDescriptor();
  EXPECT_EQ(output_of(program), "hello");
}

TEST(Programs, MayReadTheStandardErrorOfOne) {
  Programs programs;
  Program program = programs.start(shell("echo oops >&2"));
  EXPECT_TRUE(ending_of(program).well());
  std::array<char, 16> block;
  ASSERT_EQ(::read(program.errors.get(), block.data(), block.size()), 5);
  EXPECT_EQ(std::string_view(block.data(), 5), "oops\n");
  ProgramOptions without = shell("echo oops >&2");
  without.errors = false;
  EXPECT_FALSE(programs.start(without).errors);
}

TEST(Programs, SayWhyOneCannotBeStarted) {
  Programs programs;
  EXPECT_EQ(failure_of(programs, {.command = {"/no/such/program"}}, FailureKind::internal),
            "the program /no/such/program cannot be started: No such file or directory");
  EXPECT_EQ(failure_of(programs, {.command = {"/etc/passwd"}}, FailureKind::internal),
            "the program /etc/passwd cannot be started: Permission denied");
  EXPECT_EQ(failure_of(programs, {.command = {"true"}, .directory = "/no/such"}, FailureKind::internal),
            "the program true cannot be started in /no/such: No such file or directory");
  EXPECT_EQ(programs.running(), 0u);
}

TEST(Programs, EndOneThatIsNotWantedAnyMore) {
  Programs programs;
  pid_t pid = 0;
  {
    const Program program = programs.start({.command = {"sleep", "1000"}});
    pid = program.pid();
    EXPECT_EQ(programs.running(), 1u);
    EXPECT_TRUE(is_there(pid));
  }
  EXPECT_TRUE(comes_true([&] { return programs.running() == 0; }));
  EXPECT_FALSE(is_there(pid));
}

TEST(Programs, EndOneThatWasStopped) {
  Programs programs;
  {
    const Program program = programs.start(shell("kill -STOP $$; sleep 1000"));
  }
  EXPECT_TRUE(comes_true([&] { return programs.running() == 0; }));
}

TEST(Programs, LetOneTidyUpAndKillItAfterItsGrace) {
  Programs programs;
  ProgramOptions polite = shell("trap 'echo tidied; exit' TERM; echo ready; while :; do sleep 0.01; done");
  polite.errors = false;  // where the shell would say that its sleep was ended, and nobody listens any more
  Program tidy = programs.start(polite);
  EXPECT_EQ(line_of(tidy), "ready");
  FileDescriptor output = std::move(tidy.output);
  tidy = Program();
  Program rest;
  rest.output = std::move(output);
  EXPECT_EQ(output_of(rest), "tidied\n");

  ProgramOptions deaf = shell("trap '' TERM; echo ready; while :; do sleep 0.01; done");
  deaf.grace = 30ms;
  Program stubborn = programs.start(deaf);
  EXPECT_EQ(line_of(stubborn), "ready");
  const pid_t pid = stubborn.pid();
  stubborn = Program();
  EXPECT_TRUE(comes_true([&] { return programs.running() == 0; }));
  EXPECT_FALSE(is_there(pid));
}

TEST(Programs, EndTheWholeGroupOfOne) {
  Programs programs;
  Program waiting = programs.start(shell("sleep 1000 & echo $!; wait"));
  const pid_t child = std::stoi(line_of(waiting));
  EXPECT_TRUE(is_there(child));
  waiting = Program();
  EXPECT_TRUE(comes_true([&] { return programs.running() == 0 && !is_there(child); }));

  Program gone = programs.start(shell("sleep 1000 > /dev/null & echo $!"));
  const pid_t left_behind = std::stoi(line_of(gone));
  EXPECT_TRUE(ending_of(gone).well());
  EXPECT_TRUE(is_there(left_behind));
  gone = Program();
  EXPECT_TRUE(comes_true([&] { return programs.running() == 0 && !is_there(left_behind); }));

  ProgramOptions deaf = shell("(trap '' TERM; echo ready; exec sleep 1000) & read -r unused");
  deaf.grace = 30ms;
  deaf.input = true;
  Program parent = programs.start(deaf);
  EXPECT_EQ(line_of(parent), "ready");
  parent = Program();
  EXPECT_TRUE(comes_true([&] { return programs.running() == 0; }));
}

TEST(Programs, AreOnlySoManyAtATime) {
  Programs programs(2);
  const Program first = programs.start({.command = {"sleep", "1000"}});
  Program second = programs.start({.command = {"sleep", "1000"}});
  EXPECT_EQ(failure_of(programs, {.command = {"true"}}, FailureKind::unavailable),
            "as many programs run as may, which is 2");
  second = Program();
  EXPECT_TRUE(comes_true([&] { return programs.running() == 1; }));
  EXPECT_NO_THROW(programs.start({.command = {"true"}}));
}

TEST(Programs, EndThoseThatAreLeftAtTheEnd) {
  pid_t deaf = 0;
  pid_t plain = 0;
  {
    Programs programs;
    Program one = programs.start(shell("trap '' TERM; echo ready; while :; do sleep 0.01; done"));
    EXPECT_EQ(line_of(one), "ready");
    const Program other = programs.start({.command = {"sleep", "1000"}});
    deaf = one.pid();
    plain = other.pid();
  }
  EXPECT_FALSE(is_there(deaf));
  EXPECT_FALSE(is_there(plain));
}

TEST(Programs, LeaveNoDescriptorAndNoZombie) {
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
  };
  Programs programs;
  programs.start({.command = {"true"}});
  EXPECT_TRUE(comes_true([&] { return programs.running() == 0; }));
  const auto before = descriptors();
  for (int i = 0; i < 100; ++i) {
    Program program = programs.start({.command = {i % 2 == 0 ? "true" : "cat"}, .input = true});
    if (i % 2 == 0) ending_of(program);
  }
  EXPECT_TRUE(comes_true([&] { return programs.running() == 0; }));
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

TEST(Programs, CanBeWaitedForByOneThatIsCancelled) {
  Programs programs;
  Program program = programs.start({.command = {"sleep", "1000"}});
  asio::io_context context;
  asio::cancellation_signal cancel;
  bool aborted = false;
  const auto told = [&](const std::exception_ptr& error, ProgramEnding) { aborted = error != nullptr; };
  spawn(context.get_executor(), program.ended(context.get_executor()),
        asio::bind_cancellation_slot(cancel.slot(), told));
  context.poll();
  cancel.emit(asio::cancellation_type::terminal);
  context.run();
  EXPECT_TRUE(aborted);
}

}  // namespace
}  // namespace coyield::generators
