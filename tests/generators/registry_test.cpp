#include <coyield/generators/registry.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <coyield/config/load.hpp>
#include <stdexcept>

namespace coyield::generators {
namespace {

AsyncGenerator<Item> nothing(config::Arguments, SourceContext) { co_return; }
AsyncGenerator<Item> pass_on(AsyncGenerator<Item> upstream, config::Arguments, OperatorContext) {
  return upstream;
}

Source source(std::string name) {
  return {{.kind = config::ComponentKind::source, .name = std::move(name)}, &nothing};
}
Operator operator_(std::string name) {
  return {{.kind = config::ComponentKind::operator_, .name = std::move(name)}, Positions::kept, &pass_on};
}

TEST(Registry, FindsWhatWasAdded) {
  Registry registry;
  registry.add(source("ticks"));
  registry.add(operator_("take"));
  ASSERT_NE(registry.find_source("ticks"), nullptr);
  EXPECT_EQ(registry.find_source("ticks")->description.name, "ticks");
  EXPECT_EQ(registry.find_operator("take")->description.name, "take");
  EXPECT_EQ(registry.find_source("take"), nullptr);
  EXPECT_EQ(registry.find_operator("ticks"), nullptr);
  EXPECT_EQ(registry.find_source(""), nullptr);
}

TEST(Registry, RefusesANameThatIsTaken) {
  Registry registry;
  registry.add(source("ticks"));
  EXPECT_THROW(registry.add(source("ticks")), std::logic_error);
  registry.add(operator_("ticks"));  // the two have names of their own
}

TEST(Registry, TellsTheCatalogueOfAll) {
  Registry registry;
  registry.add(source("ticks"));
  registry.add(source("clock"));
  registry.add(operator_("take"));
  const config::Catalogue catalogue = registry.catalogue();
  EXPECT_EQ(catalogue.names(config::ComponentKind::source), (std::vector<std::string>{"clock", "ticks"}));
  EXPECT_EQ(catalogue.names(config::ComponentKind::operator_), (std::vector<std::string>{"take"}));
  EXPECT_TRUE(catalogue.names(config::ComponentKind::format).empty());
}

TEST(AllSources, AreDescribedWithAnExampleThatCanBeLoaded) {
  Registry registry;
  for (Source& each : all_sources()) registry.add(std::move(each));
  const config::Catalogue catalogue = registry.catalogue();
  const auto names = catalogue.names(config::ComponentKind::source);
  EXPECT_TRUE(std::ranges::includes(
      names, std::vector<std::string>{"clock", "counter", "directory", "echo", "exec", "file", "http",
                                      "postgres", "random", "replay", "schedule", "stdin", "system", "tcp",
                                      "topic", "udp", "unix", "websocket"}));
  for (const std::string& name : names) {
    const config::Component& described = registry.find_source(name)->description;
    EXPECT_FALSE(described.summary.empty()) << name;
    EXPECT_FALSE(described.details.empty()) << name;
    EXPECT_FALSE(described.position.empty()) << name;
    for (const config::Parameter& parameter : described.parameters) {
      EXPECT_FALSE(parameter.summary.empty()) << name << '.' << parameter.name;
    }
    const auto loaded = config::load_component(config::ComponentKind::source, described.example, catalogue);
    ASSERT_TRUE(loaded) << loaded.error();
    EXPECT_EQ(loaded->name(), name);
  }
}

TEST(AllOperators, SayWhereIdsAreLost) {
  Registry registry;
  for (Operator& each : all_operators()) registry.add(std::move(each));
  for (const std::string& name : registry.catalogue().names(config::ComponentKind::operator_)) {
    const Operator& op = *registry.find_operator(name);
    const bool loses = op.positions_of != nullptr || op.positions == Positions::lost;
    EXPECT_EQ(op.description.position.empty(), !loses) << name;
  }
}

}  // namespace
}  // namespace coyield::generators
