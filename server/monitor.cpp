#include <coyield/server/monitor.hpp>

#include <charconv>
#include <coyield/handlers/sharing.hpp>
#include <coyield/server/process.hpp>

namespace coyield::server {

namespace {

using handlers::StreamInfo;

template <class Number>
std::optional<Number> read_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string compiler() {
#ifdef __clang__
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

}  // namespace

Monitor::Monitor(const handlers::Application& application, const Counters& counters,
                 const ShareDirectory& shares, const Failures& failures,
                 const std::vector<std::unique_ptr<Worker>>& workers,
                 const std::vector<std::unique_ptr<Acceptor>>& acceptors)
    : application_(application),
      counters_(counters),
      shares_(shares),
      failures_(failures),
      workers_(workers),
      acceptors_(acceptors) {}

/// They do not change once there are clients.
std::vector<std::string> Monitor::addresses() const {
  std::vector<std::string> all;
  for (const auto& acceptor : acceptors_) all.push_back(config::to_string(acceptor->address()));
  return all;
}

std::optional<std::size_t> Monitor::stuck_thread() {
  std::optional<std::size_t> stuck;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (workers_[i]->silent_for() >= patience && !stuck) stuck = i;
  }
  return stuck;
}

handlers::Figures Monitor::figures() const {
  handlers::Figures figures;
  for (const auto& endpoint : application_.endpoints())
    figures.endpoints.push_back({.endpoint = endpoint->pattern().text});
  for (const auto& worker : workers_) {
    worker->roster().add_figures(figures.endpoints);
    figures.connections += worker->load();
  }
  for (std::size_t i = 0; i < figures.endpoints.size(); ++i)
    figures.endpoints[i].generators = shares_.generators(i);
  figures.process = process_figures();
  figures.accepted = counters_.accepted.value();
  figures.refused_connections_all = counters_.refused_all.value();
  figures.refused_connections_address = counters_.refused_address.value();
  figures.refused_requests_host = counters_.refused_host.value();
  figures.dropped_slow = counters_.dropped_slow.value();
  figures.dropped_memory = counters_.dropped_memory.value();
  figures.uptime_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  figures.draining = draining();
  figures.version = COYIELD_VERSION;
  figures.compiler = compiler();
  return figures;
}

std::vector<StreamInfo> Monitor::streams() const {
  std::vector<StreamInfo> all;
  for (const auto& worker : workers_) worker->roster().add_streams(all);
  return all;
}

std::vector<handlers::ShareInfo> Monitor::shares() const {
  std::vector<handlers::ShareInfo> all;
  for (const ShareDirectory::Listed& one : shares_.list()) {
    if (one.key.kind == ShareKey::Kind::topic) continue;  // it has no generator
    all.push_back({.id = one.id,
                   .endpoint = application_.endpoints()[one.key.endpoint]->pattern().text,
                   .values = handlers::values_of_key(one.key.values),
                   .items = one.items,
                   .last_item = one.last_item,
                   .trace = one.trace});
  }
  return all;
}

bool Monitor::stop_share(std::uint64_t id) {
  for (ShareDirectory::Listed& one : shares_.list()) {
    if (one.id != id || one.key.kind == ShareKey::Kind::topic) continue;
    one.home->stop_share(std::move(one.key));
    return true;
  }
  return false;
}

std::optional<std::pair<Worker*, std::uint64_t>> Monitor::find(std::string_view id) const {
  const std::size_t dash = id.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto thread = read_number<std::size_t>(id.substr(0, dash));
  const auto number = read_number<std::uint64_t>(id.substr(dash + 1));
  if (!thread || !number || *thread >= workers_.size()) return std::nullopt;
  return std::pair(workers_[*thread].get(), *number);
}

std::optional<StreamInfo> Monitor::stream(std::string_view id) const {
  const auto found = find(id);
  return found ? found->first->roster().stream(found->second) : std::nullopt;
}

bool Monitor::stop(std::string_view id) {
  const auto found = find(id);
  if (!found || !found->first->roster().has(found->second)) return false;
  found->first->stop_stream(found->second);
  return true;
}

}  // namespace coyield::server
