#include <coyield/handlers/access.hpp>

#include <gtest/gtest.h>

namespace coyield::handlers {
namespace {

struct Asking {
  explicit Asking(std::vector<Field> with) : fields(std::move(with)) { request.fields = fields; }
  std::vector<Field> fields;
  Request request;
};

unsigned status(const std::vector<Field>& fields, const config::Access& access) {
  const Asking asking(fields);
  const auto refusal = refuse_access(asking.request, access);
  return refusal ? refusal->status : 200;
}

const config::Access tokens{.tokens = {{"secret", "other-secret"}}};

TEST(Access, IsForAnyoneUnlessThereAreTokens) { EXPECT_EQ(status({}, config::Access{}), 200U); }

TEST(Access, IsForWhoeverShowsOneOfTheTokens) {
  EXPECT_EQ(status({{"Authorization", "Bearer secret"}}, tokens), 200U);
  EXPECT_EQ(status({{"authorization", "bearer other-secret"}}, tokens), 200U);
}

TEST(Access, IsForNobodyElse) {
  for (const char* value : {"Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "Bearer SECRET", "secret",
                            "Basic secret", "Bearer secretsecret", ""}) {
    EXPECT_EQ(status({{"Authorization", value}}, tokens), 401U) << value;
  }
  EXPECT_EQ(status({}, tokens), 401U);
  EXPECT_EQ(status({{"Authorization", "Bearer "}}, config::Access{.tokens = std::vector<std::string>{}}),
            401U);
}

TEST(Access, TellsATokenThatIsGoodElsewhereFromOneThatNobodyKnows) {
  const Tokens known = {"secret", "of-another-endpoint"};
  const auto answer = [&known](const char* value) {
    const Asking asking(std::vector<Field>{{"Authorization", value}});
    const auto refusal = refuse_access(asking.request, tokens, known);
    return refusal ? refusal->status : 200;
  };
  EXPECT_EQ(answer("Bearer secret"), 200U);
  EXPECT_EQ(answer("Bearer of-another-endpoint"), 403U);
  EXPECT_EQ(answer("Bearer of-nobody"), 401U);
}

TEST(Access, SaysHowToAsk) {
  const Asking asking(std::vector<Field>{});
  EXPECT_NE(refuse_access(asking.request, tokens)->fields.text().find("WWW-Authenticate: Bearer\r\n"),
            std::string::npos);
}

TEST(Origin, IsAllowedFromThisServerItselfAndFromTheList) {
  const config::Cors cors{.origins = {"https://a.example"}};
  const auto allowed = [&cors](const char* origin) {
    const Asking asking(std::vector<Field>{{"Host", "here:8080"}, {"Origin", origin}});
    return origin_allowed(asking.request, cors);
  };
  EXPECT_TRUE(allowed("http://here:8080"));
  EXPECT_TRUE(allowed("https://a.example"));
  EXPECT_FALSE(allowed("http://here:8081"));
  EXPECT_FALSE(allowed("https://a.example.evil"));
  EXPECT_FALSE(allowed("null"));
  EXPECT_FALSE(allowed("http://nothere:8080"));
}

TEST(Origin, IsNotThisServersWhereNoHostIsNamed) {
  for (const auto& fields :
       {std::vector<Field>{{"Origin", "http://"}, {"Host", ""}}, std::vector<Field>{{"Origin", "http://"}}}) {
    const Asking asking(fields);
    EXPECT_FALSE(origin_allowed(asking.request, {}));
  }
}

TEST(Origin, IsNotAskedOfWhatIsNoBrowser) {
  const Asking asking(std::vector<Field>{{"Host", "here"}});
  EXPECT_TRUE(origin_allowed(asking.request, {}));
}

TEST(Cors, AnswersAllowedOriginsAlone) {
  const config::Cors cors{.origins = {"https://a.example"}};
  for (const auto& [origin, answered] :
       {std::pair{"https://a.example", true}, std::pair{"https://b.example", false}}) {
    const Asking asking(std::vector<Field>{{"Origin", origin}});
    Response response;
    add_cors_fields(asking.request, cors, response);
    EXPECT_EQ(response.fields.text().find("Access-Control-Allow-Origin") != std::string::npos, answered)
        << origin;
    EXPECT_NE(response.fields.text().find("Vary: Origin"), std::string::npos);
  }
}

TEST(Cors, AddsNothingWhereNothingIsAllowed) {
  const Asking asking(std::vector<Field>{{"Origin", "https://a.example"}});
  Response response;
  add_cors_fields(asking.request, {}, response);
  EXPECT_TRUE(response.fields.empty());
}

}  // namespace
}  // namespace coyield::handlers
