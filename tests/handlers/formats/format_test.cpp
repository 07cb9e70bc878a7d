#include <coyield/handlers/formats/format.hpp>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace coyield::handlers {
namespace {

TEST(Formats, BeginWithTheDefault) { EXPECT_EQ(all_formats().at(0).name(), "ndjson"); }

TEST(Formats, HaveNamesAndMediaTypesOfTheirOwn) {
  std::set<std::string> names;
  std::set<std::string_view> types;
  for (const Format& format : all_formats()) {
    EXPECT_TRUE(names.insert(std::string(format.name())).second) << format.name();
    if (format.by_accept != ByAccept::never) {  // others are asked for by name
      EXPECT_TRUE(types.insert(format.media_type).second) << format.name();
    }
  }
}

TEST(Formats, AreDescribed) {
  for (const Format& format : all_formats()) {
    EXPECT_EQ(format.description.kind, config::ComponentKind::format);
    EXPECT_FALSE(format.description.summary.empty()) << format.name();
    EXPECT_FALSE(format.description.details.empty()) << format.name();
    EXPECT_TRUE(format.content_type.starts_with(format.media_type)) << format.name();
    EXPECT_NE(format.make(FormatOptions{}), nullptr) << format.name();
    if (!format.over_http()) continue;
    EXPECT_EQ(nlohmann::json::parse(format.description.example), std::string(format.name()));
  }
}

TEST(Formats, BeatOnlyWhereTheySayTheyCan) {
  for (const Format& format : all_formats()) {
    generators::Buffer out;
    const auto encoder = format.make(FormatOptions{});
    EXPECT_EQ(encoder->heartbeat(out), format.heartbeat != Heartbeat::never) << format.name();
    EXPECT_EQ(out.empty(), format.heartbeat == Heartbeat::never) << format.name();
  }
}

}  // namespace
}  // namespace coyield::handlers
