#include <coyield/handlers/content_coding.hpp>

#include <gtest/gtest.h>

namespace coyield::handlers {
namespace {

std::string chosen(std::string_view accept, bool gzip_offered) {
  const Field field{"Accept-Encoding", accept};
  Request request;
  request.fields = {&field, 1};
  const auto coding = choose_coding(request, gzip_offered);
  if (!coding) return "406";
  return *coding == Coding::gzip ? "gzip" : "identity";
}

TEST(ContentCoding, IsNoneForAClientThatSaysNothing) {
  EXPECT_EQ(choose_coding(Request(), true), Coding::identity);
  EXPECT_EQ(chosen("", true), "identity");
}

TEST(ContentCoding, IsWhatTheClientLikesBest) {
  struct Row {
    std::string_view accept;
    std::string_view offered;
    std::string_view not_offered;
  };
  const Row rows[] = {
      {"gzip", "gzip", "identity"},
      {"GZIP", "gzip", "identity"},
      {"x-gzip", "gzip", "identity"},
      {"gzip, deflate, br, zstd", "gzip", "identity"},
      {"br;q=1.0, gzip;q=0.1", "gzip", "identity"},
      {"br", "identity", "identity"},
      {"identity", "identity", "identity"},
      {"*", "gzip", "identity"},
      {"*;q=0.5, gzip;q=0", "identity", "identity"},
      {"gzip;q=0", "identity", "identity"},
      {"gzip;q=0.5, identity", "identity", "identity"},
      {"gzip;q=0.5, identity;q=0.5", "gzip", "identity"},
      {"gzip, identity;q=0", "gzip", "406"},
      {"gzip, *;q=0", "gzip", "406"},
      {"identity;q=0", "406", "406"},
      {"br, identity;q=0", "406", "406"},
      {"*;q=0", "406", "406"},
      {"*;q=0, identity", "identity", "identity"},
      {"identity;q=0, *", "gzip", "406"},
      {";q=0", "identity", "identity"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(chosen(row.accept, true), row.offered) << row.accept;
    EXPECT_EQ(chosen(row.accept, false), row.not_offered) << row.accept;
  }
}

TEST(ContentCoding, ReadsSeveralFieldsAsOneList) {
  const Field fields[] = {{"accept-encoding", "identity;q=0"}, {"Accept-Encoding", "gzip"}};
  Request request;
  request.fields = fields;
  EXPECT_EQ(choose_coding(request, true), Coding::gzip);
  EXPECT_EQ(choose_coding(request, false), std::nullopt);
}

}  // namespace
}  // namespace coyield::handlers
