#include "server_probe.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include <ctime>

namespace coyield::bench {
namespace {

double read_clock(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) throw std::runtime_error("the server's process has ended");
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

ServerProbe::ServerProbe(pid_t pid) : pid_(pid) {}

double ServerProbe::cpu_seconds() const {
  if (pid_ == 0) return 0;
  clockid_t clock{};
  if (clock_getcpuclockid(pid_, &clock) != 0) throw std::runtime_error("there is no such server process");
  return read_clock(clock);
}

std::uint64_t ServerProbe::private_bytes() const {
  if (pid_ == 0) return 0;
  std::ifstream rollup("/proc/" + std::to_string(pid_) + "/smaps_rollup");
  std::uint64_t total = 0;
  for (std::string line; std::getline(rollup, line);) {
    if (!line.starts_with("Private_Clean:") && !line.starts_with("Private_Dirty:")) continue;
    std::istringstream words(line.substr(line.find(':') + 1));
    std::uint64_t kilobytes = 0;
    words >> kilobytes;
    total += kilobytes * 1024;
  }
  return total;
}

double own_cpu_seconds() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

}  // namespace coyield::bench
