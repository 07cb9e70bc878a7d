#include <coyield/server/roster.hpp>

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "socket_pair.hpp"

namespace coyield::server {
namespace {

using namespace std::chrono_literals;
using handlers::StreamEnd;
using handlers::StreamOptions;

class RosterTest : public testing::Test {
 protected:
  RosterTest() {
    options_.endpoint = "/b";
    options_.number = 1;
    options_.format = "sse";
    connection_ = new Connection(generators::Loop::of(io_.get_executor()), readiness_, holdings_,
                                 std::move(sockets_.arrival));
  }

  Roster::Place add() {
    return roster_.add(*connection_, options_, nullptr, nullptr, Protocol::websocket, 0ns);
  }
  std::vector<std::string> ids() const {
    std::vector<handlers::StreamInfo> streams;
    roster_.add_streams(streams);
    std::vector<std::string> all;
    for (const auto& stream : streams) all.push_back(stream.id);
    return all;
  }
  handlers::EndpointFigures figures() const {
    std::vector<handlers::EndpointFigures> all(2);
    roster_.add_figures(all);
    EXPECT_EQ(all[0].started, 0U);
    return all[1];
  }

  boost::asio::io_context io_;
  MemoryBudget memory_{0, 1, [] {}};
  Holdings holdings_{memory_};
  Readiness readiness_;
  StreamOptions options_;
  SocketPair sockets_;
  Roster roster_{3, 2};
  ConnectionPtr connection_;
};

TEST_F(RosterTest, ListsAStreamFromItsBeginningToItsEnd) {
  EXPECT_TRUE(ids().empty());
  Roster::Place first = add();
  const Roster::Place second = add();
  EXPECT_EQ(ids(), (std::vector<std::string>{"3-1", "3-2"}));
  first.reset();
  EXPECT_EQ(ids(), (std::vector<std::string>{"3-2"}));
  EXPECT_FALSE(roster_.has(1));
  EXPECT_TRUE(roster_.has(2));
}

TEST_F(RosterTest, DescribesAStream) {
  const Roster::Place place = add();
  place->items.add(2);
  place->bytes.add(50);
  place->unsent.set(7);
  place->state = handlers::StreamState::client;
  const auto info = roster_.stream(1);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->endpoint, "/b");
  EXPECT_EQ(info->client, "peer");
  EXPECT_EQ(info->format, "sse");
  EXPECT_EQ(info->protocol, "WebSocket");
  EXPECT_EQ(info->items, 2U);
  EXPECT_EQ(info->bytes, 50U);
  EXPECT_EQ(info->unsent, 7U);
  EXPECT_EQ(info->state, handlers::StreamState::client);
  EXPECT_GT(info->age, 0ns);
  EXPECT_FALSE(roster_.stream(2));
}

TEST_F(RosterTest, CountsAStreamByItsEnd) {
  Roster::Place told = add();
  Roster::Place untold = add();
  const Roster::Place running = add();
  told->end = StreamEnd::failed;
  told.reset();
  untold.reset();
  EXPECT_EQ(figures().started, 3U);
  EXPECT_EQ(figures().ended[static_cast<std::size_t>(StreamEnd::failed)], 1U);
  EXPECT_EQ(figures().ended[static_cast<std::size_t>(StreamEnd::left)], 1U);
  EXPECT_EQ(figures().ended[static_cast<std::size_t>(StreamEnd::ended)], 0U);
}

TEST_F(RosterTest, PutsEachFirstItemIntoTheBucketOfItsTime) {
  const Roster::Place place = add();
  EndpointCounters& counters = roster_.counters(*place);
  for (const auto waited : {0ns, std::chrono::nanoseconds(1ms)}) counters.add_first_item(waited);
  counters.add_first_item(1ms + 1ns);
  counters.add_first_item(61s);
  const handlers::Histogram histogram = figures().first_item;
  EXPECT_EQ(histogram.counts[0], 2U);
  EXPECT_EQ(histogram.counts[1], 1U);
  EXPECT_EQ(histogram.counts[handlers::Histogram::bounds.size()], 1U);
  EXPECT_NEAR(histogram.seconds, 61.002, 1e-6);
}

TEST_F(RosterTest, StopsTheStreamOfThatNumberAlone) {
  const Roster::Place place = add();
  roster_.stop(2);
  EXPECT_FALSE(place->asked_to_stop);
  roster_.stop(1);
  EXPECT_TRUE(place->asked_to_stop);
  EXPECT_TRUE(connection_->wake().is_set());
}

}  // namespace
}  // namespace coyield::server
