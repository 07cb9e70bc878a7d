#pragma once

#include <coyield/generators/event.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/loop.hpp>
#include <coyield/generators/topic.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace coyield::generators {

namespace detail {
class PublisherLink;
class PublisherAnswers;
}  // namespace detail

/// What a topic does not take for its rate: given back as a failure, or taken when the rate allows it.
enum class OverRate : unsigned char { refused, waits };

struct PublisherOptions {
  std::string client = {};  ///< for its rate; empty: it has none
  OverRate over_rate = OverRate::refused;
};

/// Publishes to a topic that is at home on any thread, from this one: one answer for each item, in order.
///
/// Items cross in batches. Destroying it withdraws, soon, what has not been published yet; nothing is
/// published by halves. All of it is for the thread of `here`. `there` must have a thread that runs it, and
/// not be destroyed while another thread uses this; where both have come to rest, either loop may be
/// destroyed first.
///
///     Publisher publisher(loop, other.get_executor(), [topic] { return topic; }, news);
///     publisher.submit(item.own());
///     while (!(answer = publisher.next())) co_await news.wait();
class Publisher {
 public:
  using Find = std::function<std::shared_ptr<Topic>()>;

  /// `home` is called there, once, and gives the topic; what it throws is the answer to every item. `news` is
  /// set when there is an answer, and must outlive it.
  Publisher(Loop& here, const Executor& there, Find home, Event& news, PublisherOptions options = {});
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// `item` borrows nothing. `key` as in `Topic::publish`.
  void submit(Item item, std::string key = {});
  /// As many are under way as may be, in items or bytes: more are taken, but should not be given.
  bool full() const noexcept;
  /// Submitted, and not answered by `next` yet.
  std::size_t under_way() const noexcept { return under_way_.size(); }
  /// Bytes that are held for them.
  std::size_t bytes() const noexcept { return bytes_; }
  /// Whether `next` has one.
  bool has_answer() const noexcept;
  /// The answer to the oldest of them, once it is there.
  std::optional<Published> next();

 private:
  /// Sends what was submitted in one turn of the loop.
  struct Flush final : Wakeup {
    explicit Flush(Publisher& owner) noexcept : publisher(owner) {}
    void woken() override { publisher.flush(); }
    Publisher& publisher;
  };
  struct Submission {
    Item item;
    std::string key;
  };
  friend class detail::PublisherLink;

  void flush();

  Loop& here_;
  const Executor there_;
  std::shared_ptr<detail::PublisherAnswers> answers_;
  std::weak_ptr<detail::PublisherLink> link_;
  std::vector<Submission> batch_;
  std::deque<std::size_t> under_way_;  // bytes of each, the oldest first
  std::size_t bytes_ = 0;
  Flush flush_{*this};
};

}  // namespace coyield::generators
