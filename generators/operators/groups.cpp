#include <coyield/generators/operators/groups.hpp>

#include <nlohmann/json.hpp>
#include <utility>

namespace coyield::generators {

namespace {

constexpr std::size_t most_waiting = 64;
constexpr std::size_t most_waiting_bytes = std::size_t{64} << 10;

std::size_t bytes_of(const Item& item) {
  return sizeof(Item) + (item.is_value() ? 0 : item.payload().size());
}

/// The items of one group. `inbox` is there for longer.
AsyncGenerator<Item> items_of(GroupInbox& inbox) {
  for (;;) {
    while (inbox.items.empty() && !inbox.closed) co_await inbox.filled.wait();
    if (inbox.items.empty()) co_return;
    Item item = std::move(inbox.items.front());
    inbox.items.pop_front();
    inbox.bytes -= bytes_of(item);
    inbox.taken->set();
    co_yield std::move(item);
  }
}

}  // namespace

Groups::Groups(Loop& loop, Shape shape, GroupBounds bounds, std::optional<std::string> label, Event& changed)
    : loop_(loop), shape_(std::move(shape)), bounds_(bounds), label_(std::move(label)), changed_(changed) {}

Groups::~Groups() {
  ready_.clear();
  recent_.clear();
}

bool Groups::has_room(std::string_view key) {
  if (const auto found = open_.find(key); found != open_.end()) {
    const GroupInbox& inbox = found->second->inbox;
    return found->second->over || (inbox.items.size() < most_waiting && inbox.bytes < most_waiting_bytes);
  }
  const auto full = [&] {
    return open_.size() >= bounds_.max_groups || key_bytes_ + key.size() > bounds_.max_key_bytes;
  };
  while (full() && !recent_.empty()) close(recent_.front());
  return all_.size() < bounds_.max_groups + 1;  // one may be on its way out
}

Groups::Group& Groups::add(std::string_view key) {
  auto made = std::make_unique<Group>();
  Group& group = *made;
  all_.emplace(&group, std::move(made));
  group.groups = this;
  group.key = key;
  group.inbox.taken = &changed_;
  if (label_ && !key.empty()) {
    const nlohmann::json written = {{*label_, nlohmann::json::parse(key)}};
    group.edit = JsonEdit::compile(written).value();
  }
  open_.emplace(key, &group);
  key_bytes_ += key.size();
  recent_.push_back(group);
  group.stream = Consumer<Item>(loop_, shape_(items_of(group.inbox)));
  return group;
}

void Groups::put(std::string_view key, const Item& item, std::chrono::nanoseconds now) {
  const auto found = open_.find(key);
  const bool is_new = found == open_.end();
  Group& group = is_new ? add(key) : *found->second;
  group.last = now;
  recent_.splice(recent_.end(), recent_, recent_.iterator_to(group));
  if (group.over) return;
  group.inbox.items.push_back(item.own());
  group.inbox.bytes += bytes_of(group.inbox.items.back());
  group.inbox.filled.set();
  if (is_new) pull(group);
}

Item* Groups::front() {
  while (!ready_.empty()) {
    Group& group = ready_.front();
    auto item = group.stream.item();
    if (item) {
      if (group.edit) group.edit->apply(*item);
      return &*item;
    }
    ready_.pop_front();
    group.ready = false;
    end(group);
  }
  return nullptr;
}

void Groups::advance() {
  Group& group = ready_.front();
  ready_.pop_front();
  group.ready = false;
  pull(group);
}

void Groups::pull(Group& group) {
  if (group.stream.poll() == Poll::pending) {
    group.stream.on_ready(&on_ready, &group);
  } else {
    make_ready(group);
  }
}

void Groups::on_ready(void* argument, bool dropped) {
  if (dropped) return;  // the loop is going away, and drops the operator too
  Group& group = *static_cast<Group*>(argument);
  group.stream.poll();  // takes note of what has come
  group.groups->make_ready(group);
  group.groups->changed_.set();
}

void Groups::make_ready(Group& group) {
  if (std::exchange(group.ready, true)) return;
  ready_.push_back(group);
}

/// Its stream has ended: of itself, and then it stays, so that what comes for it is no new group.
void Groups::end(Group& group) {
  group.over = true;
  group.stream = {};
  group.inbox.items.clear();
  changed_.set();
  if (group.inbox.closed) all_.erase(&group);
}

void Groups::close(Group& group) {
  open_.erase(group.key);
  key_bytes_ -= group.key.size();
  recent_.erase(recent_.iterator_to(group));
  group.inbox.closed = true;
  group.inbox.filled.set();
  if (group.over) all_.erase(&group);
}

std::optional<std::chrono::nanoseconds> Groups::close_idle(std::chrono::nanoseconds now) {
  if (!bounds_.idle) return std::nullopt;
  while (!recent_.empty() && now - recent_.front().last >= *bounds_.idle) close(recent_.front());
  if (recent_.empty()) return std::nullopt;
  return recent_.front().last + *bounds_.idle;
}

void Groups::close_all() {
  while (!recent_.empty()) close(recent_.front());
}

}  // namespace coyield::generators
