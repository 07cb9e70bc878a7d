#include <algorithm>
#include <stdexcept>

#include "run.hpp"

namespace coyield::bench {
namespace {

constexpr double memory_period = 0.5;  // how often the server's memory is looked at, in seconds

Plan stream_plan(const Options& options) {
  const bool websocket = options.mode == Mode::websocket || options.over_websocket;
  return {.server = options.server,
          .request = websocket ? websocket_request(options.authority, options.path)
                               : http_request(options.authority, options.path, false),
          .check_items = options.mode == Mode::ndjson || options.mode == Mode::websocket,
          .count_lines = options.mode != Mode::bytes,
          .may_close = options.mode == Mode::file};
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
  std::uint64_t memory = server.private_bytes();
  double next_look = memory_period;
  while (!only.done() && window.seconds() < options.seconds) {
    crowd.turn();
    if (window.seconds() < next_look) continue;
    memory = std::max(memory, server.private_bytes());
    next_look += memory_period;
  }
  const double seconds = window.seconds();
  if (only.done() && options.expect_items > 0 && only.items() != options.expect_items) {
    throw std::runtime_error("the stream has " + std::to_string(only.items()) + " items");
  }
  window.report(report);
  tally.report(report, seconds);
  report.add("complete", std::uint64_t{only.done()});
  report.add("server_bytes_most", memory);
}

}  // namespace coyield::bench
