#include <coyield/handlers/metrics.hpp>

#include <gtest/gtest.h>

namespace coyield::handlers {
namespace {

/// Whether the page has this line.
bool has_line(const std::string& page, const std::string& line) {
  return ("\n" + page).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, OfEachEndpointHaveItsName) {
  EndpointFigures first{.endpoint = "/a", .started = 5, .items = 7, .bytes = 90};
  first.ended[static_cast<std::size_t>(StreamEnd::failed)] = 2;
  const EndpointFigures second{.endpoint = "/b", .started = 1};
  const std::string page = metrics_text(Figures{.endpoints = {first, second}});
  EXPECT_TRUE(has_line(page, R"(coyield_streams_started_total{endpoint="/a"} 5)"));
  EXPECT_TRUE(has_line(page, R"(coyield_streams_ended_total{endpoint="/a",ending="failed"} 2)"));
  EXPECT_TRUE(has_line(page, R"(coyield_streams_ended_total{endpoint="/b",ending="failed"} 0)"));
  EXPECT_TRUE(has_line(page, R"(coyield_streams_running{endpoint="/a"} 3)"));
  EXPECT_TRUE(has_line(page, R"(coyield_streams_running{endpoint="/b"} 1)"));
  EXPECT_TRUE(has_line(page, R"(coyield_items_total{endpoint="/a"} 7)"));
  EXPECT_TRUE(has_line(page, R"(coyield_bytes_total{endpoint="/a"} 90)"));
}

TEST(Metrics, NeverCountFewerThanNoneRunning) {
  // Threads count on while they are read.
  EndpointFigures endpoint{.endpoint = "/a", .started = 5};
  endpoint.ended[0] = 6;
  EXPECT_TRUE(has_line(metrics_text(Figures{.endpoints = {endpoint}}),
                       R"(coyield_streams_running{endpoint="/a"} 0)"));
}

TEST(Metrics, EscapeWhatALabelCannotHold) {
  const std::string page = metrics_text(Figures{.endpoints = {{.endpoint = "/a\"b\\c\nd"}}});
  EXPECT_TRUE(has_line(page, R"(coyield_streams_running{endpoint="/a\"b\\c\nd"} 0)"));
}

TEST(Metrics, AddTheBucketsOfAHistogramUp) {
  EndpointFigures endpoint{.endpoint = "/a"};
  endpoint.first_item.counts[0] = 2;                         // up to 1 ms
  endpoint.first_item.counts[1] = 3;                         // up to 2.5 ms
  endpoint.first_item.counts[Histogram::bounds.size()] = 1;  // over a minute
  endpoint.first_item.seconds = 90.5;
  const std::string page = metrics_text(Figures{.endpoints = {endpoint}});
  EXPECT_TRUE(has_line(page, R"(coyield_first_item_seconds_bucket{endpoint="/a",le="0.001"} 2)"));
  EXPECT_TRUE(has_line(page, R"(coyield_first_item_seconds_bucket{endpoint="/a",le="0.0025"} 5)"));
  EXPECT_TRUE(has_line(page, R"(coyield_first_item_seconds_bucket{endpoint="/a",le="60"} 5)"));
  EXPECT_TRUE(has_line(page, R"(coyield_first_item_seconds_bucket{endpoint="/a",le="+Inf"} 6)"));
  EXPECT_TRUE(has_line(page, R"(coyield_first_item_seconds_sum{endpoint="/a"} 90.5)"));
  EXPECT_TRUE(has_line(page, R"(coyield_first_item_seconds_count{endpoint="/a"} 6)"));
}

TEST(Metrics, SayWhatWasRefusedAndWhy) {
  const std::string page = metrics_text(Figures{.refused_connections_all = 1,
                                                .refused_connections_address = 2,
                                                .refused_requests_host = 3,
                                                .dropped_slow = 4,
                                                .dropped_memory = 5});
  EXPECT_TRUE(has_line(page, R"(coyield_connections_refused_total{reason="max_connections"} 1)"));
  EXPECT_TRUE(has_line(page, R"(coyield_connections_refused_total{reason="max_connections_per_address"} 2)"));
  EXPECT_TRUE(has_line(page, R"(coyield_requests_refused_total{reason="host"} 3)"));
  EXPECT_TRUE(has_line(page, R"(coyield_clients_dropped_total{reason="slow"} 4)"));
  EXPECT_TRUE(has_line(page, R"(coyield_clients_dropped_total{reason="memory"} 5)"));
}

}  // namespace
}  // namespace coyield::handlers
