#include <stdexcept>
#include <unordered_map>

#include "items_to_send.hpp"
#include "lateness.hpp"
#include "run.hpp"

namespace coyield::bench {
namespace {

// The client's ports are used again only after a while: eight addresses have eight times as many.
constexpr int source_addresses = 8;

/// Runs streams one after the other on every connection, and counts those that came to their proper end.
class ShortStreams {
 public:
  ShortStreams(const Options& options, const Plan& plan)
      : options_(options), crowd_(plan, options.connections), started_(crowd_.connections().size()) {
    for (std::size_t i = 0; i < started_.size(); ++i) index_[crowd_.connections()[i].get()] = i;
  }

  void open() {
    for (auto& one : crowd_.connections()) start(*one);
  }
  void run_for(double seconds) {
    const auto begin = Clock::now();
    while (seconds_since(begin) < seconds && streams_ < options_.max_streams) {
      crowd_.turn([this](Connection& one) {
        if (one.done()) finish(one);
      });
    }
  }
  void restart_count() {
    streams_ = 0;
    times_ = {};
  }
  std::uint64_t streams() const { return streams_; }
  const Histogram& times() const { return times_; }

 private:
  struct Start {
    Clock::time_point time;
    std::uint64_t items = 0;
  };
  Start& start_of(Connection& one) { return started_[index_.at(&one)]; }

  void start(Connection& one) {
    start_of(one) = {Clock::now(), one.items()};
    source_ = (source_ + 1) % source_addresses;
    one.open(options_.new_connections ? 1 + source_ : 0);
  }

  void finish(Connection& one) {
    Start& began = start_of(one);
    const auto items = one.items() - began.items;
    if (options_.expect_items > 0 && items != options_.expect_items) {
      throw std::runtime_error("a stream of " + std::to_string(items) + " items");
    }
    ++streams_;
    times_.add(static_cast<std::uint64_t>((Clock::now() - began.time).count()));
    if (options_.new_connections) {
      one.close();
      one.ask();
      start(one);
    } else {
      began = {Clock::now(), one.items()};
      one.ask();
    }
  }

  const Options& options_;
  Crowd crowd_;
  std::vector<Start> started_;
  std::unordered_map<const Connection*, std::size_t> index_;
  int source_ = 0;
  std::uint64_t streams_ = 0;
  Histogram times_;
};

void run_plan(const Plan& plan, const Options& options, Report& report) {
  const ServerProbe server(options.pid);
  ShortStreams streams(options, plan);
  streams.open();
  streams.run_for(options.warmup);
  streams.restart_count();
  const Window window(server);
  streams.run_for(options.seconds);
  const auto count = static_cast<double>(streams.streams());
  report.add("streams", streams.streams());
  report.add("streams_per_s", count / window.seconds());
  report.add("cpu_us_per_stream", count > 0 ? window.server_cpu() * 1e6 / count : 0.0);
  report.add("time", streams.times());
  window.report(report);
}

}  // namespace

void run_shorts(const Options& options, Report& report) {
  run_plan({.server = options.server,
            .request = http_request(options.authority, options.path, options.new_connections),
            .await_close = options.new_connections},
           options, report);
}

/// The answers are streams, too.
void run_posts(const Options& options, Report& report) {
  run_plan({.server = options.server,
            .request = post_request(options.authority, options.path, item_to_send(0, wall_clock())),
            .check_items = false},
           options, report);
}

}  // namespace coyield::bench
