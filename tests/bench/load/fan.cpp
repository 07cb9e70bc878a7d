#include <stdexcept>

#include "feeder.hpp"
#include "lateness.hpp"
#include "run.hpp"

namespace coyield::bench {

/// Many who read the same stream, some of whom stop reading when all are there.
void run_fan(const Options& options, Report& report) {
  Lateness lateness;
  Plan plan{.server = options.server,
            .request = options.over_websocket ? websocket_request(options.authority, options.path)
                                              : http_request(options.authority, options.path, false),
            .check_items = false,
            .check_all = options.complete};
  // Where the numbers of all are looked at there are millions a second: the time of every 16th will do.
  std::uint64_t number = 0;
  const auto item = [&](std::string_view text) {
    if (!options.complete || ++number % 16 == 0) lateness.item(text);
  };
  if (options.over_websocket) {
    plan.on_message = item;
  } else {
    plan.on_event = item;
  }
  const ServerProbe server(options.pid);
  Crowd crowd(plan, options.connections);
  crowd.open_all(options.ramp);
  Feeder feeder(options, 0);
  for (int i = 0; i < options.silent; ++i) crowd.connections()[static_cast<std::size_t>(i)]->stop_reading();
  const auto memory = server.private_bytes();
  crowd.turn_for(options.warmup);
  const Window window(server);
  const Tally tally(crowd);
  const std::uint64_t before = crowd.items();
  lateness.begin();
  crowd.turn_for(options.seconds);
  const double seconds = window.seconds();
  const double cpu = window.server_cpu();
  const auto items = static_cast<double>(crowd.items() - before);
  window.report(report);
  feeder.stop();
  if (items == 0) throw std::runtime_error("nothing came");
  tally.report(report, seconds);
  lateness.report(report);
  report.add("cpu_s_per_million", cpu / items * 1e6);
  report.add("items_per_cpu_s", cpu > 0 ? items / cpu : 0);
  if (options.rate > 0)
    report.add("delivered", items / (options.rate * seconds * (options.connections - options.silent)));
  report.add("server_bytes_more", static_cast<double>(server.private_bytes()) - static_cast<double>(memory));
}

}  // namespace coyield::bench
