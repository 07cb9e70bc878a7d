#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/postgres/changes.hpp>

namespace coyield::generators::postgres {
namespace {

using namespace std::string_literals;

std::string number(std::uint64_t value, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift & 0xFF));
  return out;
}
std::string value(std::string_view text) { return "t" + number(text.size(), 4) + std::string(text); }

/// public.t (id int4 key, name text, data jsonb), as number 7.
std::string relation() {
  const auto column = [](char flags, const char* name, unsigned type) {
    return std::string(1, flags) + name + "\0"s + number(type, 4) + number(0xFFFFFFFF, 4);
  };
  return "R" + number(7, 4) + "public\0t\0"s + "d" + number(3, 2) + column(1, "id", 23) +
         column(0, "name", 25) + column(0, "data", 3802);
}
std::string begin(std::uint64_t committed = 0) {
  return "B" + number(committed, 8) + number(0, 8) + number(742, 4);
}

class PostgresChanges : public ::testing::Test {
 protected:
  PostgresChanges() {
    EXPECT_EQ(read(begin()), "");
    EXPECT_EQ(read(relation()), "");
  }
  std::string read(const std::string& message) {
    Buffer out;
    return reader.read(message, 0x16B3748, out) ? std::string(out.view()) : "";
  }
  ChangeReader reader;
  const std::string insert = "I" + number(7, 4) + "N" + number(3, 2) + value("1") + value("Ada") + "n";
};

constexpr const char* head = R"(,"lsn":"0/16B3748","xid":742,)";

TEST_F(PostgresChanges, HaveIdsByTheirCommitAndTheirNumberInIt) {
  read(begin(0x1'0000'00AB));
  read(insert);
  EXPECT_EQ(reader.id(), "1/AB-1");
  read(relation());
  read(insert);
  EXPECT_EQ(reader.id(), "1/AB-2");
  read(begin(0x1'0000'00CD));
  read(insert);
  EXPECT_EQ(reader.id(), "1/CD-1");
}

TEST(PlaceOfChanges, IsThatOfAChangeOrOfASlot) {
  for (const char* good : {"0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF-18446744073709551615", "1/AB-1"})
    EXPECT_TRUE(is_place_of_changes(good)) << good;
  for (const char* bad : {"", "1", "1/", "/1", "1/2-", "1/2-x", "1/2-3-", "1/2 ", "1/2-3 ", "x/2", "1/x",
                          "123456789/0", "1/2-99999999999999999999", "-1/2", "1/-2"})
    EXPECT_FALSE(is_place_of_changes(bad)) << bad;
}

TEST_F(PostgresChanges, AreObjectsWithWhatWasDoneToWhichRow) {
  EXPECT_EQ(read("I" + number(7, 4) + "N" + number(3, 2) + value("1") + value("A\"da") + "n"),
            R"({"op":"insert")" + std::string(head) +
                R"("table":"public.t","row":{"id":1,"name":"A\"da","data":null}})");
  EXPECT_EQ(read("U" + number(7, 4) + "N" + number(3, 2) + value("1") + value("Eve") + "u"),
            R"({"op":"update")" + std::string(head) +
                R"("table":"public.t","row":{"id":1,"name":"Eve"},"unchanged":["data"]})");
  EXPECT_EQ(read("U" + number(7, 4) + "K" + number(3, 2) + value("1") + "nn" + "N" + number(3, 2) +
                 value("2") + value("Eve") + value("{}")),
            R"({"op":"update")" + std::string(head) +
                R"("table":"public.t","old":{"id":1},"row":{"id":2,"name":"Eve","data":{}}})");
  EXPECT_EQ(read("D" + number(7, 4) + "O" + number(3, 2) + value("1") + "n" + value("[]")),
            R"({"op":"delete")" + std::string(head) +
                R"("table":"public.t","old":{"id":1,"name":null,"data":[]}})");
  EXPECT_EQ(read("T" + number(1, 4) + "\0"s + number(7, 4)),
            R"({"op":"truncate")" + std::string(head) + R"("tables":["public.t"]})");
}

TEST_F(PostgresChanges, PassOverWhatIsNone) {
  for (const char kind : {'C', 'O', 'Y', 'M'})
    EXPECT_EQ(read(std::string(1, kind) + std::string(40, '\0')), "");
}

TEST_F(PostgresChanges, RefuseWhatCannotBeReadWhereverItIsCut) {
  const std::string whole = "U" + number(7, 4) + "K" + number(3, 2) + value("1") + "nn" + "N" + number(3, 2) +
                            value("2") + value("Eve") + value("{}");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(read(whole.substr(0, size)), Failure) << size;
  EXPECT_THROW(read("I" + number(8, 4) + "N" + number(0, 2)), Failure) << "a table that nobody has described";
  EXPECT_THROW(read("I" + number(7, 4) + "N" + number(4, 2) + "nnnn"), Failure) << "more columns than it has";
  EXPECT_THROW(read("I" + number(7, 4) + "N" + number(1, 2) + "x"), Failure);
  const std::string table = relation();
  for (std::size_t size = 0; size < table.size(); ++size)
    EXPECT_THROW(read(table.substr(0, size)), Failure) << size;
}

TEST(PostgresWal, MessagesAreToldApart) {
  const std::string bytes = "w" + number(0x10, 8) + number(0x20, 8) + number(0, 8) + "payload";
  const auto data = parse_wal_message(bytes);
  EXPECT_TRUE(data.is_data);
  EXPECT_EQ(data.position, 0x10u);
  EXPECT_EQ(data.payload, "payload");
  const std::string keepalive = "k" + number(0x20, 8) + number(0, 8);
  EXPECT_TRUE(parse_wal_message(keepalive + "\1").wants_reply);
  EXPECT_FALSE(parse_wal_message(keepalive + "\0"s).wants_reply);
  for (const std::string& wrong : {""s, "w"s, "k"s, "x"s, keepalive, "w" + number(0, 8) + number(0, 8)})
    EXPECT_THROW(parse_wal_message(wrong), Failure);
}

TEST(PostgresWal, ReportsAreAsTheServerReadsThem) {
  EXPECT_EQ(status_update(0x0102, 5),
            "r" + number(0x0102, 8) + number(0x0102, 8) + number(0x0102, 8) + number(5, 8) + "\0"s);
  EXPECT_EQ(position_text(0x16B3748), "0/16B3748");
  EXPECT_EQ(position_text(0xA00000001), "A/1");
}

}  // namespace
}  // namespace coyield::generators::postgres
