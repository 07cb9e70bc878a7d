#include <coyield/generators/sources/gzip_inflater.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <string>

#include "gzip.hpp"

namespace coyield::generators {
namespace {

/// What comes out when it is fed so many bytes at a time, into rooms of so many; `cut off` behind it when the
/// end is none.
std::string inflate(std::string_view bytes, std::size_t feed = 1 << 20, std::size_t room = 1 << 16) {
  GzipInflater inflater;
  std::string out;
  std::string block(room, '?');
  for (;;) {
    if (inflater.hungry()) {
      if (bytes.empty()) return inflater.may_end() ? out : out + "cut off";
      inflater.feed(bytes.substr(0, feed));
      bytes.remove_prefix(std::min(feed, bytes.size()));
    }
    out.append(block, 0, inflater.inflate(block));
  }
}

std::string long_text() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919) + '\n';
  return text;
}

TEST(GzipInflater, GivesTheTextHoweverItArrives) {
  const std::string text = long_text();
  const std::string bytes = gzip(text);
  EXPECT_TRUE(inflate(bytes) == text);
  EXPECT_TRUE(inflate(bytes, 1) == text);
  EXPECT_TRUE(inflate(bytes, 1000, 1) == text);
  EXPECT_TRUE(inflate(bytes, 7, 13) == text);
  EXPECT_EQ(inflate(gzip("")), "");
}

TEST(GzipInflater, JoinsMembersAndPassesOverZerosBehindThem) {
  const std::string bytes = gzip("one") + gzip("") + gzip("two");
  for (const std::size_t feed : {std::size_t{1}, std::size_t{1000}}) {
    EXPECT_EQ(inflate(bytes, feed), "onetwo");
    EXPECT_EQ(inflate(bytes + std::string(1000, '\0'), feed), "onetwo");
  }
}

TEST(GzipInflater, KnowsWhenItIsCutOff) {
  const std::string bytes = gzip("one") + gzip("two");
  const std::size_t first = gzip("one").size();
  for (std::size_t n = 1; n < bytes.size(); ++n) {
    const std::string seen = inflate(bytes.substr(0, n), 1);
    EXPECT_EQ(seen.ends_with("cut off"), n != first) << n;
  }
  EXPECT_EQ(inflate(""), "cut off");
}

TEST(GzipInflater, FindsDamage) {
  const std::string text = long_text();
  const std::string good = gzip(text);
  int unseen = 0;
  for (std::size_t at = 0; at < good.size(); at += 97) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    try {
      if (inflate(bad) != text) ++unseen;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.kind(), FailureKind::upstream);
    }
  }
  EXPECT_EQ(unseen, 0);
  EXPECT_THROW(inflate(gzip("one") + "garbage"), Failure);
  EXPECT_THROW(inflate("no gzip at all"), Failure);
}

TEST(GzipInflater, DoesNotSwell) {
  const std::string bomb = gzip(std::string(20'000'000, '\0'));
  GzipInflater inflater;
  inflater.feed(bomb);
  std::string room(4096, '?');
  std::size_t all = 0;
  while (const std::size_t n = inflater.inflate(room)) {
    ASSERT_LE(n, room.size());
    all += n;
  }
  EXPECT_EQ(all, 20'000'000u);
  EXPECT_TRUE(inflater.may_end());
}

}  // namespace
}  // namespace coyield::generators
