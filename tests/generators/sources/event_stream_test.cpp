#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/sources/event_stream.hpp>

namespace coyield::generators {
namespace {

struct Seen {
  std::string data;
  std::string name = {};
  std::string id = {};
  bool operator==(const Seen&) const = default;
};

/// All events of a stream that comes in pieces of `piece` bytes.
std::vector<Seen> events_of(std::string_view bytes, std::size_t piece, std::size_t max_item = 1000) {
  EventStream events(max_item);
  std::vector<Seen> seen;
  const auto take = [&] {
    std::string_view data;
    while (events.next(data))
      seen.push_back({std::string(data), std::string(events.name()), std::string(events.id())});
  };
  while (!bytes.empty()) {
    const auto room = events.room();
    const std::size_t n = bytes.substr(0, piece).copy(room.data(), room.size());
    bytes.remove_prefix(n);
    events.commit(n);
    take();
  }
  events.room();
  events.end();
  take();
  return seen;
}

void expect_events(std::string_view bytes, const std::vector<Seen>& expected) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U})
    EXPECT_EQ(events_of(bytes, piece), expected) << bytes;
}

TEST(EventStream, GivesTheDataOfEachEvent) {
  expect_events("data: one\n\ndata:two\r\n\r\ndata:  three\n\n", {{"one"}, {"two"}, {" three"}});
  expect_events("data: a\ndata\ndata: b\n\n", {{"a\n\nb"}});
  expect_events("data\n\n", {{""}});
  expect_events("data: one\r\rdata: two\rdata: lines\r\r\n", {{"one"}, {"two\nlines"}});
  expect_events("data: a\r\n\r\ndata: b\n\r\n", {{"a"}, {"b"}});
  expect_events(
      "\xEF\xBB\xBF"
      "data: x\n\n",
      {{"x"}});
}

TEST(EventStream, KnowsNamesAndKeepsTheLastId) {
  expect_events("event: add\nid: 1\ndata: x\n\nevent: message\ndata: y\n\nid\ndata: z\n\n",
                {{"x", "add", "1"}, {"y", "", "1"}, {"z", "", ""}});
  expect_events("event: lost\n\ndata: x\n\n", {{"x"}});
  expect_events("id: 7\n\ndata: x\n\n", {{"x", "", "7"}});
  expect_events(std::string_view("id: a\0b\ndata: x\n\n", 17), {{"x"}});
}

TEST(EventStream, PassesOverWhatIsNone) {
  expect_events(": comment\n\n:\nunknown: 1\ndata: x\n\n\n\n", {{"x"}});
  expect_events("data: never closed\n", {});
  expect_events("data: never closed", {});
  expect_events("data: x\n\ndata: y\nid: 3\n", {{"x"}});
  expect_events("", {});
}

TEST(EventStream, RemembersHowLongToWait) {
  EventStream events(100);
  constexpr std::string_view bytes = "retry: 1500\nretry: soon\nretry: -1\ndata: x\n\n";
  events.commit(bytes.copy(events.room().data(), bytes.size()));
  std::string_view data;
  EXPECT_TRUE(events.next(data));
  EXPECT_EQ(events.retry(), std::chrono::milliseconds(1500));
}

TEST(EventStream, RefusesAnEventThatIsTooLong) {
  EXPECT_EQ(events_of("data: " + std::string(100, 'x') + "\n\n", 1000, 100).size(), 1u);
  EXPECT_THROW(events_of("data: " + std::string(101, 'x') + "\n\n", 1000, 100), Failure);
  std::string lines;
  for (int i = 0; i < 30; ++i) lines += "data: 1234\n";
  EXPECT_THROW(events_of(lines + "\n", 1000, 100), Failure);
}

}  // namespace
}  // namespace coyield::generators
