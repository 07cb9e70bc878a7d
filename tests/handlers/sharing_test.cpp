#include <coyield/handlers/sharing.hpp>

#include <gtest/gtest.h>

#include <coyield/generators/gap.hpp>
#include <coyield/generators/testing.hpp>
#include <map>

namespace coyield::handlers {
namespace {

using config::Origin;
using config::Reference;
using generators::AsyncGenerator;
using generators::Failure;
using generators::Item;

using Map = std::map<std::string, std::string>;

class Values final : public config::RequestValues {
 public:
  explicit Values(Map all) : all_(std::move(all)) {}
  std::optional<std::string> find(Origin origin, std::string_view name) const override {
    const auto found = all_.find(config::to_string(Reference{origin, std::string(name)}));
    return found != all_.end() ? std::optional(found->second) : std::nullopt;
  }

 private:
  std::map<std::string, std::string> all_;
};

const std::vector<Reference> two = {{Origin::path, "n"}, {Origin::query, "every"}};

TEST(KeptValues, AreThoseThatAreNamedAndNoOthers) {
  const KeptValues kept(two, Values({{"path.n", "5"}, {"query.every", "1s"}, {"query.x", "y"}}));
  EXPECT_EQ(kept.find(Origin::path, "n"), "5");
  EXPECT_EQ(kept.find(Origin::query, "every"), "1s");
  EXPECT_EQ(kept.find(Origin::query, "x"), std::nullopt);
  EXPECT_EQ(kept.find(Origin::header, "n"), std::nullopt);
}

TEST(KeptValues, TheKeyIsTheSameForTheSameValuesAlone) {
  const auto key = [](std::map<std::string, std::string> values) {
    return KeptValues(two, Values(std::move(values))).key();
  };
  EXPECT_EQ(key({{"path.n", "5"}, {"query.x", "1"}}), key({{"path.n", "5"}, {"query.x", "2"}}));
  EXPECT_NE(key({{"path.n", "5"}}), key({{"path.n", "6"}}));
  EXPECT_NE(key({{"path.n", "5"}}), key({{"path.n", "5"}, {"query.every", ""}}));
  // No value can look like two.
  EXPECT_NE(key({{"path.n", "5:1"}, {"query.every", ""}}), key({{"path.n", "5"}, {"query.every", ":1"}}));
  EXPECT_NE(key({{"path.n", "a11:query.every=1:b"}}), key({{"path.n", "a"}, {"query.every", "b"}}));
}

TEST(KeptValues, CanBeReadFromTheirKey) {
  const auto back = [](std::map<std::string, std::string> values) {
    const auto all = values_of_key(KeptValues(two, Values(std::move(values))).key());
    return std::map<std::string, std::string>(all.begin(), all.end());
  };
  EXPECT_EQ(back({{"path.n", "5:1=x"}, {"query.every", ""}}),
            (Map{{"path.n", "5:1=x"}, {"query.every", ""}}));
  EXPECT_EQ(back({{"path.n", "5"}}), (Map{{"path.n", "5"}}));
  EXPECT_TRUE(values_of_key(KeptValues({}, Values(Map{})).key()).empty());
}

TEST(KeptValues, OfAnEndpointInCppAreItsPathAndQueryInWhateverOrder) {
  Target one;
  one.query = {{"b", "2"}, {"a", "1"}, {"format", "sse"}, {"last_event_id", "x"}};
  Target other;
  other.query = {{"since", "latest"}, {"a", "1"}, {"b", "2"}};
  const Router::PathValues path = {{"n", "5"}};
  EXPECT_EQ(KeptValues(one, path).key(), KeptValues(other, path).key());
  EXPECT_EQ(KeptValues(one, path).find(Origin::query, "b"), "2");
  EXPECT_EQ(KeptValues(one, path).find(Origin::path, "n"), "5");
  EXPECT_NE(KeptValues(one, path).key(), KeptValues(one, {}).key());
}

TEST(BeginOf, IsWhatTheRequestSaysElseTheEndpoint) {
  EXPECT_EQ(begin_of(Values(Map{}), 7, false).last, 7U);
  EXPECT_EQ(begin_of(Values(Map{{"query.since", "-3"}}), 7, false).last, 3U);
  EXPECT_EQ(begin_of(Values(Map{{"query.since", "latest"}}), 7, false).last, 0U);
  EXPECT_EQ(begin_of(Values(Map{{"query.since", "earliest"}}), 7, false).last, config::Share::earliest);
  EXPECT_TRUE(begin_of(Values(Map{{"query.since", "start"}}), 7, true).from_start);
  EXPECT_FALSE(begin_of(Values(Map{}), 7, true).from_start);
  EXPECT_EQ(begin_of(Values(Map{{"header.Last-Event-ID", "e-1"}}), 0, false).resume_after, "e-1");
  EXPECT_EQ(begin_of(Values(Map{{"query.on_gap", "fail"}}), 0, false).on_gap, generators::OnGap::fail);
  EXPECT_THROW(begin_of(Values(Map{{"query.since", "3"}}), 0, false), Failure);
  EXPECT_THROW(begin_of(Values(Map{{"query.on_gap", "ignore"}}), 0, false), Failure);
}

TEST(FailOnGap, PassesOnAllUpToTheFirstGap) {
  testing::TestLoop loop;
  auto stream = []() -> AsyncGenerator<Item> {
    co_yield Item::text("a");
    co_yield Item::gap("{}");
    co_yield Item::text("b");
  };
  auto seen = loop.collect(fail_on_gap(stream()));
  loop.run_ready();
  ASSERT_EQ(seen.stamped().size(), 1U);
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

}  // namespace
}  // namespace coyield::handlers
