#include "feeder.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "connection.hpp"
#include "items_to_send.hpp"

namespace coyield::bench {
namespace {

using Clock = std::chrono::system_clock;

constexpr std::chrono::minutes longest{10};
constexpr std::size_t read_bytes = 4096;
// So many requests may be under way, that a server which is busy sending is not asked any slower for that.
constexpr int connections = 16;

/// One connection, with one item at a time.
class Publisher {
 public:
  Publisher(const Options& options, Poller& poller)
      : options_(options),
        plan_{.server = options.server, .request = {}, .check_items = false},
        connection_(plan_, poller) {}

  bool free() const { return !opened_ || connection_.done(); }
  void publish(std::string_view item) {
    plan_.request = post_request(options_.authority, options_.feed, item);
    if (std::exchange(opened_, true)) {
      connection_.ask();
    } else {
      connection_.open(0);
    }
  }

 private:
  const Options& options_;
  Plan plan_;
  Connection connection_;
  bool opened_ = false;
};

class Publishers {
 public:
  explicit Publishers(const Options& options) : buffer_(read_bytes) {
    for (int i = 0; i < connections; ++i) all_.push_back(std::make_unique<Publisher>(options, poller_));
  }
  /// Looks what has been answered within `limit`.
  void take_answers(std::chrono::milliseconds limit) {
    poller_.wait(limit, [this](void* who) {
      static_cast<Connection*>(who)->on_ready(buffer_.data(), buffer_.size());
    });
  }
  /// One that has nothing under way; none: all have.
  Publisher* find_free() {
    const auto found = std::find_if(all_.begin(), all_.end(), [](const auto& one) { return one->free(); });
    return found == all_.end() ? nullptr : found->get();
  }

 private:
  Poller poller_;
  std::vector<char> buffer_;
  std::vector<std::unique_ptr<Publisher>> all_;
};

}  // namespace

Feeder::Feeder(const Options& options, std::uint64_t first) : options_(options), next_(first) {
  if (options.feed.empty()) return;
  if (options.rate <= 0) throw std::runtime_error("--feed needs a --rate");
  thread_ = std::thread([this] { run(); });
}

Feeder::~Feeder() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
}

void Feeder::stop() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
  if (failure_) std::rethrow_exception(failure_);
}

void Feeder::run() {
  try {
    publish_all();
  } catch (...) {
    failure_ = std::current_exception();
  }
}

void Feeder::publish_all() {
  const std::chrono::nanoseconds period(static_cast<std::int64_t>(1e9 / options_.rate));
  Publishers publishers(options_);
  const auto start = Clock::now();
  for (auto due = start; due - start < longest; due += period) {
    std::this_thread::sleep_until(due);
    publishers.take_answers(std::chrono::milliseconds(0));
    Publisher* one = publishers.find_free();
    for (; !one && !stopped_; one = publishers.find_free())
      publishers.take_answers(std::chrono::milliseconds(100));
    if (stopped_) return;
    const auto time = std::chrono::nanoseconds(due.time_since_epoch());
    one->publish(item_to_send(next_++, static_cast<std::uint64_t>(time.count())));
  }
}

}  // namespace coyield::bench
