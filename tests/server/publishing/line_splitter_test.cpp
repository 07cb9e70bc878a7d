#include <coyield/server/publishing/line_splitter.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace coyield::server {
namespace {

using Lines = std::vector<std::string>;

/// All lines, of bytes that come in pieces of the sizes that `size` gives.
template <class Size>
Lines lines_of(std::string_view bytes, std::size_t max_line, Size size) {
  LineSplitter splitter(max_line);
  Lines lines;
  while (!bytes.empty()) {
    const std::size_t piece = std::min<std::size_t>(size(), bytes.size());
    splitter.room().append(bytes.substr(0, piece));
    bytes.remove_prefix(piece);
    while (const auto line = splitter.next()) lines.emplace_back(*line);
  }
  if (const auto rest = splitter.rest()) lines.emplace_back(*rest);
  return lines;
}
Lines lines_of(std::string_view bytes, std::size_t max_line = 100) {
  const Lines whole = lines_of(bytes, max_line, [&] { return bytes.size(); });
  for (std::size_t piece = 1; piece < 9; ++piece)
    EXPECT_EQ(lines_of(bytes, max_line, [piece] { return piece; }), whole) << piece;
  return whole;
}

TEST(LineSplitter, CutsAtLineFeeds) {
  EXPECT_EQ(lines_of("a\nbc\n"), (Lines{"a", "bc"}));
  EXPECT_EQ(lines_of("a\r\nb\rc\r\n"), (Lines{"a", "b\rc"}));
}

TEST(LineSplitter, TheLastLineNeedsNoEnd) {
  EXPECT_EQ(lines_of("a\nb"), (Lines{"a", "b"}));
  EXPECT_EQ(lines_of("a\nb\r"), (Lines{"a", "b"}));
}

TEST(LineSplitter, PassesOverEmptyLines) {
  EXPECT_EQ(lines_of("\n\r\n \t\na\n\n"), Lines{"a"});
  EXPECT_EQ(lines_of(""), Lines{});
  EXPECT_EQ(lines_of(" \r"), Lines{});
}

TEST(LineSplitter, OneThatIsTooLongIsGivenInPartAndLosesNoOther) {
  EXPECT_EQ(lines_of("abc\nabcd\nabcdefghijkl\nx\n", 3), (Lines{"abc", "abcd", "abcd", "x"}));
  EXPECT_EQ(lines_of("abc\nabcdefghijkl", 3), (Lines{"abc", "abcd"}));
}

TEST(LineSplitter, HoldsNoMoreThanALineAndAPiece) {
  LineSplitter splitter(1000);
  for (int i = 0; i < 10000; ++i) {
    splitter.room().append(std::string(500, 'x'));
    while (splitter.next()) {
    }
  }
  EXPECT_LT(splitter.held_bytes(), 4000U);
}

TEST(LineSplitter, GivesEveryLineHoweverItsPiecesAreCut) {
  std::minstd_rand random(1);
  std::string all;
  Lines expected;
  for (int i = 0; i < 5000; ++i) {
    expected.push_back(std::to_string(i) + std::string(random() % 60, 'x'));
    all += expected.back() + (random() % 2 != 0 ? "\n" : "\r\n");
  }
  EXPECT_EQ(lines_of(all, 100, [&] { return 1 + random() % 3000; }), expected);
}

}  // namespace
}  // namespace coyield::server
