#include "encode.hpp"

namespace coyield::handlers {
namespace {

using namespace testing;
using namespace std::string_view_literals;
using namespace std::string_literals;

TEST(BytesFormat, AddsNothingToAnyKindOfItem) {
  const Row rows[] = {
      {"JSON", Item::json(R"({"a": 1})"), R"({"a": 1})"},
      {"a value", value(18446744073709551615U), R"({"n":18446744073709551615})"},
      {"text", Item::text("a\r\n\0b"sv), "a\r\n\0b"s},
      {"text that is not UTF-8", Item::text("a\xFF\xE2\x82"), "a\xFF\xE2\x82"},
      {"bytes", Item::bytes("\0\xFF\n"sv), "\0\xFF\n"s},
      {"no bytes", Item::bytes(""), ""},
  };
  expect_rows("bytes", rows);
}

TEST(BytesFormat, SaysNothingElse) {
  Stream stream("bytes");
  stream.begin();
  EXPECT_FALSE(stream.gap());
  EXPECT_FALSE(stream.heartbeat());
  stream.failed(Failure(FailureKind::upstream, "gone")).end();
  EXPECT_EQ(stream.written(), "");
}

}  // namespace
}  // namespace coyield::handlers
