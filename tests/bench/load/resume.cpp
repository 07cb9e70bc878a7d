#include <stdexcept>

#include "feeder.hpp"
#include "lateness.hpp"
#include "publish.hpp"
#include "run.hpp"

namespace coyield::bench {
namespace {

constexpr double seconds_alone = 0.1;       // before each that resumes
constexpr double seconds_to_settle = 0.05;  // behind it; neither alone nor beside it
constexpr double longest_resuming = 30;

/// How late the items are that are due in a part of the time, whenever they come.
class Part {
 public:
  void begin() { begin_ = wall_clock(), end_ = ~std::uint64_t{0}; }
  void end() { end_ = wall_clock(); }
  void item(std::uint64_t due, std::uint64_t now) {
    if (due >= begin_ && due < end_) late_.add(now > due ? now - due : 0);
  }
  const Histogram& late() const { return late_; }

 private:
  std::uint64_t begin_ = ~std::uint64_t{0};
  std::uint64_t end_ = 0;
  Histogram late_;
};

std::string path_from_behind(const Options& options) {
  const bool has_query = options.path.find('?') != std::string::npos;
  return options.path + (has_query ? "&" : "?") + "since=-" + std::to_string(options.behind);
}

Plan resuming_plan(const Options& options) {
  const std::string path = path_from_behind(options);
  Plan plan{.server = options.server,
            .request = options.over_websocket ? websocket_request(options.authority, path)
                                              : http_request(options.authority, path, false),
            .numbers = Numbers::from_anywhere};
  if (options.path.find("format=sse") != std::string::npos) {
    plan.check_items = false;
    plan.on_event = [](std::string_view) {};
  }
  return plan;
}

/// Those who read all the time, over WebSocket, and one after the other who goes on far behind them.
class Resuming {
 public:
  explicit Resuming(const Options& options)
      : options_(options),
        live_{.server = options.server,
              .request = websocket_request(options.authority, options.path.substr(0, options.path.find('?'))),
              .check_items = false,
              .on_message = [this](std::string_view text) { take(text); }},
        resuming_(resuming_plan(options)),
        crowd_(live_, options.connections) {}

  void run(Report& report) {
    publish_items(options_, options_.feed, options_.behind);
    crowd_.open_all(options_.ramp);
    Feeder feeder(options_, options_.behind);
    crowd_.turn_for(options_.warmup);
    const ServerProbe server(options_.pid);
    const Window window(server);
    while (window.seconds() < options_.seconds) one_round(feeder);
    window.report(report);
    feeder.stop();
    report_figures(report);
  }

 private:
  void take(std::string_view text) {
    const auto due = item_time(text), now = wall_clock();
    alone_.item(due, now);
    beside_.item(due, now);
  }

  void one_round(const Feeder& feeder) {
    alone_.begin();
    crowd_.turn_for(seconds_alone);
    alone_.end();
    beside_.begin();
    resume(feeder);
    beside_.end();
    crowd_.turn_for(seconds_to_settle);
  }

  /// From connecting until the item is there that was the newest when it asked.
  void resume(const Feeder& feeder) {
    const auto start = Clock::now();
    const Connection& one = crowd_.add(resuming_);
    while (one.items() < options_.behind) {
      crowd_.turn();
      if (seconds_since(start) > longest_resuming) throw std::runtime_error("who resumed did not catch up");
    }
    took_.add(static_cast<std::uint64_t>((Clock::now() - start).count()));
    if (resuming_.check_items && one.first_item() + options_.behind > feeder.next())
      throw std::runtime_error("who resumed did not get all that it had missed");
    crowd_.remove_last();
  }

  void report_figures(Report& report) const {
    if (alone_.late().count() == 0 || beside_.late().count() == 0)
      throw std::runtime_error("the items are not taken at their rate");
    const auto alone = static_cast<double>(alone_.late().quantile(0.99));
    const auto took = static_cast<double>(took_.quantile(0.5));
    report.add("resumed_items_per_s", static_cast<double>(options_.behind) / took * 1e9);
    report.add("resumes", took_.count());
    report.add("took", took_);
    report.add("alone", alone_.late());
    report.add("beside", beside_.late());
    report.add("beside_to_alone", alone > 0 ? static_cast<double>(beside_.late().quantile(0.99)) / alone : 0);
  }

  const Options& options_;
  Plan live_;
  Plan resuming_;
  Crowd crowd_;
  Part alone_;
  Part beside_;
  Histogram took_;
};

}  // namespace

void run_resume(const Options& options, Report& report) {
  if (options.behind == 0) throw std::runtime_error("resume needs --behind");
  Resuming(options).run(report);
}

}  // namespace coyield::bench
