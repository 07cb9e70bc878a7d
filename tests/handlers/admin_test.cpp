#include <coyield/handlers/admin.hpp>

#include <gtest/gtest.h>

#include <coyield/handlers/application.hpp>
#include <nlohmann/json.hpp>

namespace coyield::handlers {
namespace {

using namespace std::chrono_literals;

/// A server with one stream, of the id `0-7`.
class OneStream final : public Monitor {
 public:
  bool is_draining = false;
  std::optional<std::size_t> stuck = {};
  std::string stopped = {};
  StreamInfo info{.id = "0-7",
                  .endpoint = "/count/{n}",
                  .client = "127.0.0.1:5000",
                  .format = "sse",
                  .protocol = "HTTP/1.1",
                  .age = 1500ms,
                  .items = 3,
                  .bytes = 100,
                  .unsent = 0,
                  .state = StreamState::timer};

  bool draining() const override { return is_draining; }
  std::optional<std::size_t> stuck_thread() override { return stuck; }
  Figures figures() const override {
    EndpointFigures endpoint{.endpoint = "/count/{n}", .started = 5, .items = 7};
    endpoint.ended[static_cast<std::size_t>(StreamEnd::slow)] = 2;
    endpoint.first_item.counts[3] = 4;
    return Figures{.endpoints = {endpoint}, .connections = 4, .version = "1.2.3"};
  }
  std::vector<StreamInfo> streams() const override { return {info, info}; }
  std::optional<StreamInfo> stream(std::string_view id) const override {
    return id == info.id ? std::optional(info) : std::nullopt;
  }
  std::vector<FailureInfo> failures() const override {
    return {{.number = 2,
             .time = std::chrono::system_clock::time_point(1795458093042ms),
             .endpoint = "/gone",
             .client = "127.0.0.1:5000",
             .kind = "failed",
             .reason = "it is \"gone\""},
            {.number = 1, .endpoint = "/all", .kind = "error", .reason = "broken"}};
  }
  std::vector<ShareInfo> shares() const override {
    return {{.id = 4, .endpoint = "/all", .values = {{"path.n", "5"}, {"header.X-User", "somebody"}}}};
  }
  bool stop_share(std::uint64_t id) override {
    stopped = "share " + std::to_string(id);
    return id == 4;
  }
  std::vector<std::string> addresses() const override { return {"127.0.0.1:8080"}; }
  bool stop(std::string_view id) override {
    stopped = id;
    return id == info.id;
  }
};

class AdminTest : public ::testing::Test {
 protected:
  Response ask(std::string_view target, Method method = Method::get, std::vector<Field> fields = {}) {
    Request request;
    request.method = method;
    request.method_text = method == Method::delete_ ? "DELETE" : "GET";
    request.target = target;
    request.fields = fields;
    return admin_->handle(request, {});
  }
  static std::string text(const Response& response) { return std::get<std::string>(response.body); }
  static nlohmann::json json(const Response& response) { return nlohmann::json::parse(text(response)); }
  static bool has_field(const Response& response, const std::string& line) {
    return response.fields.text().find(line + "\r\n") != std::string::npos;
  }
  void ask_for_tokens() {
    admin_.emplace(config::Admin{.access = {.tokens = std::vector<std::string>{"secret"}}}, std::nullopt,
                   application_, monitor_);
  }

