#include <algorithm>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/host_figures.hpp>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/// Figures per second need two readings. The first item is to come soon, and yet to be measured: what the
/// kernel has counted since the start of the machine says nothing of now.
constexpr nanoseconds first_measurement = 100ms;

AsyncGenerator<Item> measure(config::Arguments args, SourceContext) {
  Loop& loop = co_await this_loop();
  const auto interval = args.get<nanoseconds>("interval");
  HostReading earlier = read_host("/proc");
  nanoseconds read_at = loop.now();
  nanoseconds pause = std::min(interval, first_measurement);
  Buffer text;
  for (;; pause = interval) {
    co_await sleep_for(pause);
    const HostReading later = read_host("/proc");
    const nanoseconds now = loop.now();
    text.clear();
    append_host_figures(text, earlier, later, now - read_at);
    earlier = later;
    read_at = now;
    co_yield Item::json(text.view());
  }
}

}  // namespace

Source system_source() {
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "system",
           .summary = "How busy this host is: processors, memory, load, network.",
           .parameters = {{.name = "interval",
                           .type = config::ParameterType::duration,
                           .summary = "The pause before each item. The first comes after 100ms at most.",
                           .default_value = 1s,
                           .minimum = 10ms,
                           .maximum = 8760h}},
           .main = "interval",
           .example = R"({ "system": { "interval": "1s" } })",
           .details =
               R"(Yields {"cpu":12.5,"memory_total":16694710272,"memory_available":8123000000,"load_1":0.5,)"
               R"("load_5":0.4,"load_15":0.3,"received":1200,"sent":300}: how busy all processors were since )"
               "the item before, in per cent (100 is all of them); the memory there is and what programs can "
               "still have of it, in bytes; the mean number of processes that ran or waited over 1, 5 and 15 "
               "minutes; bytes a second through all network interfaces but the loopback.\n"
               "The figures are those of /proc. In a container, processors, memory and load are those of the "
               "whole machine whatever the container may have of it, and the network is the container's own. "
               "Has no end. Fails with unavailable where /proc cannot be read."},
      .start = &measure};
}

}  // namespace coyield::generators
