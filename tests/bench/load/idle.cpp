#include "lateness.hpp"
#include "run.hpp"

namespace coyield::bench {
namespace {

// Memory is counted from here on: what a server needs for its first connections is not what one more costs.
constexpr int baseline_connections = 100;

/// The server's memory once it has served a few, who leave again: what they took is there for others.
std::uint64_t memory_at_baseline(const Plan& plan, const ServerProbe& server) {
  Crowd few(plan, baseline_connections);
  few.open_all(0);
  few.turn_for(1);
  return server.private_bytes();
}

void report_memory(Report& report, std::uint64_t before, std::uint64_t after, int connections) {
  const auto growth = static_cast<double>(after) - static_cast<double>(before);
  const int more = connections > baseline_connections ? connections - baseline_connections : connections;
  report.add("server_bytes_before", before);
  report.add("server_bytes_after", after);
  report.add("bytes_per_connection", growth / more);
}

}  // namespace

void run_idle_websockets(const Options& options, Report& report) {
  Lateness lateness;
  const Plan plan{.server = options.server,
                  .request = websocket_request(options.authority, options.path),
                  .on_message = [&](std::string_view text) { lateness.item(text); }};
  const ServerProbe server(options.pid);
  const auto memory = memory_at_baseline(plan, server);
  Crowd crowd(plan, options.connections);
  crowd.open_all(options.ramp);
  crowd.turn_for(options.warmup);
  const Window window(server);
  const Tally tally(crowd);
  lateness.begin();
  crowd.turn_for(options.seconds);
  const double seconds = window.seconds();
  report.add("cores", window.server_cpu() / seconds);
  window.report(report);
  tally.report(report, seconds);
  lateness.report(report);
  report_memory(report, memory, server.private_bytes(), options.connections);
}

void run_hold(const Options& options, Report& report) {
  const Plan plan{.server = options.server,
                  .request = options.over_websocket ? websocket_request(options.authority, options.path)
                                                    : http_request(options.authority, options.path, false),
                  .check_items = false};
  const ServerProbe server(options.pid);
  const auto memory = memory_at_baseline(plan, server);
  Crowd crowd(plan, options.connections);
  crowd.open_all(options.ramp);
  const Window window(server);
  crowd.turn_for(options.seconds);
  window.report(report);
  report_memory(report, memory, server.private_bytes(), options.connections);
}

}  // namespace coyield::bench
