#include <coyield/generators/sources/line_buffer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/sources/file_records.hpp>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace coyield::generators {
namespace {

struct Line {
  std::string text;
  std::uint64_t offset;
  std::uint64_t number;
  bool operator==(const Line&) const = default;
};
std::ostream& operator<<(std::ostream& to, const Line& line) {
  return to << '"' << line.text << "\" at " << line.offset << ", no. " << line.number;
}

/// All lines of `text`, which arrives in blocks of `most` bytes.
std::vector<Line> split(std::string_view text, std::size_t most = 1 << 20, std::size_t max_line = 1 << 20,
                        std::uint64_t offset = 0) {
  LineBuffer lines(max_line);
  lines.begin(offset, "");
  std::vector<Line> all;
  while (!lines.ended()) {
    const std::span<char> room = lines.room();
    const std::size_t n = std::min({most, room.size(), text.size()});
    std::memcpy(room.data(), text.data(), n);
    text.remove_prefix(n);
    if (n == 0) lines.end();
    lines.commit(n);
    std::string_view line;
    while (lines.next(line)) all.push_back({std::string(line), lines.offset(), lines.number()});
  }
  return all;
}

TEST(LineBuffer, SplitsAtLfAndCrLf) {
  struct Row {
    const char* name;
    std::string text;
    std::vector<Line> lines;
  };
  const Row rows[] = {
      {"nothing", "", {}},
      {"an empty line", "\n", {{"", 0, 1}}},
      {"two lines", "a\nbc\n", {{"a", 0, 1}, {"bc", 2, 2}}},
      {"no line feed at the end", "a\nbc", {{"a", 0, 1}, {"bc", 2, 2}}},
      {"CR LF", "a\r\n\r\nb\r\n", {{"a", 0, 1}, {"", 3, 2}, {"b", 5, 3}}},
      {"one CR alone belongs to the CR LF", "a\r\r\n", {{"a\r", 0, 1}}},
      {"CR within and at the end of a line", "a\rb\nc\r", {{"a\rb", 0, 1}, {"c\r", 4, 2}}},
      {"NUL", std::string("a\0b\n", 4), {{std::string("a\0b", 3), 0, 1}}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(split(row.text), row.lines) << row.name;
    EXPECT_EQ(split(row.text, 1), row.lines) << row.name << ", byte by byte";
  }
}

TEST(LineBuffer, CountsOffsetsFromWhereItStarts) {
  EXPECT_EQ(split("a\nb\n", 100, 100, 5'000'000'000),
            (std::vector<Line>{{"a", 5'000'000'000, 1}, {"b", 5'000'000'002, 2}}));
}

TEST(LineBuffer, GivesTheSameLinesHoweverTheyArrive) {
  std::mt19937 random(1);
  std::string text;
  std::vector<Line> expected;
  for (std::uint64_t number = 1; number <= 400; ++number) {
    const std::string line(random() % (number % 50 == 0 ? 200'000 : 300),
                           static_cast<char>('a' + number % 26));
    expected.push_back({line, text.size(), number});
    text += line + (random() % 2 == 0 ? "\n" : "\r\n");
  }
  for (const std::size_t most : {std::size_t{7}, std::size_t{4096}, std::size_t{1} << 20}) {
    EXPECT_TRUE(split(text, most) == expected) << most;
  }
}

TEST(LineBuffer, TakesALineOfTheGreatestLengthAndNoLonger) {
  for (const std::size_t max :
       {std::size_t{10}, LineBuffer::block - 1, LineBuffer::block, 3 * LineBuffer::block}) {
    const std::string longest(max, 'x');
    EXPECT_EQ(split("a\n" + longest + "\r\n", 1000, max).size(), 2u) << max;
    EXPECT_EQ(split("a\n" + longest, 1000, max).size(), 2u) << max;
    for (const char* end : {"x\n", "x\r\n", "x", "\r", "xxxxxx"}) {
      try {
        split("a\n" + longest + end, 1000, max);
        ADD_FAILURE() << max << " and more were taken";
      } catch (const Failure& failure) {
        EXPECT_EQ(std::string(failure.what()).find("the line at byte 2 is longer than "), 0u)
            << failure.what();
      }
    }
  }
}

TEST(LineBuffer, HoldsNoMoreThanItsBlockOrTheLongestLine) {
  LineBuffer lines(1 << 20);
  EXPECT_EQ(lines.capacity(), 0u) << "nothing is allocated before it is needed";
  std::string_view line;
  EXPECT_FALSE(lines.next(line));
  for (int i = 0; i < 100; ++i) {
    const std::span<char> room = lines.room();
    std::memset(room.data(), 'x', room.size());
    for (std::size_t at = 99; at < room.size(); at += 100) room[at] = '\n';
    lines.commit(room.size());
    while (lines.next(line)) ASSERT_LE(line.size(), 200u);
  }
  EXPECT_EQ(lines.capacity(), LineBuffer::block);
  EXPECT_THROW(
      for (int i = 0; i < 1000; ++i) {
        const std::span<char> room = lines.room();
        std::memset(room.data(), 'x', room.size());
        lines.commit(room.size());
        ASSERT_FALSE(lines.next(line));
        ASSERT_LE(lines.capacity(), (std::size_t{1} << 20) + 2);
      },
      Failure);
}

TEST(LineBuffer, KnowsWhatStandsInFrontOfAPlace) {
  std::mt19937 random(2);
  const std::string before = "what was there before";
  std::string text = before;
  for (int i = 0; i < 5000; ++i)
    text += std::string(random() % (i % 500 == 0 ? 100'000 : 60), 'x') + std::to_string(i) + '\n';
  LineBuffer lines(1 << 20);
  lines.begin(before.size(), before);
  std::string_view rest = std::string_view(text).substr(before.size());
  while (!lines.ended()) {
    const std::span<char> room = lines.room();
    const std::size_t n = std::min({std::size_t{1} + random() % 20'000, room.size(), rest.size()});
    std::memcpy(room.data(), rest.data(), n);
    rest.remove_prefix(n);
    if (n == 0) lines.end();
    lines.commit(n);
    if (random() % 4 == 0) lines.shrink();  // half a record stays
    std::string_view line;
    while (lines.next(line)) {
      const auto at = static_cast<std::size_t>(lines.behind());
      const std::size_t known = std::min(at, RecordBuffer::history);
      ASSERT_EQ(lines.before(), std::string_view(text).substr(at - known, known));
      ASSERT_EQ(text[at - 1], '\n');
    }
  }
  EXPECT_EQ(lines.behind(), text.size());
  lines.shrink();
  EXPECT_EQ(lines.capacity(), 0u);
  EXPECT_EQ(lines.before(), std::string_view(text).substr(text.size() - RecordBuffer::history));
  EXPECT_EQ(lines.room().size(), RecordBuffer::block);
  lines.begin(7, "seven b");
  EXPECT_EQ(lines.behind(), 7u);
  EXPECT_EQ(lines.before(), "seven b");
  EXPECT_FALSE(lines.ended());
}

/// How much there is room for once `n` bytes have come, and gone again; -1: as many as there was room for.
std::size_t room_behind(ByteBlocks& blocks, int n) {
  const std::size_t room = blocks.room().size();
  blocks.commit(n < 0 ? room : static_cast<std::size_t>(n));
  std::string_view bytes;
  while (blocks.next(bytes)) continue;
  return blocks.room().size();
}

TEST(ByteBlocks, AreLargerWhileReadsFillThemAlsoBehindAWait) {
  ByteBlocks blocks(std::size_t{1} << 20, BlockSize::growing);
  EXPECT_EQ(blocks.room().size(), RecordBuffer::block + RecordBuffer::history);  // there is no history yet
  EXPECT_EQ(room_behind(blocks, -1), 2 * RecordBuffer::block);
  EXPECT_EQ(room_behind(blocks, -1), RecordBuffer::wide_block);
  EXPECT_EQ(room_behind(blocks, -1), RecordBuffer::wide_block);
  blocks.shrink();
  EXPECT_EQ(blocks.capacity(), 0u);
  EXPECT_EQ(blocks.room().size(), RecordBuffer::wide_block);
}

TEST(ByteBlocks, AreSmallAgainBehindALittle) {
  ByteBlocks blocks(std::size_t{1} << 20, BlockSize::growing);
  for (int i = 0; i < 4; ++i) room_behind(blocks, -1);
  room_behind(blocks, 100);
  blocks.shrink();
  EXPECT_EQ(blocks.room().size(), RecordBuffer::block);
}

TEST(ByteBlocks, StaySmallWhereAnItemOfBase64WouldBeLongerThanMayBe) {
  ByteBlocks blocks(std::size_t{300} * 1024, BlockSize::growing);
  for (int i = 0; i < 4; ++i) EXPECT_LE(room_behind(blocks, -1), RecordBuffer::block);
}

TEST(ByteBlocks, OfAFileAreEven) {
  ByteBlocks blocks(std::size_t{1} << 20);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(room_behind(blocks, -1), RecordBuffer::block);
}

}  // namespace
}  // namespace coyield::generators
