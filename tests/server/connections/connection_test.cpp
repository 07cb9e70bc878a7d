#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <coyield/server/connections/connection.hpp>
#include <string>

#include "../socket_pair.hpp"

namespace coyield::server {
namespace {

using ReadStatus = Connection::ReadStatus;

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() {
    SocketPair pair;
    client_ = std::move(pair.client);
    readiness_.start(loop());
    connection_ = new Connection(loop(), readiness_, holdings_, std::move(pair.arrival));
    look();
  }

  generators::Loop& loop() { return generators::Loop::of(io_.get_executor()); }
  /// Lets the loop see what has happened.
  void look() {
    connection_->wake().clear();
    io_.restart();
    io_.poll();
  }
  void say(std::string_view text) {
    ASSERT_EQ(::send(client_.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  /// What the client has been sent, up to now.
  std::string take() {
    std::array<char, 65536> into;
    std::string taken;
    for (;;) {
      const ssize_t size = ::recv(client_.get(), into.data(), into.size(), MSG_DONTWAIT);
      if (size <= 0) return taken;
      taken.append(into.data(), static_cast<std::size_t>(size));
    }
  }
  Connection::Read read() { return connection_->read_some(into_); }
  bool woken() const { return connection_->wake().is_set(); }

  boost::asio::io_context io_;
  MemoryBudget memory_{0, 1, [] {}};
  Holdings holdings_{memory_};
  Readiness readiness_;
  generators::FileDescriptor client_;
  ConnectionPtr connection_;
  std::array<char, 64> into_;
};

TEST_F(ConnectionTest, WakesItsSessionForEachNewsThatItWaitsFor) {
  for (int i = 0; i < 3; ++i) {
    connection_->watch_reading();
    look();
    EXPECT_FALSE(woken());
    say("news");
    look();
    EXPECT_TRUE(woken());
    EXPECT_TRUE(connection_->readable());
    EXPECT_EQ(read().size, 4U);
    EXPECT_FALSE(connection_->readable());
  }
}

TEST_F(ConnectionTest, WakesNobodyWhoDoesNotWaitForItAndTellsItLater) {
  say("news");
  look();
  EXPECT_FALSE(woken());
  EXPECT_TRUE(connection_->readable());
}

TEST_F(ConnectionTest, SeesTheEndThatHasComeWithTheLastBytes) {
  say("last");
  ::shutdown(client_.get(), SHUT_WR);
  connection_->watch_reading();
  look();
  EXPECT_EQ(read().size, 4U);  // less than there was room for, and yet there will be no other news
  EXPECT_TRUE(connection_->readable());
  EXPECT_EQ(read().status, ReadStatus::closed);
}

TEST_F(ConnectionTest, SeesTheEndThatComesBehindTheLastBytes) {
  say("last");
  connection_->watch_reading();
  look();
  EXPECT_EQ(read().size, 4U);
  EXPECT_FALSE(connection_->readable());
  connection_->watch_reading();
  ::shutdown(client_.get(), SHUT_WR);
  look();
  EXPECT_TRUE(woken());
  EXPECT_EQ(read().status, ReadStatus::closed);
  EXPECT_FALSE(connection_->broken());  // it can still be sent to
}

TEST_F(ConnectionTest, WakesItsSessionWhenThereIsRoomAgain) {
  const std::string much(4UL * 1024 * 1024, 'x');
  ASSERT_TRUE(connection_->send(much));
  ASSERT_GT(connection_->unsent(), 0U);
  std::size_t taken = 0;
  while (connection_->unsent() != 0) {
    look();
    EXPECT_FALSE(woken());
    taken += take().size();
    look();
    ASSERT_TRUE(woken());
    ASSERT_TRUE(connection_->send_unsent());
  }
  EXPECT_EQ(taken + take().size(), much.size());
}

/// Whatever of them the socket does not take stands in the connection: where they stood can be written to.
TEST_F(ConnectionTest, SendsPartsThatStandApartAsOne) {
  for (const std::size_t lent : {std::size_t{0}, std::size_t{10}, std::size_t{4} * 1024 * 1024}) {
    std::string front = "front";
    std::string middle(lent, 'm');
    std::string back(1024 * 1024, 'b');
    const std::string all = front + middle + back;
    ASSERT_TRUE(connection_->send({front, middle, back}));
    for (std::string* part : {&front, &middle, &back}) part->assign(part->size(), '?');
    std::string taken = take();
    while (connection_->unsent() != 0) {
      look();
      ASSERT_TRUE(connection_->send_unsent());
      taken += take();
    }
    EXPECT_TRUE(taken == all) << taken.size() << " of " << all.size();
  }
}

TEST(Outgoing, LosesWhatIsSentFromItsFront) {
  Outgoing bytes("ab", "cd", "ef");
  bytes.remove_prefix(3);
  EXPECT_EQ(bytes.front, "");
  EXPECT_EQ(bytes.lent, "d");
  EXPECT_EQ(bytes.size(), 3U);
  bytes.remove_prefix(2);
  EXPECT_EQ(bytes.back, "f");
  EXPECT_FALSE(bytes.empty());
  bytes.remove_prefix(1);
  EXPECT_TRUE(bytes.empty());
}

TEST_F(ConnectionTest, TellsOfABreakToWhoDoesNotRead) {
  say("never read");
  look();
  connection_->watch_breaking();
  look();
  EXPECT_FALSE(connection_->broken());
  client_ = generators::FileDescriptor();
  look();
  EXPECT_TRUE(woken());
  EXPECT_TRUE(connection_->broken());
}

TEST_F(ConnectionTest, IsToldNothingOnceItIsClosedAlthoughAnotherHasItsSocket) {
  SocketPair pair;
  const generators::FileDescriptor child(
      ::dup(pair.arrival.descriptor.get()));  // as a child of this process would
  ConnectionPtr gone(new Connection(loop(), readiness_, holdings_, std::move(pair.arrival)));
  gone.reset();
  ASSERT_EQ(::send(pair.client.get(), "x", 1, 0), 1);
  look();  // would use what is not there any more
}

}  // namespace
}  // namespace coyield::server
