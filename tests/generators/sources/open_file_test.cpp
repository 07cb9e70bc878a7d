#include <coyield/generators/sources/open_file.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <coyield/generators/failure.hpp>

#include "temporary_directory.hpp"

namespace coyield::generators {
namespace {

std::string content(const RegularFile& file) {
  std::string text(file.size, '?');
  EXPECT_EQ(::pread(file.descriptor.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  return text;
}

/// The tree that a client sees, and what lies beside it.
///
///     served/a.txt  served/sub/b.txt  served/inside -> sub/b.txt
///     secret.txt    served/out -> ../secret.txt   served/absolute -> /.../secret.txt   served/up -> ..
class OpenFile : public ::testing::Test {
 protected:
  OpenFile() {
    directory.write("served/a.txt", "a");
    directory.write("served/sub/b.txt", "bb");
    directory.write("secret.txt", "secret");
    directory.write("served-too/c.txt", "c");
    std::filesystem::create_symlink("sub/b.txt", root() / "inside");
    std::filesystem::create_symlink("../secret.txt", root() / "out");
    std::filesystem::create_symlink(directory.path() / "secret.txt", root() / "absolute");
    std::filesystem::create_symlink("..", root() / "up");
    std::filesystem::create_symlink("loop", root() / "loop");
  }

  std::filesystem::path root() const { return directory.path() / "served"; }
  FileName asked(std::string path) const { return {std::move(path), root().string(), true}; }

  TemporaryDirectory directory;
};

TEST_F(OpenFile, OpensWhatLiesBeneathTheRoot) {
  EXPECT_EQ(content(open_regular_file(asked("a.txt"))), "a");
  EXPECT_EQ(content(open_regular_file(asked("sub/b.txt"))), "bb");
  EXPECT_EQ(content(open_regular_file(asked("sub/../a.txt"))), "a");
  EXPECT_EQ(content(open_regular_file(asked("./sub//b.txt"))), "bb");
  EXPECT_EQ(content(open_regular_file(asked("inside"))), "bb");
}

TEST_F(OpenFile, RefusesWhatDoesNot) {
  ASSERT_EQ(::mkfifo((root() / "fifo").c_str(), 0600), 0);
  struct Row {
    std::string path;
    FailureKind kind;
  };
  const Row rows[] = {
      {"../secret.txt", FailureKind::forbidden},
      {"sub/../../secret.txt", FailureKind::forbidden},
      {"../served/a.txt", FailureKind::forbidden},
      {"../served-too/c.txt", FailureKind::forbidden},
      {"..", FailureKind::forbidden},
      {"/etc/passwd", FailureKind::forbidden},
      {"//etc/passwd", FailureKind::forbidden},
      {(directory.path() / "secret.txt").string(), FailureKind::forbidden},
      {(root() / "a.txt").string(), FailureKind::forbidden},
      {"out", FailureKind::forbidden},
      {"absolute", FailureKind::forbidden},
      {"up/secret.txt", FailureKind::forbidden},
      {"up/served/a.txt", FailureKind::forbidden},
      {"loop", FailureKind::forbidden},
      {"missing.txt", FailureKind::not_found},
      {"sub/missing/b.txt", FailureKind::not_found},
      {"a.txt/", FailureKind::not_found},
      {"a.txt/..", FailureKind::not_found},
      {"", FailureKind::not_found},
      {std::string("a.txt\0.png", 10), FailureKind::not_found},
      {std::string(5000, 'x'), FailureKind::not_found},
      {"%2e%2e/secret.txt", FailureKind::not_found},  // decoding was somebody else's work: it is a name now
      {"sub", FailureKind::invalid},
      {".", FailureKind::invalid},
      {"fifo", FailureKind::invalid},
  };
  for (const Row& row : rows) {
    try {
      open_regular_file(asked(row.path));
      ADD_FAILURE() << row.path << " was opened";
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.kind(), row.kind) << row.path << ": " << failure.what();
      const std::string message = failure.what();
      if (row.path.find(directory.path().string()) == std::string::npos) {
        EXPECT_EQ(message.find(directory.path().string()), std::string::npos) << message;
      }
    }
  }
}

TEST_F(OpenFile, MessagesNameWhatTheClientAskedForAndNothingElse) {
  const auto message_of = [](const FileName& name) -> std::string {
    try {
      open_regular_file(name);
    } catch (const Failure& failure) {
      return failure.what();
    }
    return "opened";
  };
  EXPECT_EQ(message_of(asked("x.txt")), R"("x.txt" does not exist)");
  EXPECT_EQ(message_of(asked("x\ny")), R"("x\ny" does not exist)");
  EXPECT_EQ(message_of({(root() / "x.txt").string()}), "the file of this endpoint does not exist");
  EXPECT_EQ(message_of({"a.txt", (root() / "gone").string(), true}),
            "the root of this endpoint's files cannot be opened");
}

TEST_F(OpenFile, WithoutARootOpensAnyRegularFile) {
  EXPECT_EQ(content(open_regular_file({(root() / "out").string()})), "secret");
  EXPECT_THROW(open_regular_file({"/dev/null"}), Failure);
  EXPECT_THROW(open_regular_file({"/dev/zero"}), Failure);
  EXPECT_THROW(open_regular_file({root().string()}), Failure);
}

/// Root may read everything: for as long as this lives, the thread asks for files as somebody else.
class AsNobody {
 public:
  AsNobody() { ::setfsuid(65534); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  ~AsNobody() { ::setfsuid(::geteuid()); }
};

TEST_F(OpenFile, SaysThatAFileMayNotBeRead) {
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(root() / "a.txt", std::filesystem::perms::none);
  const FileName name = asked("a.txt");
  const AsNobody nobody;
  try {
    open_regular_file(name);
    ADD_FAILURE() << "opened";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.kind(), FailureKind::forbidden);
    EXPECT_STREQ(failure.what(), R"("a.txt" may not be read)");
  }
}

TEST_F(OpenFile, LeavesNoDescriptorBehind) {
  const auto count = [] {
    const auto all = std::filesystem::directory_iterator("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  const auto before = count();
  for (const char* path : {"a.txt", "sub", "../secret.txt", "missing"}) {
    try {
      open_regular_file(asked(path));
    } catch (const Failure&) {
    }
  }
  EXPECT_EQ(count(), before);
  const RegularFile file = open_regular_file(asked("a.txt"));
  EXPECT_NE(::fcntl(file.descriptor.get(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace coyield::generators
