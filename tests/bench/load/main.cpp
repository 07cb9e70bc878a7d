// The load client of the benchmarks: one thread on bare epoll, so that it is never the limit itself. It
// counts, looks closely at the first 64 KiB of every stream and at the framing of all of it, and prints one
// line of JSON.
#include <sys/resource.h>

#include <cstdio>
#include <exception>

#include "run.hpp"

namespace {

using namespace coyield::bench;

void raise_open_files() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void run(const Options& options, Report& report) {
  switch (options.mode) {
    case Mode::ndjson:
    case Mode::websocket:
    case Mode::bytes:
      return run_streams(options, report);
    case Mode::file:
      return run_file(options, report);
    case Mode::shorts:
      return run_shorts(options, report);
    case Mode::idle_ws:
      return run_idle_websockets(options, report);
    case Mode::hold:
      return run_hold(options, report);
    case Mode::fan:
      return run_fan(options, report);
    case Mode::post:
      return run_posts(options, report);
    case Mode::publish:
      return run_publish(options, report);
    case Mode::resume:
      return run_resume(options, report);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  raise_open_files();
  Report report;
  report.add("mode", options.mode_name);
  report.add("path", options.path);
  report.add("connections", static_cast<std::uint64_t>(options.connections));
  try {
    run(options, report);
  } catch (const std::exception& error) {
    report.add("error", std::string_view(error.what()));
    report.print();
    return 1;
  }
  report.print();
  return 0;
}
