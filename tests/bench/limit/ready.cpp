// The limit with ready-made bytes: nothing is formatted, the same block goes out again and again. What is
// left is the kernel's work and the framing.
#include <vector>

#include "digits.hpp"
#include "server.hpp"

namespace coyield::bench {
namespace {

class ReadyMade final : public Producer {
 public:
  ReadyMade() : chunk_(2 * chunk_head_bytes + block_bytes) {
    // Two blocks, so that the client's check of the first 64 KiB finds items that go on.
    for (auto* blocks : {&chunks_, &frames_}) {
      std::uint64_t next = 0;
      for (auto& block : *blocks) block = blocks == &chunks_ ? make_chunk(next) : make_frames(next);
    }
    make_ten();
  }

  std::string_view endless(Framing framing, std::uint64_t& next) override {
    return (framing == Framing::chunked ? chunks_ : frames_)[next++ % 2];
  }
  std::string_view ten_items() override { return ten_; }
  bool offers(FileFormat format) const override { return format == FileFormat::text; }
  std::string_view file_chunk(FileFormat, std::string_view read, std::string&) override {
    write_chunk_head(chunk_.data(), read.size());
    std::memcpy(chunk_.data() + chunk_head_bytes, read.data(), read.size());
    std::memcpy(chunk_.data() + chunk_head_bytes + read.size(), "\r\n", 2);
    return {chunk_.data(), chunk_head_bytes + read.size() + 2};
  }

 private:
  static std::string item(std::uint64_t i) {
    char text[max_item_bytes];
    return {text, write_item(text, i, 1'700'000'000'000'000'000)};
  }
  static std::string as_chunk(const std::string& lines) {
    char head[chunk_head_bytes];
    write_chunk_head(head, lines.size());
    return std::string(head, sizeof(head)) + lines + "\r\n";
  }
  static std::string make_chunk(std::uint64_t& next) {
    std::string lines;
    while (lines.size() < block_bytes - max_item_bytes) lines += item(next++) + "\n";
    return as_chunk(lines);
  }
  static std::string make_frames(std::uint64_t& next) {
    std::string frames;
    while (frames.size() < block_bytes - max_item_bytes) {
      const std::string text = item(next++);
      frames += std::string{'\x81', static_cast<char>(text.size())} + text;
    }
    return frames;
  }
  void make_ten() {
    std::string lines;
    for (std::uint64_t i = 0; i < 10; ++i) lines += item(i) + "\n";
    ten_ = std::string(stream_head) + as_chunk(lines) + std::string(last_chunk);
  }

  std::string chunks_[2];
  std::string frames_[2];
  std::string ten_;
  std::vector<char> chunk_;
};

}  // namespace
}  // namespace coyield::bench

int main(int argc, char** argv) {
  coyield::bench::ReadyMade bytes;
  return coyield::bench::serve(bytes, argc, argv);
}
