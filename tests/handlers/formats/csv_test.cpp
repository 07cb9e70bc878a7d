#include "encode.hpp"

namespace coyield::handlers {
namespace {

using namespace testing;
using namespace std::string_view_literals;

Stream with_columns(std::vector<std::string> columns) {
  FormatOptions options;
  options.columns = std::move(columns);
  return Stream("csv", options);
}

/// Why the item is refused, or empty.
std::string refusal(Stream& stream, const Item& item) {
  try {
    stream.item(item);
    return "";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.kind(), FailureKind::invalid);
    return failure.message();
  }
}

/// The one field of a row, as it is written.
std::string field(std::string_view json) {
  Stream stream = with_columns({"a", "b"});
  stream.begin().written();
  const std::string row = stream.item(Item::json(json)).written();
  EXPECT_TRUE(row.ends_with(",\r\n")) << row;
  return row.substr(0, row.size() - 3);
}

TEST(Csv, MakesItsHeaderOfTheFirstItem) {
  Stream stream("csv");
  EXPECT_EQ(stream.begin().written(), "");
  EXPECT_EQ(stream.item(Item::json(R"({"b":1,"a":"x"})")).written(), "b,a\r\n1,x\r\n");
  EXPECT_EQ(stream.item(Item::json(R"({"b":2,"a":"y"})")).written(), "2,y\r\n");
  EXPECT_EQ(stream.end().written(), "");
}

TEST(Csv, WritesTheColumnsOfTheEndpointInTheirOrder) {
  Stream stream = with_columns({"a", "b", "c"});
  EXPECT_EQ(stream.begin().written(), "a,b,c\r\n");
  EXPECT_EQ(stream.item(Item::json(R"({"c":3,"a":1})")).written(), "1,,3\r\n");
  EXPECT_EQ(stream.item(Item::json("{}")).written(), ",,\r\n");
  EXPECT_EQ(stream.item(Item::json(R"({"b":1,"b":2})")).written(), ",2,\r\n") << "the last of two counts";
}

TEST(Csv, OfAnEmptyStreamHasTheHeaderThatIsKnown) {
  EXPECT_EQ(Stream("csv").begin().end().written(), "");
  EXPECT_EQ(with_columns({"a", "b"}).begin().end().written(), "a,b\r\n");
}

TEST(Csv, WritesEachKindOfMemberAsAField) {
  EXPECT_EQ(field(R"({"a":"plain text"})"), "plain text");
  EXPECT_EQ(field(R"({"a": 18446744073709551615 })"), "18446744073709551615");
  EXPECT_EQ(field(R"({"a":-1.50e3})"), "-1.50e3");
  EXPECT_EQ(field(R"({"a":123456789012345678901234567890})"), "123456789012345678901234567890");
  EXPECT_EQ(field(R"({"a":true })"), "true");
  EXPECT_EQ(field(R"({"a":false})"), "false");
  EXPECT_EQ(field(R"({"a":null})"), "");
  EXPECT_EQ(field(R"({"a":""})"), "");
  EXPECT_EQ(field(R"({"a":[1, 2]})"), R"("[1, 2]")");
  EXPECT_EQ(field(R"({"a":[]})"), "[]");
  EXPECT_EQ(field(R"({"a":{"x":["y",{}]}})"), R"("{""x"":[""y"",{}]}")");
}

TEST(Csv, QuotesWhatWouldBreakOut) {
  EXPECT_EQ(field(R"({"a":"a,b"})"), "\"a,b\"");
  EXPECT_EQ(field(R"({"a":"say \"no\""})"), "\"say \"\"no\"\"\"");
  EXPECT_EQ(field(R"({"a":"\""})"), "\"\"\"\"");
  EXPECT_EQ(field(R"({"a":"a\nb"})"), "\"a\nb\"");
  EXPECT_EQ(field(R"({"a":"a\rb"})"), "\"a\rb\"");
  EXPECT_EQ(field(R"({"a":"\u0000;\t "})"), std::string("\0;\t ", 4));
  EXPECT_EQ(field(R"({"a":"\u00e4\ud83c\udf88"})"), "\xC3\xA4\xF0\x9F\x8E\x88");
}

