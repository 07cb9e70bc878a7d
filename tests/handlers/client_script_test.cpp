#include <coyield/handlers/client_script.hpp>

#include <gtest/gtest.h>

#include <coyield/handlers/application.hpp>

namespace coyield::handlers {
namespace {

Response ask(const std::vector<Field>& fields = {}, Method method = Method::get,
             const std::vector<std::string>& origins = {}) {
  config::ServerConfig server;
  server.cors.origins = origins;
  const Application application(server, all_formats());
  Request request;
  request.method = method;
  request.target = client_script_path;
  request.fields = fields;
  return application.handle(request, {});
}

bool has_field(const Response& response, const std::string& line) {
  return ("\r\n" + response.fields.text()).find("\r\n" + line + "\r\n") != std::string::npos;
}

std::string entity_tag() {
  const std::string fields = ask().fields.text();
  const std::size_t begin = fields.find("ETag: ") + 6;
  return fields.substr(begin, fields.find("\r\n", begin) - begin);
}

TEST(ClientScript, IsAModuleThatABrowserAsksForAgain) {
  const Response response = ask();
  EXPECT_EQ(response.status, 200U);
  EXPECT_TRUE(has_field(response, "Content-Type: text/javascript; charset=utf-8"));
  EXPECT_TRUE(has_field(response, "Cache-Control: no-cache"));
  EXPECT_NE(std::get<std::string>(response.body).find("export const subscribe"), std::string::npos);
}

TEST(ClientScript, AnswersHeadAsGet) {
  const Response response = ask({}, Method::head);
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.fields.text(), ask().fields.text());
}

TEST(ClientScript, IsNotSentToWhoHasIt) {
  const std::string tag = entity_tag();
  EXPECT_EQ(tag.size(), 18U) << tag;
  const std::string weak = "W/" + tag;
  const std::string among_others = "\"other\", " + tag;
  for (const std::string& known : {tag, weak, among_others, std::string("*")}) {
    const Response response = ask({{"If-None-Match", known}});
    EXPECT_EQ(response.status, 304U) << known;
    EXPECT_TRUE(std::holds_alternative<std::monostate>(response.body));
    EXPECT_TRUE(has_field(response, "ETag: " + tag));
  }
  for (const char* other : {"\"other\"", "", "W/\"other\""}) {
    EXPECT_EQ(ask({{"If-None-Match", other}}).status, 200U) << other;
  }
}

TEST(ClientScript, IsForReadingAlone) {
  EXPECT_EQ(ask({}, Method::options).status, 204U);
  const Response response = ask({}, Method::other);
  EXPECT_EQ(response.status, 405U);
  EXPECT_TRUE(has_field(response, "Allow: GET, HEAD, OPTIONS"));
}

TEST(ClientScript, MayBeImportedByPagesOfAllowedOrigins) {
  const std::vector<std::string> origins = {"https://app.example"};
  const auto allows = [&origins](std::string_view origin) {
    return has_field(ask({{"Origin", origin}}, Method::get, origins),
                     "Access-Control-Allow-Origin: " + std::string(origin));
  };
  EXPECT_TRUE(allows("https://app.example"));
  EXPECT_FALSE(allows("https://elsewhere.example"));
}

}  // namespace
}  // namespace coyield::handlers
