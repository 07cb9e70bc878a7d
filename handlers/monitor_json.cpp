#include <coyield/handlers/monitor_json.hpp>

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <numeric>

namespace coyield::handlers {

namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string_view state_name(StreamState state) {
  switch (state) {
    case StreamState::running:
      return "running";
    case StreamState::client:
      return "client";
    case StreamState::timer:
    case StreamState::operation:
    case StreamState::event:
      return "source";
  }
  return "running";
}

std::string_view awaited_by_source(StreamState state) {
  switch (state) {
    case StreamState::timer:
      return "timer";
    case StreamState::operation:
      return "io";
    case StreamState::event:
      return "event";
    default:
      return "";
  }
}

/// To the millisecond.
double seconds_of(std::chrono::nanoseconds time) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  return static_cast<double>(milliseconds) / 1000;
}

void add_trace(Json& json, const TraceInfo& trace) {
  if (trace.stages.empty()) return;
  Json stages = Json::array();
  for (const TraceInfo::Stage& stage : trace.stages)
    stages.push_back({{"name", stage.name}, {"items", stage.items}});
  json["stages"] = std::move(stages);
  if (!trace.awaits_in.empty()) json["awaits_in"] = trace.awaits_in;
  json["restarts"] = trace.restarts;
  if (!trace.last_error.empty()) json["last_error"] = trace.last_error;
}

Json describe(const StreamInfo& stream) {
  Json json = {{"id", stream.id},
               {"endpoint", stream.endpoint},
               {"client", stream.client},
               {"format", stream.format},
               {"protocol", stream.protocol},
               {"age_seconds", seconds_of(stream.age)},
               {"items", stream.items},
               {"bytes", stream.bytes},
               {"unsent", stream.unsent},
               {"state", state_name(stream.state)}};
  const std::string_view awaited = awaited_by_source(stream.state);
  if (!awaited.empty()) json["awaits"] = awaited;
  if (stream.behind) {
    json["behind"] = {{"items", stream.behind->items},
                      {"bytes", stream.behind->bytes},
                      {"seconds", seconds_of(stream.behind->time)}};
  }
  if (stream.last_item) json["last_item_seconds"] = seconds_of(*stream.last_item);
  add_trace(json, stream.trace);
  return json;
}

/// `2026-11-23T16:20:31.042Z`
std::string text_of(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() % 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  size += static_cast<std::size_t>(
      std::snprintf(text + size, sizeof text - size, ".%03dZ", static_cast<int>(milliseconds)));
  return {text, size};
}

/// What a header brings may be for nobody else's eyes.
Json describe(const ShareInfo& share) {
  Json values = Json::object();
  for (const auto& [name, value] : share.values) values[name] = name.starts_with("header.") ? "..." : value;
  Json json = {{"id", std::to_string(share.id)},
               {"endpoint", share.endpoint},
               {"values", std::move(values)},
               {"items", share.items}};
  if (share.last_item) json["last_item_seconds"] = seconds_of(*share.last_item);
  add_trace(json, share.trace);
  return json;
}

Json describe(const FailureInfo& failure) {
  return {{"number", failure.number}, {"time", text_of(failure.time)}, {"endpoint", failure.endpoint},
          {"client", failure.client}, {"kind", failure.kind},          {"reason", failure.reason}};
}

Json describe(const EndpointFigures& endpoint) {
  Json ended = Json::object();
  for (std::size_t i = 0; i < stream_ends; ++i)
    ended[std::string(to_string(static_cast<StreamEnd>(i)))] = endpoint.ended[i];
  const auto& counts = endpoint.first_item.counts;
  const std::uint64_t count = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  return {{"endpoint", endpoint.endpoint},
          {"started", endpoint.started},
          {"running", endpoint.running()},
          {"ended", std::move(ended)},
          {"items", endpoint.items},
          {"bytes", endpoint.bytes},
          {"gaps", endpoint.gaps},
          {"generators", endpoint.generators},
          {"restarts", endpoint.restarts},
          {"first_item", {{"count", count}, {"seconds", endpoint.first_item.seconds}}}};
}

Json describe(const ProcessFigures& process) {
  return {{"cpu_seconds", process.cpu_seconds},
          {"resident_bytes", process.resident_bytes},
          {"open_descriptors", process.open_descriptors},
          {"most_descriptors", process.most_descriptors},
          {"threads", process.threads}};
}

template <class Some>
std::string lines_of(const std::vector<Some>& all) {
  std::string text = "[";
  for (const Some& one : all) {
    if (text.size() > 1) text += ",\n";
    text += text_of(describe(one));
  }
  return text + "]\n";
}

}  // namespace

std::string_view to_string(StreamEnd end) noexcept {
  switch (end) {
    case StreamEnd::ended:
      return "ended";
    case StreamEnd::failed:
      return "failed";
    case StreamEnd::refused:
      return "refused";
    case StreamEnd::left:
      return "left";
    case StreamEnd::slow:
      return "slow";
    case StreamEnd::drained:
      return "drained";
    case StreamEnd::stopped:
      return "stopped";
  }
  return "left";
}

std::string stream_json(const StreamInfo& stream) { return text_of(describe(stream)) + "\n"; }

std::string streams_json(const std::vector<StreamInfo>& streams) { return lines_of(streams); }

std::string shares_json(const std::vector<ShareInfo>& shares) { return lines_of(shares); }

std::string failures_json(const std::vector<FailureInfo>& failures) { return lines_of(failures); }

std::string figures_json(const Figures& figures) {
  Json json = {{"version", figures.version},
               {"uptime_seconds", figures.uptime_seconds},
               {"draining", figures.draining},
               {"connections", figures.connections},
               {"accepted", figures.accepted},
               {"refused", figures.refused_connections_all + figures.refused_connections_address},
               {"refused_host", figures.refused_requests_host},
               {"dropped", {{"slow", figures.dropped_slow}, {"memory", figures.dropped_memory}}},
               {"process", describe(figures.process)},
               {"endpoints", Json::array()}};
  for (const EndpointFigures& endpoint : figures.endpoints) json["endpoints"].push_back(describe(endpoint));
  return text_of(json) + "\n";
}

}  // namespace coyield::handlers
