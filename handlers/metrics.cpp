#include <coyield/handlers/metrics.hpp>

#include <concepts>
#include <coyield/generators/buffer.hpp>
#include <coyield/generators/integer_text.hpp>
#include <coyield/generators/json_text.hpp>
#include <initializer_list>
#include <numeric>
#include <utility>

// The figures are kept as plain numbers by the threads that they are about, so that nothing remains to be
// done here but to write them down. prometheus-cpp would have each of them be an atomic double with a lock
// around its family, and brings a web server of its own.
namespace coyield::handlers {

namespace {

using Label = std::pair<std::string_view, std::string_view>;
using Labels = std::initializer_list<Label>;

class Page {
 public:
  /// Begins a metric: the samples that follow are of it.
  void metric(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_.append("# HELP ");
    out_.append(name);
    out_.push_back(' ');
    out_.append(help);
    out_.append("\n# TYPE ");
    out_.append(name);
    out_.push_back(' ');
    out_.append(type);
    out_.push_back('\n');
  }
  template <class Number>
  void sample(Labels labels, Number value) {
    sample("", labels, value);
  }
  /// One of a histogram's, whose name has a suffix.
  template <class Number>
  void sample(std::string_view suffix, Labels labels, Number value) {
    out_.append(name_);
    out_.append(suffix);
    char before = '{';
    for (const auto& [name, text] : labels) {
      out_.push_back(std::exchange(before, ','));
      label(name, text);
    }
    if (before == ',') out_.push_back('}');
    out_.push_back(' ');
    if constexpr (std::integral<Number>) {
      generators::append_integer(out_, value);
    } else {
      generators::append_number(out_, value);
    }
    out_.push_back('\n');
  }
  std::string text() const { return std::string(out_.view()); }

 private:
  void label(std::string_view name, std::string_view text) {
    out_.append(name);
    out_.append("=\"");
    for (const char c : text) {
      if (c == '\n') {
        out_.append("\\n");
        continue;
      }
      if (c == '"' || c == '\\') out_.push_back('\\');
      out_.push_back(c);
    }
    out_.push_back('"');
  }

