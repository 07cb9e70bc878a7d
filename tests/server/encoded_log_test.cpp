#include <coyield/server/encoded_log.hpp>

#include <gtest/gtest.h>

#include <coyield/generators/hub.hpp>
#include <coyield/generators/testing.hpp>
#include <string>

namespace coyield::server {
namespace {

using generators::AsyncGenerator;
using generators::Buffer;
using generators::Hub;
using generators::Item;

class EncodedLogTest : public ::testing::Test {
 protected:
  /// A log of so many items, with a gap at `gap`, that somebody reads who takes nothing.
  void fill(int items, int gap = -1) {
    hub_ = Hub::make(loop_.loop(), [=](const std::string&) { return numbers(items, gap); },
                     {.replay = {.items = 100000}});
    cursor_.emplace(hub_, generators::SubscribeOptions{}, changed_);
    loop_.run_ready();
  }
  static AsyncGenerator<Item> numbers(int items, int gap) {
    for (int i = 0; i < items; ++i) {
      const std::string text = std::to_string(i);
      if (i == gap) {
        co_yield Item::gap("{}");
      } else {
        co_yield Item::text(text);
      }
    }
  }
  const EncodedLog::Block* make(std::uint64_t offset) {
    return encoded_.make(*hub_, offset, [this](const Item& item, Buffer& out) {
      if (item.payload() == refused_)
        throw generators::Failure(generators::FailureKind::upstream, "too long");
      ++encodings_;
      out.append(item.payload());
      out.append("\n");
    });
  }

  testing::TestLoop loop_;
  std::shared_ptr<Hub> hub_;
  generators::Event changed_;
  std::optional<generators::Cursor> cursor_;
  EncodedLog encoded_;
  std::string refused_ = "none";
  int encodings_ = 0;
};

TEST_F(EncodedLogTest, EncodesOnceWhatIsThere) {
  fill(5);
  const auto* block = make(0);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(block->bytes.view(), "0\n1\n2\n3\n4\n");
  EXPECT_EQ(block->end(), 5U);
  EXPECT_EQ(encoded_.find(0), block);
  EXPECT_EQ(encodings_, 5);
  EXPECT_EQ(encoded_.find(5), nullptr);
  EXPECT_EQ(make(5), nullptr) << "there is nothing yet";
}

TEST_F(EncodedLogTest, WhoStandsWithinABlockEncodesForItself) {
  fill(5);
  make(0);
  EXPECT_EQ(encoded_.find(2), nullptr);
  EXPECT_EQ(make(2), nullptr);
}

TEST_F(EncodedLogTest, ABlockEndsInFrontOfWhatCannotBeSaidAndOfAGap) {
  fill(6, 4);
  refused_ = "2";
  EXPECT_EQ(make(0)->bytes.view(), "0\n1\n");
  EXPECT_EQ(make(2), nullptr);
  EXPECT_EQ(make(3)->bytes.view(), "3\n");
  EXPECT_EQ(make(4), nullptr);
  EXPECT_EQ(make(5)->bytes.view(), "5\n");
  EXPECT_EQ(encoded_.find(3)->bytes.view(), "3\n");
}

TEST_F(EncodedLogTest, ForgetsWhatAllHaveRead) {
  fill(20000);
  const auto* first = make(0);
  ASSERT_NE(first, nullptr);
  const std::uint64_t end = first->end();
  ASSERT_LT(end, 20000U) << "a block is bounded";
  cursor_->pass(end);
  ASSERT_NE(make(end), nullptr);
  EXPECT_EQ(encoded_.find(0), nullptr);
  EXPECT_NE(encoded_.find(end), nullptr);
}

}  // namespace
}  // namespace coyield::server