  OneStream monitor_;
  Application application_{config::ServerConfig(), all_formats()};
  std::optional<Admin> admin_{std::in_place, config::Admin(), std::nullopt, application_, monitor_};
};

TEST_F(AdminTest, IsWellUnlessAThreadIsStuck) {
  EXPECT_EQ(ask("/healthz").status, 200U);
  monitor_.is_draining = true;
  EXPECT_EQ(ask("/healthz").status, 200U);
  monitor_.stuck = 1;
  EXPECT_EQ(ask("/healthz").status, 503U);
  EXPECT_EQ(json(ask("/healthz"))["thread"], 1);
}

TEST_F(AdminTest, IsReadyUntilItDrains) {
  for (const std::string_view path : {std::string_view("/readyz"), health_path}) {
    monitor_.is_draining = false;
    EXPECT_EQ(ask(path).status, 200U) << path;
    monitor_.is_draining = true;
    EXPECT_EQ(ask(path).status, 503U) << path;
    EXPECT_EQ(json(ask(path))["status"], "draining");
  }
}

TEST_F(AdminTest, GivesFiguresAsPrometheusReadsThem) {
  const Response response = ask("/metrics");
  EXPECT_EQ(response.status, 200U);
  EXPECT_TRUE(has_field(response, "Content-Type: text/plain; version=0.0.4; charset=utf-8"));
  EXPECT_NE(text(response).find("\ncoyield_connections 4\n"), std::string::npos);
}

TEST_F(AdminTest, ListsTheStreams) {
  const auto all = json(ask("/streams"));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0],
            nlohmann::json::parse(R"({"id": "0-7", "endpoint": "/count/{n}", "client": "127.0.0.1:5000",
                        "format": "sse", "protocol": "HTTP/1.1", "age_seconds": 1.5, "items": 3, "bytes": 100,
                        "unsent": 0, "state": "source", "awaits": "timer"})"));
  EXPECT_EQ(json(ask("/streams/0-7")), all[0]);
}

TEST_F(AdminTest, SaysWhereAStreamWaits) {
  const auto where = [this](StreamState state) {
    monitor_.info.state = state;
    const auto stream = json(ask("/streams/0-7"));
    return stream["state"].get<std::string>() + " " + stream.value("awaits", "-");
  };
  EXPECT_EQ(where(StreamState::running), "running -");
  EXPECT_EQ(where(StreamState::client), "client -");
  EXPECT_EQ(where(StreamState::timer), "source timer");
  EXPECT_EQ(where(StreamState::operation), "source io");
  EXPECT_EQ(where(StreamState::event), "source event");
}

TEST_F(AdminTest, StopsAStream) {
  const Response response = ask("/streams/0-7", Method::delete_);
  EXPECT_EQ(response.status, 204U);
  EXPECT_EQ(monitor_.stopped, "0-7");
}

TEST_F(AdminTest, KnowsNoOtherStream) {
  EXPECT_EQ(ask("/streams/0-8").status, 404U);
  EXPECT_EQ(ask("/streams/0-8", Method::delete_).status, 404U);
  EXPECT_EQ(json(ask("/streams/x"))["detail"], "no stream \"x\" runs; GET /streams lists those that do");
}

TEST_F(AdminTest, LetsNoPageOfAnotherOriginStopAnything) {
  const std::vector<Field> foreign = {{"Host", "127.0.0.1:9090"}, {"Origin", "https://evil.example"}};
  EXPECT_EQ(ask("/streams/0-7", Method::delete_, foreign).status, 403U);
  EXPECT_EQ(monitor_.stopped, "");
  const std::vector<Field> own = {{"Host", "127.0.0.1:9090"}, {"Origin", "http://127.0.0.1:9090"}};
  EXPECT_EQ(ask("/streams/0-7", Method::delete_, own).status, 204U);
}

TEST_F(AdminTest, AnswersToNoNameThatAPageCouldHaveGivenIt) {
  Request request;
  const std::vector<Field> rebound = {{"Host", "evil.example"}};
  request.target = "/streams";
  request.fields = rebound;
  request.loopback = true;
  EXPECT_EQ(admin_->handle(request, {}).status, 421U);
}

TEST_F(AdminTest, AsksForATokenExceptForHealthAndTheConsole) {
  ask_for_tokens();
  for (const char* path : {"/metrics", "/streams", "/streams/0-7", "/shares", "/errors",
                           "/.coyield/endpoints", "/.coyield/figures"})
    EXPECT_EQ(ask(path).status, 401U) << path;
  EXPECT_EQ(ask("/streams/0-7", Method::delete_).status, 401U);
  EXPECT_EQ(ask("/shares/4", Method::delete_).status, 401U);
  EXPECT_EQ(monitor_.stopped, "");
  for (const char* path : {"/healthz", "/readyz", "/", "/.coyield/console/app.js"})
    EXPECT_EQ(ask(path).status, 200U) << path;
  const std::vector<Field> token = {{"Authorization", "Bearer secret"}};
  EXPECT_EQ(ask("/metrics", Method::get, token).status, 200U);
  EXPECT_EQ(ask("/streams/0-7", Method::delete_, token).status, 204U);
}

