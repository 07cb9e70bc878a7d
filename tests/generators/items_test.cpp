#include <coyield/generators/items.hpp>

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <coyield/generators/consumer.hpp>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace coyield::generators {

struct Reading {
  std::string sensor;
  double value = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Reading, sensor, value)

namespace {

/// Yields each of `values` where it stands.
template <class T>
AsyncGenerator<const T&> each_of(const std::vector<T>& values) {
  for (const T& value : values) co_yield value;
}
template <class T>
AsyncGenerator<T> one(T value) {
  co_yield std::move(value);
}

struct Seen {
  PayloadKind kind;
  std::string payload;
  bool value;
  bool operator==(const Seen&) const = default;
};
std::ostream& operator<<(std::ostream& to, const Seen& seen) {
  return to << static_cast<int>(seen.kind) << ' ' << seen.payload << (seen.value ? " (value)" : "");
}
Seen value(std::string json) { return {PayloadKind::json, std::move(json), true}; }
Seen json(std::string json) { return {PayloadKind::json, std::move(json), false}; }
Seen text(std::string text) { return {PayloadKind::text, std::move(text), false}; }

template <class See>
void drain(AsyncGenerator<Item> stream, See see) {
  boost::asio::io_context io;
  Consumer<Item> consumer(io.get_executor(), std::move(stream));
  for (;;) {
    ASSERT_NE(consumer.poll(), Poll::pending);
    auto item = consumer.item();
    if (!item) return;
    see(*item);
  }
}
std::vector<Seen> all_of(AsyncGenerator<Item> stream) {
  std::vector<Seen> all;
  drain(std::move(stream), [&all](const Item& item) {
    Buffer payload;
    item.write_payload(payload);
    all.push_back({item.kind(), std::string(payload.view()), item.is_value()});
  });
  return all;
}
template <class T>
Seen only(T from) {
  const std::vector<Seen> all = all_of(items(one(std::move(from))));
  EXPECT_EQ(all.size(), 1U);
  return all.at(0);
}

TEST(Items, KeepsPlainValuesInTheItem) {
  EXPECT_EQ(only(5), value("5"));
  EXPECT_EQ(only(std::numeric_limits<std::int64_t>::min()), value("-9223372036854775808"));
  EXPECT_EQ(only(std::numeric_limits<std::uint64_t>::max()), value("18446744073709551615"));
  EXPECT_EQ(only(static_cast<signed char>(-3)), value("-3"));
  EXPECT_EQ(only(true), value("true"));
  EXPECT_EQ(only(false), value("false"));
  EXPECT_EQ(only(0.1), value("0.1"));
  EXPECT_EQ(only(0.1F), value("0.1"));
  EXPECT_EQ(only(2.5L), value("2.5"));
  EXPECT_EQ(only(std::numeric_limits<double>::quiet_NaN()), value("null"));
}

TEST(Items, TakesStringsForText) {
  EXPECT_EQ(only(std::string("a\n\"b\"")), text("a\n\"b\""));
  EXPECT_EQ(only(std::string_view("view")), text("view"));
  EXPECT_EQ(only<const char*>("literal"), text("literal"));
  EXPECT_EQ(only(std::string()), text(""));
}

TEST(Items, TakesBytesInARowForBytes) {
  const std::vector<std::byte> bytes = {std::byte{0}, std::byte{255}};
  EXPECT_EQ(only(bytes), (Seen{PayloadKind::bytes, std::string("\0\xFF", 2), false}));
}

TEST(Items, WritesNullWhereThereIsNothing) {
  EXPECT_EQ(only<const char*>(nullptr), json("null"));
  EXPECT_EQ(only(std::optional<int>()), json("null"));
  EXPECT_EQ(only(std::optional<int>(7)), value("7"));
  EXPECT_EQ(only(std::optional<std::string>("x")), text("x"));
}

TEST(Items, MakesJsonOfWhatNlohmannKnows) {
  EXPECT_EQ(only(nlohmann::json{{"a", {1, 2}}}), json(R"({"a":[1,2]})"));
  EXPECT_EQ(only(nlohmann::json("text")), json(R"("text")"));
  EXPECT_EQ(only(nlohmann::ordered_json{{"z", 1}, {"a", 2}}), json(R"({"z":1,"a":2})"));
  EXPECT_EQ(only(std::vector<int>{1, 2, 3}), json("[1,2,3]"));
  EXPECT_EQ(only(std::map<std::string, bool>{{"on", true}}), json(R"({"on":true})"));
  EXPECT_EQ(all_of(items(each_of<std::array<std::string, 1>>({{"x"}}))),
            (std::vector<Seen>{json(R"(["x"])")}));
  EXPECT_EQ(
      all_of(items(each_of<Reading>({{"t", 1.5}, {"p", 2}}))),
      (std::vector<Seen>{json(R"({"sensor":"t","value":1.5})"), json(R"({"sensor":"p","value":2.0})")}));
}

TEST(Items, ReplacesInvalidTextWithinJson) {
  EXPECT_EQ(only(nlohmann::json{"a\xFF\n"}), json("[\"a\xEF\xBF\xBD\\n\"]"));
}

TEST(Items, BorrowsTextWhereItStands) {
  const std::vector<std::string> lines = {"one", std::string(1000, 'x')};
  std::size_t i = 0;
  drain(items(each_of(lines)),
        [&](const Item& item) { EXPECT_EQ(item.payload().data(), lines[i++].data()); });
  EXPECT_EQ(i, 2U);
}

AsyncGenerator<Item> two_items() {
  Item first = Item::text("payload");
  first.set_id("7");
  first.set_event("update");
  co_yield std::move(first);
  co_yield Item::bytes("raw");
}

TEST(Items, PassesItemsOn) {
  std::vector<std::string> seen;
  drain(items(two_items()), [&seen](const Item& item) {
    seen.push_back(std::string(item.id()) + '|' + std::string(item.event()) + '|' +
                   std::string(item.payload()));
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"7|update|payload", "||raw"}));
}

AsyncGenerator<const Item&> the_same_twice(const Item& item) {
  co_yield item;
  co_yield item;
}

TEST(Items, BorrowsItemsThatAreReferredTo) {
  Item kept = Item::json("[1]");
  kept.set_id("1");
  std::vector<std::string> seen;
  drain(items(the_same_twice(kept)), [&](Item& item) {
    EXPECT_EQ(item.payload().data(), kept.payload().data());
    seen.push_back(std::string(item.id()));
    const Item taken = std::move(item);
    EXPECT_EQ(taken.kind(), PayloadKind::json);
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "1"}));
}

