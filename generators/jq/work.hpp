#pragma once

#include <coyield/generators/buffer.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/jq/protocol.hpp>
#include <exception>

namespace coyield::generators::jq {

/// A batch on its way through a `coyield-jq`, shared by the stream that has asked for it and the pool.
struct Work {
  Buffer request;  ///< a BatchHead and what belongs to it
  Buffer answers;  ///< whole records that have come and were not taken
  bool ended = false;
  Length next = 0;            ///< as `ChunkHead::next`, once it has ended
  std::exception_ptr failed;  ///< instead of an end
  Event* changed = nullptr;   ///< set whenever something of it has; null: the stream is gone

  bool wanted() const noexcept { return changed != nullptr; }
  void tell() const noexcept {
    if (changed != nullptr) changed->set();
  }
  void fail(std::exception_ptr why) noexcept {
    failed = std::move(why);
    tell();
  }
};

}  // namespace coyield::generators::jq
