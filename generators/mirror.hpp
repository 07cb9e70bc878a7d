#pragma once

#include <coyield/generators/shared_log.hpp>
#include <functional>
#include <memory>
#include <vector>

namespace coyield::generators {

class MirrorLink;

/// The log of a hub that is at home on another thread: subscribers here read it as those there do, with the
/// same ids, and share the items with them.
///
/// What the hub appends comes over in batches. Where this thread is too busy to take them, all subscribers
/// here are as far behind as it is, and are treated so; with `SlowPolicy::block` the hub waits for the
/// slowest of them. To the hub a mirror is one subscriber, from `make` until it is destroyed.
///
/// `there` must have a thread that runs it, and not be destroyed while another thread uses this. Where both
/// have come to rest, either loop may be destroyed first.
///
///     auto here = Mirror::make(loop, other.get_executor(), [hub] { return hub; }, options);
class Mirror final : public SharedLog {
 public:
  /// `home` is called there, once, and gives the log that is followed; what it throws is the end of this one.
  /// `options` are those of that log.
  static std::shared_ptr<Mirror> make(Loop& here, const Executor& there,
                                      std::function<std::shared_ptr<SharedLog>()> home, LogOptions options);
  ~Mirror() override;

  /// Called when the last subscriber has left, from within that: the mirror must not be destroyed there.
  void on_idle(std::function<void()> call) { on_idle_ = std::move(call); }

 private:
  friend class MirrorLink;

  /// What comes over: entries in a row, and what is to be known of the log around them.
  struct Batch {
    std::uint64_t first = 0;  ///< offset of the first entry
    std::vector<ItemLog::EntryPtr> entries = {};
    std::vector<Epoch> epochs = {};  ///< where they have changed: all of them
    std::string start = {};          ///< where the generator has begun, where that is known
    bool complete = false;           ///< there is no more as yet
    std::uint64_t answer = 0;        ///< all is here that there was when this was asked
    bool ended = false;
    std::exception_ptr failure = nullptr;
  };
  /// Tells the hub how far all is here, when the loop comes to it.
  struct Report final : Wakeup {
    explicit Report(Mirror& owner) noexcept : mirror(owner) {}
    void woken() override { mirror.report(); }
    Mirror& mirror;
  };

  Mirror(Loop& here, const Executor& there, LogOptions options)
      : SharedLog(here, options, {}), there_(there) {}

  /// Once all that the hub had has come; and what one has had elsewhere who has been faster.
  bool may_begin(Beginning& wanted) override;
  void wanted() override {}
  void unwanted() noexcept override;
  void advanced() noexcept override;
  std::string start_position() const override { return start_; }
  void want_start_position() override;
  void arrive(Batch&& batch);
  void report();
  template <class Say>
  void tell(Say say);

  const Executor there_;
  std::weak_ptr<MirrorLink> link_;
  std::function<void()> on_idle_;
  Report report_{*this};
  std::string start_;
  std::uint64_t arrived_ = 0;  // entries
  std::uint64_t asked_ = 0;
  std::uint64_t answered_ = 0;
  bool ready_ = false;
};

}  // namespace coyield::generators