AsyncGenerator<int> empty() { co_return; }
AsyncGenerator<int> throws_after(int count) {
  for (int i = 0; i < count; ++i) co_yield i;
  throw std::runtime_error("broken");
}

TEST(Items, EndsAndThrowsWithWhatItIsMadeOf) {
  EXPECT_TRUE(all_of(items(empty())).empty());
  int seen = 0;
  EXPECT_THROW(drain(items(throws_after(2)), [&seen](const Item&) { ++seen; }), std::runtime_error);
  EXPECT_EQ(seen, 2);
  EXPECT_THROW(all_of(items(throws_after(0))), std::runtime_error);
}

TEST(Items, RefusesJsonThatCouldNotBeParsed) {
  nlohmann::json discarded = nlohmann::json::parse("{", nullptr, false);
  EXPECT_THROW(all_of(items(one(std::move(discarded)))), std::invalid_argument);
}

AsyncGenerator<std::string> says_when_destroyed(std::shared_ptr<int> held) {
  for (;;) co_yield std::to_string(*held);
}

TEST(Items, DestroysItsGeneratorWhenDroppedHalfWay) {
  const auto held = std::make_shared<int>(3);
  {
    boost::asio::io_context io;
    Consumer<Item> consumer(io.get_executor(), items(says_when_destroyed(held)));
    ASSERT_EQ(consumer.poll(), Poll::item);
    EXPECT_EQ(consumer.item()->payload(), "3");
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace coyield::generators
