#include <coyield/server/http/kept_head.hpp>

#include <gtest/gtest.h>

namespace coyield::server {
namespace {

std::string text_of(const std::vector<handlers::Field>& fields) {
  std::string text;
  for (const handlers::Field& field : fields)
    text.append(field.name).append(": ").append(field.value) += '\n';
  return text;
}

TEST(KeptHead, KeepsWhoAsksAndLeavesOutWhatWasAboutTheConnection) {
  RequestHead head;
  head.fields = {{"Host", "here"},
                 {"upgrade", "websocket"},
                 {"Connection", "Upgrade"},
                 {"Sec-WebSocket-Key", "x"},
                 {"sec-websocket-protocol", "coyield.v1"},
                 {"Authorization", "Bearer secret"},
                 {"Accept", "*/*"},
                 {"Last-Event-ID", "7"},
                 {"Cookie", "a=b"}};
  const KeptHead kept(head);
  head.fields.clear();
  EXPECT_EQ(text_of(kept.fields("")), "Host: here\nAuthorization: Bearer secret\nCookie: a=b\n");
  EXPECT_GT(kept.size(), 40U);
}

TEST(KeptHead, AddsTheIdThatAStreamGoesOnBehind) {
  EXPECT_EQ(text_of(KeptHead().fields("8")), "Last-Event-ID: 8\n");
}

}  // namespace
}  // namespace coyield::server