TEST(Csv, QuotesNamesToo) {
  Stream stream("csv");
  EXPECT_EQ(stream.item(Item::json(R"({"a,b":1,"\"":2,"":3})")).written(), "\"a,b\",\"\"\"\",\r\n1,2,3\r\n");
}

TEST(Csv, LeavesAFormulaAsItIs) { EXPECT_EQ(field(R"({"a":"=1+1"})"), "=1+1"); }

TEST(Csv, WritesALoneEmptyFieldSoThatItIsSeen) {
  Stream stream = with_columns({"a"});
  stream.begin().written();
  EXPECT_EQ(stream.item(Item::json(R"({"a":""})")).item(Item::json("{}")).written(), "\"\"\r\n\"\"\r\n");
}

TEST(Csv, PutsItemsWithoutMembersIntoTheOneColumn) {
  Stream stream("csv");
  EXPECT_EQ(stream.item(Item::text("a,b")).written(), "value\r\n\"a,b\"\r\n");
  EXPECT_EQ(stream.item(Item::json("5")).item(Item::json(R"("x\ny")")).written(), "5\r\n\"x\ny\"\r\n");
  EXPECT_EQ(stream.item(Item::json("[1,2]")).item(Item::json("null")).written(), "\"[1,2]\"\r\n\"\"\r\n");
  EXPECT_EQ(stream.item(Item::text("\xFF")).item(Item::text("")).written(), "\xEF\xBF\xBD\r\n\"\"\r\n");
  Stream named = with_columns({"line"});
  EXPECT_EQ(named.begin().item(Item::text("x")).written(), "line\r\nx\r\n");
}

TEST(Csv, WritesValues) {
  EXPECT_EQ(encoded("csv", value(18446744073709551615U)), "n\r\n18446744073709551615\r\n");
}

TEST(Csv, FailsAtAMemberThatHasNoColumnAndNamesIt) {
  Stream stream("csv");
  stream.item(Item::json(R"({"a":1})")).written();
  EXPECT_EQ(
      refusal(stream, Item::json(R"({"a":2,"extra":3})")),
      "an item has \"extra\", for which there is no column; add \"extra\" to the endpoint's \"columns\", or "
      "drop it with the operator \"select\"");
  EXPECT_EQ(stream.written(), "");
}

TEST(Csv, FailsAtWhatCannotBeARow) {
  Stream two = with_columns({"a", "b"});
  EXPECT_EQ(refusal(two, Item::text("x")), "an item is no JSON object, and cannot be a row of 2 columns");
  EXPECT_EQ(refusal(two, Item::json("1")), "an item is no JSON object, and cannot be a row of 2 columns");
  EXPECT_NE(refusal(two, Item::bytes("x")), "");
  EXPECT_FALSE(two.gap());
  Stream none("csv");
  EXPECT_EQ(refusal(none, Item::json("{}")),
            "the first item has no members to make columns of; give the endpoint \"columns\"");
  EXPECT_EQ(none.written() + two.written(), "");
}

TEST(Csv, MakesABoundedNumberOfColumns) {
  std::string item = "{\"x\":0";
  for (int i = 0; i < 5000; ++i) item += ",\"" + std::to_string(i) + "\":0";
  Stream stream("csv");
  EXPECT_EQ(refusal(stream, Item::json(item + "}")),
            "the first item has more than 4096 members to make columns of");
}

TEST(Csv, WritesItemsLongerThanThoseBefore) {
  Stream stream = with_columns({"a"});
  stream.begin().written();
  for (std::size_t size = 1; size < 20'000; size = size * 3 / 2 + 1) {
    const std::string text(size, 'x');
    EXPECT_EQ(stream.item(Item::json("{\"a\":\"" + text + "\"}")).written(), text + "\r\n");
  }
}

TEST(Csv, SaysWhatItIs) {
  EXPECT_EQ(format("csv").content_type, "text/csv; charset=utf-8; header=present");
  Stream stream("csv");
  EXPECT_FALSE(stream.heartbeat());
}

}  // namespace
}  // namespace coyield::handlers
