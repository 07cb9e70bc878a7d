#include <coyield/generators/pipeline.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <coyield/config/load.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/testing/test_loop.hpp>
#include <initializer_list>
#include <map>
#include <stdexcept>

namespace coyield::generators {
namespace {

using config::ComponentConfig;
using config::ParameterType;
using testing::TestLoop;
using Texts = std::vector<std::string>;

/// Yields "0", "1", ... up to `n` of them.
AsyncGenerator<Item> numbers(config::Arguments args, SourceContext) {
  const auto count = args.get<std::int64_t>("n");
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string text = std::to_string(i);
    co_yield Item::text(text);
  }
}
AsyncGenerator<Item> input(config::Arguments, SourceContext context) { return std::move(context.input); }

/// Yields the id behind which it was to go on.
AsyncGenerator<Item> position(config::Arguments, SourceContext context) {
  if (context.start) context.start->id = "begun";
  co_yield Item::text(context.resume_after);
}

/// Puts `word` behind each text.
AsyncGenerator<Item> append(AsyncGenerator<Item> upstream, config::Arguments args, OperatorContext) {
  const auto& word = args.get<std::string>("word");
  while (auto item = co_await upstream.next()) {
    const std::string text = std::string(item->payload()) + word;
    co_yield Item::text(text);
  }
}

class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    registry.add(Source{
        {.kind = config::ComponentKind::source,
         .name = "numbers",
         .parameters = {{.name = "n", .type = ParameterType::integer, .required = true, .maximum = 100}},
         .main = "n"},
        &numbers});
    registry.add(Source{{.kind = config::ComponentKind::source, .name = "input"}, &input});
    registry.add(
        Source{{.kind = config::ComponentKind::source, .name = "position"}, &position, Resuming::exact});
    for (const auto& [name, positions] :
         {std::pair("append", Positions::kept), std::pair("group", Positions::lost)}) {
      registry.add(Operator{{.kind = config::ComponentKind::operator_,
                             .name = name,
                             .parameters = {{.name = "word", .default_value = "!"}},
                             .main = "word"},
                            positions,
                            &append});
    }
  }

  ComponentConfig source(std::string_view text) const { return load(config::ComponentKind::source, text); }
  ComponentConfig stage(std::string_view text) const { return load(config::ComponentKind::operator_, text); }
  ComponentConfig load(config::ComponentKind kind, std::string_view text) const {
    return config::load_component(kind, text, registry.catalogue()).value();
  }
  static Texts texts(TestLoop& loop, AsyncGenerator<Item> stream) {
    Texts all;
    const auto seen = loop.collect(std::move(stream));
    for (const auto& stamped : seen.stamped()) all.emplace_back(stamped.item.payload());
    return all;
  }

  Registry registry;
};

/// The values of a request, whatever their origin.
class Values final : public config::RequestValues {
 public:
  Values(std::initializer_list<std::pair<const std::string, std::string>> values) : values_(values) {}
  std::optional<std::string> find(config::Origin, std::string_view name) const override {
    const auto found = values_.find(std::string(name));
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::map<std::string, std::string> values_;
};

TEST_F(PipelineTest, AppliesItsOperatorsInOrder) {
  const Pipeline pipeline(source(R"({"numbers": 2})"),
                          {stage(R"({"append": "a"})"), stage(R"({"append": "b"})")}, registry);
  TestLoop loop;
  auto stream = pipeline.start(config::NoRequestValues(), {});
  ASSERT_TRUE(stream);
  EXPECT_EQ(texts(loop, *std::move(stream)), (Texts{"0ab", "1ab"}));
}

TEST_F(PipelineTest, MakesAStreamOfItsOwnForEachRequest) {
  const Pipeline pipeline(source(R"({"numbers": "${query.n}"})"), {stage(R"({"append": "${path.word:-?}"})")},
                          registry);
  TestLoop loop;
  auto one = pipeline.start(Values{{"n", "1"}, {"word", "x"}}, {});
  auto two = pipeline.start(Values{{"n", "2"}}, {});
  ASSERT_TRUE(one);
  ASSERT_TRUE(two);
  EXPECT_EQ(texts(loop, *std::move(two)), (Texts{"0?", "1?"}));
  EXPECT_EQ(texts(loop, *std::move(one)), (Texts{"0x"}));
}

TEST_F(PipelineTest, TellsWhichValueOfTheRequestIsWrong) {
  const Pipeline pipeline(source(R"({"numbers": "${query.n}"})"), {stage(R"({"append": "${path.word}"})")},
                          registry);
  for (const char* n : {"many", "101"}) {
    const auto refused = pipeline.start(Values{{"n", n}, {"word", "x"}}, {});
    ASSERT_FALSE(refused) << n;
    EXPECT_EQ(refused.error().parameter, "n");
    EXPECT_EQ(refused.error().origin, "query.n");
  }
  const auto missing = pipeline.start(Values{{"n", "1"}}, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().parameter, "word");
}

TEST_F(PipelineTest, HandsTheContextToItsSource) {
  const Pipeline pipeline(source(R"("input")"), {stage(R"("append")")}, registry);
  SourceContext context;
  const auto sent = []() -> AsyncGenerator<Item> { co_yield Item::text("hello"); };
  context.input = sent();
  TestLoop loop;
  EXPECT_EQ(texts(loop, pipeline.start(config::NoRequestValues(), std::move(context)).value()),
            (Texts{"hello!"}));
}

TEST_F(PipelineTest, GoesOnBehindAnIdWhereItCan) {
  const auto start = [this](const char* source_text, const char* stage_text) {
    SourceContext context;
    context.resume_after = "5";
    return Pipeline(source(source_text), {stage(stage_text)}, registry)
        .start(config::NoRequestValues(), std::move(context))
        .value();
  };
  TestLoop loop;
  EXPECT_EQ(texts(loop, start(R"("position")", R"("append")")), (Texts{"5!"}));
  const auto why = [&](const char* source_text, const char* stage_text) -> std::string {
    try {
      const auto stream = start(source_text, stage_text);
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.kind(), FailureKind::conflict);
      return failure.message();
    }
    return "not refused";
  };
  EXPECT_THAT(why(R"({"numbers": 1})", R"("append")"),
              ::testing::HasSubstr("its source \"numbers\" have no ids"));
  EXPECT_THAT(why(R"("position")", R"("group")"), ::testing::HasSubstr("\"group\" counts or groups"));
}

TEST_F(PipelineTest, TellsWhereAStreamHasBegunUnlessThatMeansNothing) {
  const auto begun_of = [this](const char* source_text, const std::vector<ComponentConfig>& stages) {
    SourceContext context;
    const auto begun = context.start = std::make_shared<StartPosition>();
    TestLoop loop;
    loop.drain(Pipeline(source(source_text), stages, registry)
                   .start(config::NoRequestValues(), std::move(context))
                   .value());
    return begun->id;
  };
  EXPECT_EQ(begun_of(R"("position")", {}), "begun");
  EXPECT_EQ(begun_of(R"("position")", {stage(R"("append")")}), "begun");
  EXPECT_EQ(begun_of(R"("position")", {stage(R"("group")"), stage(R"("append")")}), "");
  EXPECT_EQ(begun_of(R"({"numbers": 1})", {}), "");
}

TEST_F(PipelineTest, RefusesWhatItsRegistryDoesNotHave) {
  const Registry empty;
  EXPECT_THROW(Pipeline(source(R"({"numbers": 1})"), {}, empty), std::logic_error);
}

}  // namespace
}  // namespace coyield::generators
