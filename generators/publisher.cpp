// The two ends know each other by weak pointers alone, and talk by handlers that are posted: each is touched,
// and destroyed, on its own thread.
#include <coyield/generators/publisher.hpp>

#include <boost/asio/post.hpp>
#include <coyield/generators/operators/backlog.hpp>
#include <deque>
#include <exception>
#include <utility>

namespace coyield::generators {

namespace {

constexpr std::size_t most_items = 256;
constexpr std::size_t most_bytes = 256 * 1024;

/// What a publisher is told that has no topic.
Failure failure_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Failure& failure) {
    return failure;
  } catch (...) {
    return Failure(FailureKind::internal, "the topic cannot be had");
  }
}

}  // namespace

namespace detail {

/// The end at whoever publishes.
class PublisherAnswers {
 public:
  explicit PublisherAnswers(Event& news) noexcept : news_(news) {}

  void arrive(std::vector<Published>&& answers) {
    for (Published& answer : answers) answers_.push_back(std::move(answer));
    news_.set();
  }
  bool empty() const noexcept { return answers_.empty(); }
  std::optional<Published> take() {
    if (answers_.empty()) return std::nullopt;
    std::optional<Published> first(std::move(answers_.front()));
    answers_.pop_front();
    return first;
  }

 private:
  Event& news_;
  std::deque<Published> answers_;
};

/// The end at the topic. It owns itself from `start` on, until its publisher has gone, or the loop is going
/// away.
class PublisherLink final : public Wakeup,
                            public Topic::Submitter,
                            public std::enable_shared_from_this<PublisherLink> {
 public:
  using Submission = Publisher::Submission;

  PublisherLink(const Executor& here, std::weak_ptr<PublisherAnswers> to, PublisherOptions options)
      : here_(here), to_(std::move(to)), options_(std::move(options)) {}
  ~PublisherLink() = default;

  void start(const Executor& there, const Publisher::Find& home) {
    loop_ = &Loop::of(there);
    self_ = shared_from_this();
    try {
      presence_ = std::make_unique<Topic::Presence>(home());
    } catch (...) {
      no_topic_.emplace(failure_of(std::current_exception()));
    }
    loop_->park(*this);  // to learn of its end
  }
  void arrive(std::vector<Submission>&& batch) {
    for (Submission& each : batch) queue_.push_back(std::move(each));
    if (presence_) {
      if (!waits_) presence_->topic().submit_soon(*this);
      return;
    }
    for (; !queue_.empty(); queue_.pop_front()) answers_.push_back({.failure = no_topic_});
    turn_ended();
  }
  /// Nobody wants any more.
  void stop() noexcept {
    Wakeup::cancel();
    if (Submitter::is_linked()) Submitter::unlink();
    presence_.reset();
    self_.reset();
  }

  bool submit_one(Topic& topic) override {
    const Submission& next = queue_.front();
    Published answer = topic.publish(next.item, next.key, options_.client);
    const bool over_rate = answer.failure && answer.failure->kind() == FailureKind::too_many;
    if (over_rate && options_.over_rate == OverRate::waits) {
      waits_ = true;
      loop_->after(answer.failure->retry_after(), *this);
      return false;
    }
    answers_.push_back(std::move(answer));
    queue_.pop_front();
    return !queue_.empty();
  }
  void turn_ended() noexcept override {
    if (answers_.empty() || to_.expired()) return;
    boost::asio::post(here_, [to = to_, sent = std::exchange(answers_, {})]() mutable {
      if (const auto present = to.lock()) present->arrive(std::move(sent));
    });
  }

 private:
  /// The rate allows the next one.
  void woken() override {
    waits_ = false;
    loop_->park(*this);
    if (presence_ && !queue_.empty()) presence_->topic().submit_soon(*this);
  }
  void dropped() noexcept override { stop(); }

  const Executor here_;
  const std::weak_ptr<PublisherAnswers> to_;
  const PublisherOptions options_;
  Loop* loop_ = nullptr;
  std::shared_ptr<PublisherLink> self_;
  std::unique_ptr<Topic::Presence> presence_;
  std::optional<Failure> no_topic_;
  std::deque<Submission> queue_;
  std::vector<Published> answers_;
  bool waits_ = false;  // for the rate
};

}  // namespace detail

Publisher::Publisher(Loop& here, const Executor& there, Find home, Event& news, PublisherOptions options)
    : here_(here), there_(there), answers_(std::make_shared<detail::PublisherAnswers>(news)) {
  auto link = std::make_shared<detail::PublisherLink>(here.executor(), answers_, std::move(options));
  link_ = link;
  boost::asio::post(there, [started = std::move(link), there, at_home = std::move(home)] {
    started->start(there, at_home);
  });
}

Publisher::~Publisher() {
  if (link_.expired()) return;
  boost::asio::post(there_, [link = link_] {
    if (const auto present = link.lock()) present->stop();
  });
}

void Publisher::submit(Item item, std::string key) {
  under_way_.push_back(memory_of(item) + key.size());
  bytes_ += under_way_.back();
  batch_.push_back({std::move(item), std::move(key)});
  if (!flush_.scheduled()) here_.soon(flush_);
}

void Publisher::flush() {
  if (link_.expired()) return;
  boost::asio::post(there_, [link = link_, sent = std::exchange(batch_, {})]() mutable {
    if (const auto present = link.lock()) present->arrive(std::move(sent));
  });
}

bool Publisher::full() const noexcept { return under_way_.size() >= most_items || bytes_ >= most_bytes; }

bool Publisher::has_answer() const noexcept { return !answers_->empty(); }

std::optional<Published> Publisher::next() {
  auto answer = answers_->take();
  if (!answer) return answer;
  bytes_ -= under_way_.front();
  under_way_.pop_front();
  return answer;
}

}  // namespace coyield::generators
