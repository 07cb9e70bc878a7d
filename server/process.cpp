#include <coyield/server/process.hpp>

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

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

/// The fields of proc(5) `stat` that are used, counted from the one behind the program's name.
enum class Stat : std::size_t { threads = 17, start_time = 19, virtual_bytes = 20, resident_pages = 21 };

/// The name may have blanks and parentheses in it.
std::vector<std::string> fields_of_stat() {
  std::ifstream in("/proc/self/stat");
  std::string text;
  std::getline(in, text);
  std::istringstream rest(text.substr(std::min(text.rfind(')') + 1, text.size())));
  return {std::istream_iterator<std::string>(rest), {}};
}

double number(const std::vector<std::string>& fields, Stat field) {
  const auto index = static_cast<std::size_t>(field);
  return index < fields.size() ? std::strtod(fields[index].c_str(), nullptr) : 0;
}

/// Seconds since 1970.
double boot_time() {
  std::ifstream in("/proc/stat");
  std::string word;
  double time = 0;
  while (in >> word) {
    if (word == "btime" && in >> time) return time;
  }
  return 0;
}

std::uint64_t count_descriptors() {
  std::error_code error;
  std::uint64_t count = 0;
  std::filesystem::directory_iterator at("/proc/self/fd", error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) ++count;
  return count > 0 ? count - 1 : 0;  // the one that looks
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

handlers::ProcessFigures process_figures() {
  handlers::ProcessFigures figures;
  const std::vector<std::string> stat = fields_of_stat();
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  figures.cpu_seconds = static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
  figures.start_time = boot_time() + number(stat, Stat::start_time) / ticks;
  figures.threads = static_cast<std::uint64_t>(number(stat, Stat::threads));
  figures.virtual_bytes = static_cast<std::uint64_t>(number(stat, Stat::virtual_bytes));
  figures.resident_bytes = static_cast<std::uint64_t>(number(stat, Stat::resident_pages) *
                                                      static_cast<double>(::sysconf(_SC_PAGESIZE)));
  figures.open_descriptors = count_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.most_descriptors = limit.rlim_cur;
  return figures;
}

}  // namespace coyield::server
