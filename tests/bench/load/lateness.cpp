#include "lateness.hpp"

#include <algorithm>
#include <ctime>

#include "lines.hpp"

namespace coyield::bench {

std::uint64_t wall_clock() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

void Lateness::item(std::string_view text) {
  if (!measuring_) return;
  const auto now = wall_clock();
  const auto due = item_time(text);
  late_.add(now > due ? now - due : 0);
  ++per_10ms_[now / 10'000'000 % per_10ms_.size()];
}

double Lateness::unevenness() const {
  const auto most = *std::max_element(per_10ms_.begin(), per_10ms_.end());
  return late_.count() == 0 ? 0 : 100.0 * static_cast<double>(most) / static_cast<double>(late_.count());
}

void Lateness::report(Report& report) const {
  report.add("late", late_);
  report.add("unevenness", unevenness());
}

}  // namespace coyield::bench
