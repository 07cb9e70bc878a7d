#include <coyield/handlers/application.hpp>

#include <gtest/gtest.h>

#include <coyield/generators/items.hpp>
#include <coyield/generators/testing.hpp>
#include <coyield/handlers/params.hpp>

namespace coyield::handlers {
namespace {

using generators::AsyncGenerator;
using generators::Failure;
using generators::FailureKind;
using generators::Item;

AsyncGenerator<int> numbers(int count) {
  for (int i = 1; i <= count; ++i) co_yield i;
}

class ApplicationTest : public ::testing::Test {
 protected:
  ApplicationTest() : application_(config::ServerConfig(), all_formats()) {
    add("/count/{n}", [](const Params& params) { return numbers(params.get<int>("n")); });
    add("/gone", [](const Params&) -> AsyncGenerator<int> {
      throw Failure(FailureKind::not_found, "it was here once");
    });
    config::EndpointConfig closed;
    closed.access.tokens = std::vector<std::string>{"secret"};
    add("/closed", [](const Params&) { return numbers(1); }, closed);
    config::EndpointConfig listening;
    listening.input = true;
    add("/listening", [](const Params&) { return numbers(1); }, listening);
  }

  template <class Function>
  void add(std::string_view pattern, Function function, config::EndpointConfig config = {}) {
    config.pattern = config::parse_route_pattern(pattern).value();
    application_.add(
        std::move(config),
        [this, function](const config::RequestValues& values,
                         generators::SourceContext context) -> config::Resolved<AsyncGenerator<Item>> {
          ++started_;
          input_ = std::move(context.input);
          resume_after_ = context.resume_after;
          EXPECT_EQ(Params(values).last_event_id(), resume_after_);
          return generators::items(function(Params(values)));
        });
  }

  Response ask(std::string_view target, std::vector<Field> fields = {}, Method method = Method::get,
               bool websocket = false) {
    Request request;
    request.method = method;
    request.target = target;
    request.fields = fields;
    request.websocket = websocket;
    generators::SourceContext context;
    context.input = generators::items(numbers(3));
    return application_.handle(request, std::move(context));
  }
  static std::string text(const Response& response) { return std::get<std::string>(response.body); }

