#pragma once

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

/// What the tests of the engine look with.
namespace coyield::generators {

namespace asio = boost::asio;

/// Counts those that are alive.
class Probe {
 public:
  explicit Probe(int& alive) noexcept : alive_(&alive) { ++alive; }
  Probe(const Probe& other) noexcept : Probe(*other.alive_) {}
  Probe& operator=(const Probe&) = delete;
  ~Probe() { --*alive_; }

 private:
  int* alive_;
};

/// How far apart the frames lie in which `mark` was called.
class StackProbe {
 public:
  [[gnu::noinline]] void mark() noexcept {
    // Not the address of a local: AddressSanitizer has those elsewhere.
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    lowest_ = std::min(lowest_, here);
    highest_ = std::max(highest_, here);
  }
  std::size_t spread() const noexcept { return highest_ - lowest_; }

 private:
  std::uintptr_t lowest_ = UINTPTR_MAX;
  std::uintptr_t highest_ = 0;
};
inline constexpr std::size_t small_stack = std::size_t{32} * 1024;

/// An Asio operation, `void(error_code)`, whose initiation is `start(handler)`.
template <class Start>
auto operation(Start start) {
  return asio::async_initiate<const asio::deferred_t, void(boost::system::error_code)>(std::move(start),
                                                                                       asio::deferred);
}

/// Two connected sockets.
struct SocketPair {
  using Socket = asio::local::stream_protocol::socket;
  explicit SocketPair(asio::io_context& context) : here(context), there(context) {
    asio::local::connect_pair(here, there);
  }
  Socket here;
  Socket there;
};

}  // namespace coyield::generators
