#pragma once

#include <coyield/generators/gauge.hpp>
#include <cstdint>

namespace coyield::generators {

/// Whether generators of such items can be traced: see `Trace`. Those of others have no room for it.
template <class T>
inline constexpr bool is_traced = false;

namespace detail {

class PromiseBase;
class StageRef;

/// What is known of one component of a stream, as long as its generator or its `Trace` is there.
struct Stage {
  Gauge<std::uint64_t> items;              ///< that it has given
  const StageRef* holder = nullptr;        ///< in the frame of its generator; null: that has gone
  const PromiseBase* generator = nullptr;  ///< likewise
  void (*release)(Stage&) = nullptr;       ///< called when a generator that has held it goes
};

/// In the frame of a generator: where it counts what it gives.
class StageRef {
 public:
  StageRef() noexcept = default;
  StageRef(const StageRef&) = delete;
  StageRef& operator=(const StageRef&) = delete;
  ~StageRef() {
    if (stage_ != nullptr) let_go();
  }

  void note_item() noexcept {
    if (stage_ != nullptr) stage_->items.add(1);
  }
  Stage* stage() const noexcept { return stage_; }
  /// Once.
  void hold(Stage& stage) noexcept { stage_ = &stage; }

 private:
  void let_go() noexcept {
    if (stage_->holder == this) {
      stage_->holder = nullptr;
      stage_->generator = nullptr;
    }
    stage_->release(*stage_);
  }

  Stage* stage_ = nullptr;
};

/// In the frames of generators that cannot be traced.
struct NoStage {
  static void note_item() noexcept {}
};

}  // namespace detail
}  // namespace coyield::generators
