#include <coyield/handlers/mounted.hpp>

#include <gtest/gtest.h>

#include <string>

namespace coyield::handlers {
namespace {

/// Answers with what it was asked for.
class Parrot final : public Handler {
 public:
  Response handle(const Request& request, generators::SourceContext&& /*context*/) const override {
    Response response;
    response.body = std::string(request.target);
    return response;
  }
};

class MountedTest : public testing::Test {
 protected:
  Response ask(std::string_view target) {
    Request request;
    request.target = target;
    return mounted_.handle(request, {});
  }

  Parrot parrot_;
  Mounted mounted_{parrot_};
};

TEST_F(MountedTest, TakesThePrefixOff) {
  EXPECT_EQ(std::get<std::string>(ask("/.coyield/serve/count/5?interval=1s").body), "/count/5?interval=1s");
  EXPECT_EQ(std::get<std::string>(ask("/.coyield/serve/").body), "/");
  EXPECT_EQ(std::get<std::string>(ask("/.coyield/serve/.coyield/serve/x").body), "/.coyield/serve/x");
}

TEST_F(MountedTest, HasNothingElse) {
  for (const char* target : {"/count/5", "/.coyield/serve", "/.coyield/server/x", "/.coyield/serve?x=1",
                             "http://host/.coyield/serve/x", "*"}) {
    EXPECT_FALSE(is_mounted(target)) << target;
    EXPECT_EQ(ask(target).status, 404U) << target;
  }
}

}  // namespace
}  // namespace coyield::handlers
