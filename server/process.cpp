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
double granted_by(const std::string& file) {
  std::ifstream in(file);
  std::string quota;
  double period = 0;
  if (!(in >> quota >> period) || quota == "max" || period <= 0) return 0;
  return std::strtod(quota.c_str(), nullptr) / period;
}

/// Within a container the group is mounted as the root; else `/proc/self/cgroup` names it, and its parents
/// bind too.
double granted_by_control_group() {
  constexpr const char* root = "/sys/fs/cgroup";
  std::ifstream in("/proc/self/cgroup");
  std::string line;
  double least = granted_by(std::string(root) + "/cpu.max");
  while (std::getline(in, line)) {
    if (!line.starts_with("0::")) continue;
    for (std::string path = line.substr(3); !path.empty() && path != "/";
         path = path.substr(0, path.rfind('/'))) {
      const double granted = granted_by(root + path + "/cpu.max");
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
  const double granted = granted_by_control_group();
  if (granted > 0) count = std::min(count, static_cast<int>(std::ceil(granted)));
  return static_cast<unsigned>(std::max(count, 1));
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
