#pragma once

#include <boost/intrusive/list.hpp>
#include <chrono>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/operators/json_edit.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace coyield::generators {

/// What one group takes in, on its way into the stream of its own.
struct GroupInbox {
  std::deque<Item> items;
  std::size_t bytes = 0;
  bool closed = false;  ///< no more will come
  Event filled;         ///< or closed
  Event* taken;         ///< set when there is room again
};

struct GroupBounds {
  std::size_t max_groups = 1000;
  std::size_t max_key_bytes = std::size_t{4} << 20;   ///< of all keys together
  std::optional<std::chrono::nanoseconds> idle = {};  ///< after which a group without an item ends
};

/// The groups of one stream: each has a stream of its own, which gets its items alone, and what comes out of
/// them is had here, as it comes. For one thread.
///
/// A group ends when it is closed, and is gone when what its stream still has to give has been taken; or when
/// its stream ends by itself, and then swallows what comes for it until it is closed.
class Groups {
 public:
  /// Puts the operators of a group behind its items.
  using Shape = std::function<AsyncGenerator<Item>(AsyncGenerator<Item>)>;

  /// `changed` is set when there may be an item, or room. `label`, if given, is the place of the key in what
  /// comes out.
  Groups(Loop& loop, Shape shape, GroupBounds bounds, std::optional<std::string> label, Event& changed);
  ~Groups();
  Groups(const Groups&) = delete;
  Groups& operator=(const Groups&) = delete;

  /// Whether an item of that key can be put in. Where it cannot, since its group has enough, or a group had
  /// to be closed to make room for another one, `changed` is set once it may be.
  bool has_room(std::string_view key);
  /// There is room. `key` is JSON, or empty for items that have none. Not a gap.
  void put(std::string_view key, const Item& item, std::chrono::nanoseconds now);

  /// What has come first: nothing where there is none. Valid until `advance`. Throws what a group's stream
  /// has thrown.
  Item* front();
  void advance();
  bool anything() const noexcept { return !ready_.empty(); }

  /// Closes those that have had no item for long enough; gives when the next one may be due.
  std::optional<std::chrono::nanoseconds> close_idle(std::chrono::nanoseconds now);
  void close_all();
  bool empty() const noexcept { return all_.empty(); }

 private:
  struct Group;
  using ReadyHook = boost::intrusive::list_base_hook<boost::intrusive::tag<struct ReadyTag>>;
  using RecentHook = boost::intrusive::list_base_hook<boost::intrusive::tag<struct RecentTag>>;
  struct Group : ReadyHook, RecentHook {
    Groups* groups = nullptr;
    std::string key;
    GroupInbox inbox;
    std::optional<JsonEdit> edit;
    std::chrono::nanoseconds last{};
    bool ready = false;
    bool over = false;      // its stream has ended
    Consumer<Item> stream;  // first to go
  };
  using Ready = boost::intrusive::list<Group, boost::intrusive::base_hook<ReadyHook>>;
  using Recent = boost::intrusive::list<Group, boost::intrusive::base_hook<RecentHook>>;

  Group& add(std::string_view key);
  void close(Group& group);
  void pull(Group& group);
  void make_ready(Group& group);
  void end(Group& group);
  static void on_ready(void* group, bool dropped);

  Loop& loop_;
  Shape shape_;
  GroupBounds bounds_;
  std::optional<std::string> label_;
  Event& changed_;
  std::size_t key_bytes_ = 0;
  std::map<std::string, Group*, std::less<>> open_;
  std::map<const Group*, std::unique_ptr<Group>> all_;  // those that are closed as well
  Ready ready_;
  Recent recent_;  // those that are open, the least recent first
};

}  // namespace coyield::generators
