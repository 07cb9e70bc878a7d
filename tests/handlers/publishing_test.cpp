#include <coyield/handlers/publishing.hpp>

#include <gtest/gtest.h>

#include <string>

namespace coyield::handlers {
namespace {

using generators::Buffer;
using generators::Failure;
using generators::FailureKind;
using generators::Item;
using generators::PayloadKind;

/// `json 5`, `text a`, `bytes x`, or the failure.
std::string taken(PublishedAs as, std::string_view text, Publication publication = {}) {
  const Taken item = take_item(publication, as, text);
  if (const auto* failure = std::get_if<Failure>(&item))
    return std::to_string(status_of(failure->kind())) + " " + failure->message();
  const Item& good = std::get<Item>(item);
  const char* kind = good.kind() == PayloadKind::json   ? "json "
                     : good.kind() == PayloadKind::text ? "text "
                                                        : "bytes ";
  return kind + std::string(good.payload());
}

TEST(Publishing, TheMediaTypeSaysWhatABodyIs) {
  EXPECT_EQ(published_as(std::nullopt), PublishedAs::json_or_text);
  EXPECT_EQ(published_as("application/x-www-form-urlencoded"), PublishedAs::json_or_text);
  EXPECT_EQ(published_as("application/json"), PublishedAs::json);
  EXPECT_EQ(published_as("Application/JSON ; charset=utf-8"), PublishedAs::json);
  EXPECT_EQ(published_as("application/geo+json"), PublishedAs::json);
  EXPECT_EQ(published_as("text/plain"), PublishedAs::text);
  EXPECT_EQ(published_as("application/octet-stream"), PublishedAs::bytes);
  EXPECT_EQ(published_as("application/x-ndjson"), PublishedAs::lines);
  EXPECT_EQ(published_as("application/jsonl"), PublishedAs::lines);
  for (const char* unknown : {"", "image/png", "json", "multipart/form-data; boundary=x", "text/plainer"})
    EXPECT_EQ(published_as(unknown), std::nullopt) << unknown;
}

TEST(Publishing, JsonStandsInOneLine) {
  EXPECT_EQ(taken(PublishedAs::json, R"({"a": [1, 2]})"), R"(json {"a": [1, 2]})");
  EXPECT_EQ(taken(PublishedAs::json, "\n 5 \r\n"), "json 5");
  EXPECT_EQ(taken(PublishedAs::json, "{\n  \"a b\": 1,\r\n  \"c\\n\": [ ]\n}\n"),
            R"(json {"a b":1,"c\n":[]})");
  EXPECT_EQ(taken(PublishedAs::json, "12345678901234567890123"), "json 12345678901234567890123");
}

TEST(Publishing, WhatIsNoJsonMayBeText) {
  EXPECT_EQ(taken(PublishedAs::json_or_text, "hello"), "text hello");
  EXPECT_EQ(taken(PublishedAs::json_or_text, "a=b&c=d"), "text a=b&c=d");
  EXPECT_EQ(taken(PublishedAs::json_or_text, "[1]"), "json [1]");
  EXPECT_EQ(taken(PublishedAs::text, "[1]"), "text [1]");
  EXPECT_EQ(taken(PublishedAs::bytes, "\xff"), "bytes \xff");
  EXPECT_EQ(taken(PublishedAs::text, ""), "text ");
}

TEST(Publishing, WhatIsNoItemSaysWhy) {
  EXPECT_EQ(taken(PublishedAs::json, "[1"), "422 the item is no JSON");
  EXPECT_EQ(taken(PublishedAs::lines, "hello"), "422 the item is no JSON");
  EXPECT_EQ(taken(PublishedAs::json, ""), "422 there is no item: what was sent is empty");
  EXPECT_EQ(taken(PublishedAs::json_or_text, ""), "422 there is no item: what was sent is empty");
  EXPECT_EQ(taken(PublishedAs::text, "\xff"), "422 the item is no UTF-8, as text has to be");
  EXPECT_EQ(taken(PublishedAs::json_or_text, "\xff"), "422 the item is no UTF-8, as text has to be");
}

TEST(Publishing, KeepsToItsLimits) {
  const Publication small{.max_item = 5, .max_depth = 2};
  EXPECT_EQ(taken(PublishedAs::text, "12345", small), "text 12345");
  EXPECT_EQ(taken(PublishedAs::text, "123456", small), "413 the item has 6 bytes, and may have 5");
  EXPECT_EQ(taken(PublishedAs::json, "[[1]]", small), "json [[1]]");
  const Publication flat{.max_depth = 1};
  for (const PublishedAs as : {PublishedAs::json, PublishedAs::json_or_text}) {
    EXPECT_EQ(taken(as, "[[1]]", flat),
              "422 the item is nested deeper than the 1 levels that \"max_depth\" allows here");
  }
}

TEST(Publishing, AnswersAreLines) {
  Buffer out;
  append_published(out, "e-0");
  append_refused(out, Failure(FailureKind::unprocessable, "no \"JSON\""));
  EXPECT_EQ(out.view(),
            "{\"id\":\"e-0\"}\n"
            "{\"error\":{\"title\":\"Unprocessable Content\",\"status\":422,\"detail\":\"no "
            "\\\"JSON\\\"\"}}\n");
}

TEST(Publishing, AClientIsItsAddress) {
  EXPECT_EQ(address_of("127.0.0.1:5000"), "127.0.0.1");
  EXPECT_EQ(address_of("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(address_of("[::1]:5000"), "[::1]");
  EXPECT_EQ(address_of("2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(address_of("unix"), "unix");
}

}  // namespace
}  // namespace coyield::handlers
