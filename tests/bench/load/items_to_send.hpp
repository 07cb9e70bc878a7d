#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace coyield::bench {

/// Items for who publishes, as the body of a request in chunks: lines of `{"i":N,"ts":T}`, N from 0, T the
/// time when the chunk was made. Complete after `count` of them.
class ItemsToSend {
 public:
  explicit ItemsToSend(std::uint64_t count) : count_(count) {}
  /// The next chunk, of about 16 KiB, valid until the next call. The last one is that of no bytes, then
  /// nothing.
  std::string_view next_chunk();

 private:
  std::string lines_;
  std::string chunk_;
  std::uint64_t count_;
  std::uint64_t next_ = 0;
  bool closed_ = false;
};

/// One such item.
std::string item_to_send(std::uint64_t number, std::uint64_t time);

}  // namespace coyield::bench