  generators::Buffer out_;
  std::string_view name_;
};

/// A metric with one sample for each endpoint.
template <class Value>
void of_endpoints(Page& page, const Figures& figures, std::string_view name, std::string_view type,
                  std::string_view help, Value value) {
  page.metric(name, type, help);
  for (const EndpointFigures& endpoint : figures.endpoints)
    page.sample({{"endpoint", endpoint.endpoint}}, value(endpoint));
}

void endings(Page& page, const Figures& figures) {
  page.metric("coyield_streams_ended_total", "counter", "Streams that are over, by how they ended.");
  for (const EndpointFigures& endpoint : figures.endpoints) {
    for (std::size_t i = 0; i < stream_ends; ++i) {
      page.sample({{"endpoint", endpoint.endpoint}, {"ending", to_string(static_cast<StreamEnd>(i))}},
                  endpoint.ended[i]);
    }
  }
}

std::string decimal(double number) {
  generators::Buffer text;
  generators::append_number(text, number);
  return std::string(text.view());
}

void first_items(Page& page, const Figures& figures) {
  page.metric("coyield_first_item_seconds", "histogram", "From a request to its first item on its way.");
  for (const EndpointFigures& endpoint : figures.endpoints) {
    const Histogram& histogram = endpoint.first_item;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
      count += histogram.counts[i];
      const bool last = i == Histogram::bounds.size();
      page.sample("_bucket",
                  {{"endpoint", endpoint.endpoint}, {"le", last ? "+Inf" : decimal(Histogram::bounds[i])}},
                  count);
    }
    page.sample("_sum", {{"endpoint", endpoint.endpoint}}, histogram.seconds);
    page.sample("_count", {{"endpoint", endpoint.endpoint}}, count);
  }
}

void streams(Page& page, const Figures& figures) {
  of_endpoints(page, figures, "coyield_streams_started_total", "counter", "Streams that have begun.",
               [](const EndpointFigures& e) { return e.started; });
  endings(page, figures);
  of_endpoints(page, figures, "coyield_streams_running", "gauge", "Streams that run now.",
               [](const EndpointFigures& e) { return e.running(); });
  of_endpoints(page, figures, "coyield_items_total", "counter", "Items sent.",
               [](const EndpointFigures& e) { return e.items; });
  of_endpoints(page, figures, "coyield_bytes_total", "counter", "Bytes sent with streams, headers included.",
               [](const EndpointFigures& e) { return e.bytes; });
  of_endpoints(page, figures, "coyield_shared_generators", "gauge", "Shared generators that there are now.",
               [](const EndpointFigures& e) { return e.generators; });
  of_endpoints(page, figures, "coyield_shared_restarts_total", "counter", "Shared generators made again.",
               [](const EndpointFigures& e) { return e.restarts; });
  of_endpoints(page, figures, "coyield_shared_gaps_total", "counter",
               "Gaps that subscribers of shared streams were told of.",
               [](const EndpointFigures& e) { return e.gaps; });
  of_endpoints(page, figures, "coyield_published_total", "counter", "Items that clients have published.",
               [](const EndpointFigures& e) { return e.published; });
  of_endpoints(page, figures, "coyield_published_refused_total", "counter",
               "Items that clients wanted to publish, and that were not taken.",
               [](const EndpointFigures& e) { return e.published_refused; });
  first_items(page, figures);
}

void clients(Page& page, const Figures& figures) {
  page.metric("coyield_connections", "gauge", "Connections of clients that are open now.");
  page.sample({}, figures.connections);
  page.metric("coyield_connections_accepted_total", "counter", "Connections that were accepted.");
  page.sample({}, figures.accepted);
  page.metric("coyield_connections_refused_total", "counter",
              "Connections that were over a limit, by which.");
  page.sample({{"reason", "max_connections"}}, figures.refused_connections_all);
  page.sample({{"reason", "max_connections_per_address"}}, figures.refused_connections_address);
  page.metric("coyield_requests_refused_total", "counter", "Requests that were not for this server.");
  page.sample({{"reason", "host"}}, figures.refused_requests_host);
  page.metric("coyield_clients_dropped_total", "counter", "Clients that were dropped, by why.");
  page.sample({{"reason", "slow"}}, figures.dropped_slow);
  page.sample({{"reason", "memory"}}, figures.dropped_memory);
}

/// By the names that Prometheus' own client libraries have for them.
void process(Page& page, const ProcessFigures& process) {
  page.metric("process_cpu_seconds_total", "counter", "CPU time, of user and system.");
  page.sample({}, process.cpu_seconds);
  page.metric("process_start_time_seconds", "gauge", "When the process began, since 1970.");
  page.sample({}, process.start_time);
  page.metric("process_resident_memory_bytes", "gauge", "Memory that is resident.");
  page.sample({}, process.resident_bytes);
  page.metric("process_virtual_memory_bytes", "gauge", "Memory that is mapped.");
  page.sample({}, process.virtual_bytes);
  page.metric("process_open_fds", "gauge", "Descriptors that are open.");
  page.sample({}, process.open_descriptors);
  page.metric("process_max_fds", "gauge", "Descriptors that may be open.");
  page.sample({}, process.most_descriptors);
  page.metric("process_threads", "gauge", "Threads.");
  page.sample({}, process.threads);
}

}  // namespace

std::uint64_t EndpointFigures::running() const noexcept {
  const std::uint64_t over = std::accumulate(ended.begin(), ended.end(), std::uint64_t{0});
  return started - std::min(over, started);
}

std::string metrics_text(const Figures& figures) {
  Page page;
  page.metric("coyield_build_info", "gauge", "1; what runs here.");
  page.sample({{"version", figures.version}, {"compiler", figures.compiler}}, 1);
  page.metric("coyield_uptime_seconds", "gauge", "For how long it has been serving.");
  page.sample({}, figures.uptime_seconds);
  page.metric("coyield_draining", "gauge", "1 while it is going away.");
  page.sample({}, figures.draining ? 1 : 0);
  streams(page, figures);
  clients(page, figures);
  process(page, figures.process);
  return page.text();
}

}  // namespace coyield::handlers
