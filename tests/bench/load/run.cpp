#include "run.hpp"

#include <algorithm>
#include <stdexcept>

namespace coyield::bench {
namespace {

// Fits the second-level cache, and takes the four blocks that a server may have sent meanwhile.
constexpr std::size_t read_bytes = 256 * 1024;
constexpr std::size_t connections_per_source = 20'000;
constexpr double longest_opening = 60;

}  // namespace

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Window::Window(const ServerProbe& server)
    : server_(server), server_cpu_(server.cpu_seconds()), own_cpu_(own_cpu_seconds()) {}

void Window::report(Report& report) const {
  report.add("seconds", seconds());
  report.add("server_cpu_s", server_cpu());
  report.add("client_cpu_s", own_cpu_seconds() - own_cpu_);
}

Crowd::Crowd(const Plan& plan, int size) : buffer_(read_bytes) {
  for (int i = 0; i < size; ++i) connections_.push_back(std::make_unique<Connection>(plan, poller_));
}

void Crowd::open_due(double ramp) {
  if (opened_ == 0) start_ = Clock::now();
  const double portion = ramp > 0 ? std::min(1.0, seconds_since(start_) / ramp) : 1.0;
  const auto due = static_cast<std::size_t>(portion * static_cast<double>(connections_.size()));
  // Few at a time, so that nobody's accept queue overflows.
  for (int few = 64; few > 0 && opened_ < std::max<std::size_t>(due, 1); --few, ++opened_) {
    connections_[opened_]->open(static_cast<int>(opened_ / connections_per_source));
  }
}

bool Crowd::all_answered() const {
  return all_open() && std::all_of(connections_.begin(), connections_.end(),
                                   [](const auto& one) { return one->answered(); });
}

void Crowd::open_all(double ramp) {
  for (open_due(ramp); !all_answered(); turn()) {
    if (!all_open()) open_due(ramp);
    if (seconds_since(start_) > longest_opening)
      throw std::runtime_error("not all connections were answered");
  }
}

std::uint64_t Crowd::items() const {
  std::uint64_t items = 0;
  for (const auto& connection : connections_) items += connection->items();
  return items;
}

void Crowd::turn_for(double seconds) {
  for (const auto start = Clock::now(); seconds_since(start) < seconds;) turn();
}

Connection& Crowd::add(const Plan& plan) {
  connections_.push_back(std::make_unique<Connection>(plan, poller_));
  connections_.back()->open(0);
  opened_ = connections_.size();
  return *connections_.back();
}

void Crowd::remove_last() {
  connections_.pop_back();
  opened_ = connections_.size();
}

Tally::Tally(Crowd& crowd) : connections_(crowd.connections()) {
  for (const auto& one : connections_) {
    items_.push_back(one->items());
    bytes_ += one->bytes();
  }
}

void Tally::report(Report& report, double seconds) const {
  std::uint64_t items = 0, bytes = 0, most = 0, served = 0;
  std::uint64_t least = ~std::uint64_t{0};
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    const auto own = connections_[i]->items() - items_[i];
    items += own;
    bytes += connections_[i]->bytes();
    least = std::min(least, own);
    most = std::max(most, own);
    served += own > 0;
  }
  report.add("items", items);
  report.add("bytes", bytes - bytes_);
  report.add("items_per_s", static_cast<double>(items) / seconds);
  report.add("bytes_per_s", static_cast<double>(bytes - bytes_) / seconds);
  report.add("least_items", least);
  report.add("most_items", most);
  report.add("served", served);
}

}  // namespace coyield::bench
