#include <coyield/server/process.hpp>

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>

namespace coyield::server {

namespace {

/// `max 100000` or `150000 100000`: microseconds of CPU in a period of so many. 0: not limited.
double read_processors(const std::string& file) {
  std::ifstream in(file);
  std::string quota;
  double period = 0;
  if (!(in >> quota >> period) || quota == "max" || period <= 0) return 0;
  return std::strtod(quota.c_str(), nullptr) / period;
}

/// A number of bytes, or `max`; version 1 writes a number beyond all memory instead. 0: not limited.
double read_memory(const std::string& file) {
  constexpr double beyond_all = 1ull << 60;
  std::ifstream in(file);
  double bytes = 0;
  return in >> bytes && bytes < beyond_all ? bytes : 0;
}

/// The least that `read` finds in the files called `name` of this process's control group and its parents,
/// which bind too. Within a container the group is mounted as the root; else `/proc/self/cgroup` names it, on
/// the line with `mark` in it. 0: not limited.
double granted_by_control_group(const std::string& root, const std::string& mark, const std::string& name,
                                double (*read)(const std::string& file)) {
  std::ifstream in("/proc/self/cgroup");
  double least = read(root + "/" + name);
  for (std::string line; std::getline(in, line);) {
    const std::size_t begin = line.find(mark);
    if (begin == std::string::npos) continue;
    for (std::string path = line.substr(begin + mark.size()); !path.empty() && path != "/";
         path = path.substr(0, path.rfind('/'))) {
      const double granted = read(root + path + "/" + name);
      if (granted > 0 && (least <= 0 || granted < least)) least = granted;
    }
  }
  return least;
}

}  // namespace

unsigned usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int count = 1;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
  const double granted = granted_by_control_group("/sys/fs/cgroup", "0::", "cpu.max", &read_processors);
  if (granted > 0) count = std::min(count, static_cast<int>(std::ceil(granted)));
  return static_cast<unsigned>(std::max(count, 1));
}

std::uint64_t granted_memory() {
  const double second = granted_by_control_group("/sys/fs/cgroup", "0::", "memory.max", &read_memory);
  if (second > 0) return static_cast<std::uint64_t>(second);
  return static_cast<std::uint64_t>(
      granted_by_control_group("/sys/fs/cgroup/memory", ":memory:", "memory.limit_in_bytes", &read_memory));
}

unsigned raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<unsigned>(std::min<rlim_t>(limit.rlim_cur, std::numeric_limits<int>::max()));
}

}  // namespace coyield::server
