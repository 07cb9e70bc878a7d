#include <coyield/server/http/gzip.hpp>

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>

namespace coyield::server {
namespace {

/// A client that reads what has come so far.
class Reader {
 public:
  Reader() { EXPECT_EQ(inflateInit2(&stream_, 15 + 16), Z_OK); }
  ~Reader() { inflateEnd(&stream_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  std::string read(std::string_view bytes) {
    std::string plain;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      char block[1000];
      stream_.next_out = reinterpret_cast<Bytef*>(block);
      stream_.avail_out = sizeof block;
      const int result = inflate(&stream_, Z_SYNC_FLUSH);
      EXPECT_TRUE(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR) << result;
      ended_ = ended_ || result == Z_STREAM_END;
      plain.append(block, sizeof block - stream_.avail_out);
    } while (stream_.avail_out == 0);
    EXPECT_EQ(stream_.avail_in, 0U) << "something follows the end";
    return plain;
  }
  bool ended() const { return ended_; }

 private:
  z_stream stream_{};
  bool ended_ = false;
};

class GzipTest : public testing::Test {
 protected:
  /// What arrives of a batch, as soon as it has been sent.
  std::string pass(std::string_view plain, Gzip::Flush flush = Gzip::Flush::batch) {
    generators::Buffer out;
    gzip_.append(plain, flush, out);
    sent_ += out.size();
    return reader_.read(out.view());
  }

  Gzip gzip_;
  Reader reader_;
  std::size_t sent_ = 0;
};

TEST_F(GzipTest, LetsEachBatchArriveWholeAtOnce) {
  for (int i = 0; i < 1000; ++i) {
    const std::string item =
        R"({"i":)" + std::to_string(i) + R"(,"level":"error","message":"no such file"})" + "\n";
    ASSERT_EQ(pass(item), item);
  }
  EXPECT_FALSE(reader_.ended());
  EXPECT_EQ(pass("", Gzip::Flush::end), "");
  EXPECT_TRUE(reader_.ended());
}

TEST_F(GzipTest, RefersToEarlierBatches) {
  const std::string item(200, 'x');
  pass(item);
  const std::size_t first = std::exchange(sent_, 0);
  pass(item);
  EXPECT_LT(sent_, first);
}

TEST_F(GzipTest, EndsAnEmptyStream) {
  EXPECT_EQ(pass("", Gzip::Flush::end), "");
  EXPECT_TRUE(reader_.ended());
}

TEST_F(GzipTest, EndsWithTheLastBatch) {
  EXPECT_EQ(pass("some"), "some");
  EXPECT_EQ(pass(" more", Gzip::Flush::end), " more");
  EXPECT_TRUE(reader_.ended());
}

TEST_F(GzipTest, HoldsNothingBeforeTheFirstBatchAndLittleThen) {
  pass("");
  EXPECT_EQ(gzip_.held_bytes(), 0U);
  pass("x");
  EXPECT_GT(gzip_.held_bytes(), 32U * 1024);
  EXPECT_LE(gzip_.held_bytes(), 40U * 1024);
}

TEST_F(GzipTest, SendsNothingForAnEmptyBatch) {
  pass("");
  EXPECT_EQ(sent_, 0U);
  pass("x");
  sent_ = 0;
  pass("");
  EXPECT_EQ(sent_, 0U);
}

TEST_F(GzipTest, TakesBatchesOfAnySizeThatDoNotCompress) {
  std::mt19937 random(1);
  for (std::size_t size = 1; size < 3'000'000; size = size * 3 + 1) {
    std::string noise(size, '\0');
    for (char& byte : noise) byte = static_cast<char>(random());
    ASSERT_EQ(pass(noise), noise) << size;
  }
  EXPECT_EQ(pass("", Gzip::Flush::end), "");
  EXPECT_TRUE(reader_.ended());
}

}  // namespace
}  // namespace coyield::server
