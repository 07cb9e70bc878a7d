#include <stdexcept>

#include "run.hpp"

namespace coyield::bench {
namespace {

Plan stream_plan(const Options& options) {
  const bool websocket = options.mode == Mode::websocket;
  return {.server = options.server,
          .request = websocket ? websocket_request(options.authority, options.path)
                               : http_request(options.authority, options.path, false),
          .check_items = options.mode != Mode::file};
}

}  // namespace

void run_streams(const Options& options, Report& report) {
  const Plan plan = stream_plan(options);
  const ServerProbe server(options.pid);
  Crowd crowd(plan, options.connections);
  // A server that starves its clients answers some of them late or never: that is a result, not an error.
  const auto start = Clock::now();
  while (seconds_since(start) < options.warmup || !crowd.all_open()) {
    if (!crowd.all_open()) crowd.open_due(options.ramp);
    crowd.turn();
  }
  const Window window(server);
  const Tally tally(crowd);
  crowd.turn_for(options.seconds);
  const double seconds = window.seconds();
  window.report(report);
  tally.report(report, seconds);
}

void run_file(const Options& options, Report& report) {
  const Plan plan = stream_plan(options);
  const ServerProbe server(options.pid);
  Crowd crowd(plan, 1);
  const Window window(server);
  const Tally tally(crowd);
  crowd.open_due(0);
  const Connection& only = *crowd.connections().front();
  while (!only.done() && window.seconds() < options.seconds) crowd.turn();
  const double seconds = window.seconds();
  if (only.done() && options.expect_items > 0 && only.items() != options.expect_items) {
    throw std::runtime_error("the stream has " + std::to_string(only.items()) + " items");
  }
  window.report(report);
  tally.report(report, seconds);
  report.add("complete", std::uint64_t{only.done()});
}

}  // namespace coyield::bench