  Application application_;
  int started_ = 0;
  AsyncGenerator<Item> input_;
  std::string resume_after_;
};

TEST_F(ApplicationTest, GivesAStreamThatHasNotRun) {
  Response response = ask("/count/3");
  EXPECT_EQ(response.status, 200U);
  ASSERT_TRUE(std::holds_alternative<Pull>(response.body));
  ASSERT_NE(response.shared_fields, nullptr);
  EXPECT_EQ(response.shared_fields->text(),
            "Content-Type: application/x-ndjson\r\nCache-Control: no-store, "
            "no-transform\r\nX-Accel-Buffering: no\r\n"
            "Vary: Accept, Accept-Encoding\r\n");
  EXPECT_EQ(std::get<Pull>(response.body).options->endpoint, "/count/{n}");
  coyield::testing::TestLoop loop;
  EXPECT_EQ(loop.drain(std::move(std::get<Pull>(response.body).generator)).size(), 3U);
}

TEST_F(ApplicationTest, AnswersHeadAsGetButRunsNothing) {
  const Response response = ask("/count/3", {}, Method::head);
  EXPECT_EQ(response.status, 200U);
  EXPECT_FALSE(std::holds_alternative<Pull>(response.body));
  EXPECT_EQ(ask("/count/x", {}, Method::head).status, 400U);
}

TEST_F(ApplicationTest, AnswersOptionsWithoutAGenerator) {
  const Response response = ask("/count/3", {}, Method::options);
  EXPECT_EQ(response.status, 204U);
  EXPECT_NE(response.fields.text().find("Allow: GET, HEAD, OPTIONS\r\n"), std::string::npos);
  EXPECT_EQ(ask("*", {}, Method::options).status, 204U);
  EXPECT_EQ(ask("*").status, 400U);
  EXPECT_EQ(started_, 0);
}

TEST_F(ApplicationTest, RefusesOtherMethods) {
  const Response response = ask("/count/3", {}, Method::other);
  EXPECT_EQ(response.status, 405U);
  EXPECT_NE(response.fields.text().find("Allow: GET, HEAD, OPTIONS\r\n"), std::string::npos);
}

TEST_F(ApplicationTest, SaysWhatIsWrongInAProblemDocument) {
  const Response response = ask("/count/x");
  EXPECT_EQ(response.status, 400U);
  EXPECT_NE(response.fields.text().find("Content-Type: application/problem+json\r\n"), std::string::npos);
  const auto document = nlohmann::json::parse(text(response));
  EXPECT_EQ(document["status"], 400);
  EXPECT_EQ(document["title"], "Bad Request");
  EXPECT_EQ(document["detail"], "the parameter \"n\" is \"x\", and must be a whole number");
}

TEST_F(ApplicationTest, MakesAStatusOfAFailure) { EXPECT_EQ(ask("/gone").status, 404U); }

TEST_F(ApplicationTest, HasNothingElsewhere) {
  EXPECT_EQ(ask("/").status, 404U);
  EXPECT_EQ(ask("/count").status, 404U);
  EXPECT_EQ(ask("/count/1/2").status, 404U);
  EXPECT_EQ(ask("/count//1").status, 400U);
}

TEST_F(ApplicationTest, AsksForTheTokenBeforeAnythingElse) {
  EXPECT_EQ(ask("/closed").status, 401U);
  EXPECT_EQ(ask("/closed?format=nonsense").status, 401U);
  EXPECT_EQ(ask("/closed", {{"Authorization", "Bearer secret"}}).status, 200U);
}

TEST_F(ApplicationTest, StopsABrowserThatHasSeenTheEnd) {
  const Field event_stream{"Accept", "text/event-stream"};
  EXPECT_EQ(ask("/count/3", {event_stream, {"Last-Event-ID", "end"}}).status, 204U);
  EXPECT_EQ(ask("/count/3?last_event_id=end", {event_stream}).status, 204U);
  EXPECT_EQ(ask("/count/3", {event_stream, {"Last-Event-ID", "7"}}).status, 200U);
  EXPECT_EQ(ask("/count/3", {{"Last-Event-ID", "end"}}).status, 204U);
}

TEST_F(ApplicationTest, HandsOnTheIdThatAClientHas) {
  ask("/count/3", {{"Last-Event-ID", "7"}});
  EXPECT_EQ(resume_after_, "7");
  ask("/count/3?last_event_id=a%20b");
  EXPECT_EQ(resume_after_, "a b");
  // A browser that connects again sends the first query once more.
  ask("/count/3?last_event_id=old", {{"Last-Event-ID", "new"}});
  EXPECT_EQ(resume_after_, "new");
  ask("/count/3");
  EXPECT_EQ(resume_after_, "");
}

TEST_F(ApplicationTest, SwitchesProtocolsForAWebSocketOfTheSameOrigin) {
  const Response response = ask("/count/3", {{"Host", "here"}, {"Origin", "http://here"}}, Method::get, true);
  EXPECT_EQ(response.status, 101U);
  EXPECT_TRUE(std::holds_alternative<Pull>(response.body));
  EXPECT_EQ(ask("/count/3", {{"Host", "here"}, {"Origin", "http://there"}}, Method::get, true).status, 403U);
}

TEST_F(ApplicationTest, GivesWhatTheClientSendsOnlyWhereTheEndpointTakesIt) {
  coyield::testing::TestLoop loop;
  ask("/count/1", {}, Method::get, true);
  EXPECT_EQ(loop.drain(std::move(input_)).size(), 0U);
  ask("/listening", {}, Method::get, true);
  EXPECT_EQ(loop.drain(std::move(input_)).size(), 3U);
}

TEST_F(ApplicationTest, GivesABrowserAPage) {
  const Response response = ask("/count/3", {{"Accept", "text/html,*/*;q=0.8"}});
  EXPECT_EQ(response.status, 200U);
  EXPECT_NE(response.fields.text().find("Content-Security-Policy: default-src 'none'"), std::string::npos);
  EXPECT_NE(text(response).find("text/event-stream"), std::string::npos);
  EXPECT_EQ(started_, 0);
}

TEST_F(ApplicationTest, SaysHowItIs) {
  EXPECT_EQ(ask(health_path).status, 200U);
  EXPECT_EQ(ask(health_path, {}, Method::other).status, 405U);
  Request draining;
  draining.target = health_path;
  draining.draining = true;
  EXPECT_EQ(application_.handle(draining, {}).status, 503U);
}

TEST_F(ApplicationTest, RefusesTwoEndpointsOfTheSamePaths) {
  EXPECT_THROW(add("/count/{m}", [](const Params&) { return numbers(1); }), std::invalid_argument);
}

TEST_F(ApplicationTest, ConvertsParametersAndNamesTheOneThatIsWrong) {
  const auto convert = [](std::string_view target, auto get) {
    config::EndpointConfig config;
    Application application(config::ServerConfig(), all_formats());
    config.pattern = config::parse_route_pattern("/{x}").value();
    application.add(config,
                    [get](const config::RequestValues& values,
                          generators::SourceContext) -> config::Resolved<AsyncGenerator<Item>> {
                      get(Params(values));
                      return AsyncGenerator<Item>();
                    });
    Request request;
    request.target = target;
    return application.handle(request, {}).status;
  };
  EXPECT_EQ(convert("/255", [](const Params& p) { EXPECT_EQ(p.get<std::uint8_t>("x"), 255); }), 200U);
  EXPECT_EQ(convert("/256", [](const Params& p) { p.get<std::uint8_t>("x"); }), 400U);
  EXPECT_EQ(convert("/-1", [](const Params& p) { p.get<unsigned>("x"); }), 400U);
  EXPECT_EQ(convert("/1.5", [](const Params& p) { EXPECT_EQ(p.get<double>("x"), 1.5); }), 200U);
  EXPECT_EQ(convert("/5x", [](const Params& p) { p.get<int>("x"); }), 400U);
  EXPECT_EQ(convert("/true", [](const Params& p) { EXPECT_TRUE(p.get<bool>("x")); }), 200U);
  EXPECT_EQ(convert("/yes", [](const Params& p) { p.get<bool>("x"); }), 400U);
  EXPECT_EQ(convert("/a%20b", [](const Params& p) { EXPECT_EQ(p.get<std::string>("x"), "a b"); }), 200U);
  EXPECT_EQ(convert("/a?y=2", [](const Params& p) { EXPECT_EQ(p.get<int>("y", 7), 2); }), 200U);
  EXPECT_EQ(convert("/a", [](const Params& p) { EXPECT_EQ(p.get<int>("y", 7), 7); }), 200U);
  EXPECT_EQ(convert("/a", [](const Params& p) { p.get<int>("y"); }), 400U);
}

}  // namespace
}  // namespace coyield::handlers
