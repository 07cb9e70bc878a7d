#include <coyield/server/roster.hpp>

#include <algorithm>
#include <coyield/server/subscriber.hpp>

namespace coyield::server {

namespace {

using handlers::StreamInfo;

std::chrono::nanoseconds steady_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::http_1_0:
      return "HTTP/1.0";
    case Protocol::http_1_1:
      return "HTTP/1.1";
    case Protocol::websocket:
      return "WebSocket";
  }
  return "HTTP/1.1";
}

/// With the mutex of `records` held. Null where it is over.
template <class Records>
auto* find(Records& records, std::uint64_t number) noexcept {
  const auto has_number = [number](const StreamRecord& record) { return record.number == number; };
  const auto found = std::find_if(records.begin(), records.end(), has_number);
  return found != records.end() ? &*found : nullptr;
}

}  // namespace

handlers::TraceInfo describe(const generators::Trace& trace) {
  handlers::TraceInfo info;
  for (const auto& stage : trace.stages()) info.stages.push_back({std::string(stage.name), stage.items});
  info.awaits_in = trace.awaited();
  info.restarts = trace.restarts();
  info.last_error = trace.last_error();
  return info;
}

void EndpointCounters::add_first_item(std::chrono::nanoseconds waited) noexcept {
  using handlers::Histogram;
  const double seconds = std::chrono::duration<double>(waited).count();
  const auto bucket = std::lower_bound(Histogram::bounds.begin(), Histogram::bounds.end(), seconds);
  first_item[static_cast<std::size_t>(bucket - Histogram::bounds.begin())].add(1);
  first_item_nanoseconds.add(static_cast<std::uint64_t>(std::max<std::int64_t>(waited.count(), 0)));
}

void EndpointCounters::add_to(handlers::EndpointFigures& figures) const noexcept {
  figures.started += started.value();
  for (std::size_t i = 0; i < ended.size(); ++i) figures.ended[i] += ended[i].value();
  figures.items += items.value();
  figures.bytes += bytes.value();
  figures.gaps += gaps.value();
  figures.restarts += restarts.value();
  figures.published += published.value();
  figures.published_refused += published_refused.value();
  for (std::size_t i = 0; i < first_item.size(); ++i) figures.first_item.counts[i] += first_item[i].value();
  figures.first_item.seconds += static_cast<double>(first_item_nanoseconds.value()) * 1e-9;
}

Roster::Place Roster::add(Connection& connection, const handlers::StreamOptions& options,
                          const Subscriber* subscriber, generators::TracePtr trace, Protocol protocol,
                          std::chrono::nanoseconds started) {
  auto record = std::make_unique<StreamRecord>(connection, options, subscriber, std::move(trace), protocol,
                                               ++last_number_, started);
  counters(*record).started.add(1);
  const std::lock_guard lock(mutex_);
  records_.push_back(*record);
  return Place(record.release(), Removal{this});
}

void Roster::remove(StreamRecord* record) noexcept {
  const std::unique_ptr<StreamRecord> owned(record);
  counters(*record).ended[static_cast<std::size_t>(record->end)].add(1);
  const std::lock_guard lock(mutex_);
  records_.erase(records_.iterator_to(*record));
}

void Roster::stop(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  StreamRecord* const record = find(records_, number);
  if (record == nullptr) return;
  record->asked_to_stop = true;
  record->connection.wake().set();
}

bool Roster::has(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  return find(records_, number) != nullptr;
}

void Roster::add_streams(std::vector<StreamInfo>& to) const {
  const std::chrono::nanoseconds now = steady_now();
  const std::lock_guard lock(mutex_);
  for (const StreamRecord& record : records_) to.push_back(describe(record, now));
}

std::optional<StreamInfo> Roster::stream(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const StreamRecord* record = find(records_, number);
  return record != nullptr ? std::optional(describe(*record, steady_now())) : std::nullopt;
}

void Roster::add_figures(std::vector<handlers::EndpointFigures>& to) const noexcept {
  for (std::size_t i = 0; i < counters_.size(); ++i) counters_[i].add_to(to[i]);
}

StreamInfo Roster::describe(const StreamRecord& record, std::chrono::nanoseconds now) const {
  StreamInfo info;
  info.id = std::to_string(thread_) + "-" + std::to_string(record.number);
  info.endpoint = record.options.endpoint;
  info.client = record.connection.peer();
  info.format = record.options.format;
  info.protocol = to_string(record.protocol);
  info.age = now - record.started;
  info.items = record.items.value();
  info.bytes = record.bytes.value();
  info.unsent = record.unsent.value();
  info.state = record.state.load(std::memory_order_relaxed);
  if (record.subscriber != nullptr) info.behind = record.subscriber->lag(now);
  if (const std::uint64_t last = record.last_item.value(); last != 0)
    info.last_item = now - std::chrono::nanoseconds(last);
  if (record.trace) info.trace = server::describe(*record.trace);
  return info;
}

}  // namespace coyield::server