TEST_F(AdminTest, SaysWhatThereIsWhereThereIsNothing) {
  for (const char* path :
       {"/count/1", "/healthz/x", "/streams/0/7", "/.coyield/console/", "/.coyield/serve"}) {
    const Response response = ask(path);
    EXPECT_EQ(response.status, 404U) << path;
    EXPECT_NE(text(response).find("/streams/ID"), std::string::npos) << path;
  }
}

TEST_F(AdminTest, GivesTheFiguresInJsonToo) {
  const auto figures = json(ask("/.coyield/figures"));
  EXPECT_EQ(figures["connections"], 4);
  EXPECT_EQ(figures["version"], "1.2.3");
  const auto& endpoint = figures["endpoints"][0];
  EXPECT_EQ(endpoint["endpoint"], "/count/{n}");
  EXPECT_EQ(endpoint["items"], 7);
  EXPECT_EQ(endpoint["running"], 3);
  EXPECT_EQ(endpoint["ended"]["slow"], 2);
  EXPECT_EQ(endpoint["first_item"]["count"], 4);
}

TEST_F(AdminTest, ListsTheLastFailures) {
  const auto failures = json(ask("/errors"));
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[0], nlohmann::json::parse(R"({"number": 2, "time": "2026-11-23T18:21:33.042Z",
                        "endpoint": "/gone", "client": "127.0.0.1:5000", "kind": "failed",
                        "reason": "it is \"gone\""})"));
  EXPECT_EQ(failures[1]["client"], "");
}

TEST_F(AdminTest, StopsAGeneratorThatManyShare) {
  EXPECT_EQ(json(ask("/shares")), nlohmann::json::parse(R"([{"id": "4", "endpoint": "/all",
                        "values": {"path.n": "5", "header.X-User": "..."}, "items": 0}])"));
  EXPECT_EQ(ask("/shares/4", Method::delete_).status, 204U);
  EXPECT_EQ(monitor_.stopped, "share 4");
  for (const char* none : {"/shares/5", "/shares/x", "/shares/4x", "/shares/-4"})
    EXPECT_EQ(ask(none, Method::delete_).status, 404U) << none;
  EXPECT_EQ(ask("/shares/4").status, 405U);
  const std::vector<Field> foreign = {{"Host", "127.0.0.1:9090"}, {"Origin", "https://evil.example"}};
  EXPECT_EQ(ask("/shares/4", Method::delete_, foreign).status, 403U);
}

TEST_F(AdminTest, HandsOverWhatIsServedWhateverTheMethodAndTheToken) {
  ask_for_tokens();
  const auto handed_over = [](const Response& response) {
    return std::holds_alternative<HandOver>(response.body);
  };
  EXPECT_TRUE(handed_over(ask("/.coyield/serve/metrics")));
  EXPECT_TRUE(handed_over(ask("/.coyield/serve/", Method::other)));
  EXPECT_FALSE(handed_over(ask("/metrics")));
  Request websocket;
  websocket.websocket = true;
  websocket.target = "/.coyield/serve/echo";
  EXPECT_TRUE(handed_over(admin_->handle(websocket, {})));
  websocket.target = "/streams";
  EXPECT_EQ(admin_->handle(websocket, {}).status, 400U);
}

TEST_F(AdminTest, ServesNobodyNewWhileItDrains) {
  monitor_.is_draining = true;
  EXPECT_EQ(ask("/.coyield/serve/count/5").status, 503U);
}

TEST_F(AdminTest, RefusesOtherMethods) {
  EXPECT_EQ(ask("/metrics", Method::delete_).status, 405U);
  EXPECT_TRUE(has_field(ask("/metrics", Method::other), "Allow: GET, HEAD"));
  EXPECT_EQ(ask("/streams", Method::delete_).status, 405U);
  EXPECT_TRUE(has_field(ask("/streams/0-7", Method::other), "Allow: GET, HEAD, DELETE"));
}

}  // namespace
}  // namespace coyield::handlers
