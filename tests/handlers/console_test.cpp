#include <coyield/handlers/console.hpp>

#include <gtest/gtest.h>

#include <regex>
#include <string>

namespace coyield::handlers {
namespace {

std::string field(const Response& response, const std::string& name) {
  const std::string fields = response.fields.text();
  const std::size_t begin = fields.find(name + ": ");
  if (begin == std::string::npos) return "";
  return fields.substr(begin + name.size() + 2, fields.find("\r\n", begin) - begin - name.size() - 2);
}

std::string text(const Response& response) { return std::get<std::string>(response.body); }

TEST(Console, EachFileHasItsType) {
  EXPECT_EQ(field(console_file({}, "").value(), "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(field(console_file({}, "app.js").value(), "Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(field(console_file({}, "style.css").value(), "Content-Type"), "text/css; charset=utf-8");
  EXPECT_EQ(field(console_file({}, "icon.svg").value(), "Content-Type"), "image/svg+xml");
  EXPECT_EQ(field(console_file({}, "uplot/LICENSE").value(), "Content-Type"), "text/plain; charset=utf-8");
}

TEST(Console, HasNoOtherFiles) {
  for (const char* name : {"nothing.js", "/app.js", "../page.html", "uplot", "app.js/"})
    EXPECT_FALSE(console_file({}, name)) << name;
}

TEST(Console, NothingInAPageIsTakenForAScriptOrAStyle) {
  const std::string policy = field(console_file({}, "").value(), "Content-Security-Policy");
  EXPECT_NE(policy.find("default-src 'none'; script-src 'self'; style-src 'self';"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(field(console_file({}, "app.js").value(), "X-Content-Type-Options"), "nosniff");
  const std::string page = text(console_file({}, "").value());
  EXPECT_FALSE(std::regex_search(page, std::regex("<script(?! src=)|<style|style=| on[a-z]+=")));
}

TEST(Console, WhateverThePageAndItsScriptsNameIsThere) {
  const std::regex in_page("(?:src|href)=\"\\.coyield/console/([^\"]+)\"");
  const std::regex in_script("from '\\./([^']+)'");
  const auto all_there = [](const std::string& text, const std::regex& names) {
    std::size_t count = 0;
    for (std::sregex_iterator i(text.begin(), text.end(), names), end; i != end; ++i, ++count)
      EXPECT_TRUE(console_file({}, (*i)[1].str())) << (*i)[1];
    return count;
  };
  EXPECT_GE(all_there(text(console_file({}, "").value()), in_page), 5U);
  for (const char* name : {"app.js", "endpoint.js", "stream.js", "chart.js"})
    EXPECT_GE(all_there(text(console_file({}, name).value()), in_script), 1U) << name;
}

TEST(Console, WhoHasAFileAlreadyIsToldSo) {
  const Response first = console_file({}, "app.js").value();
  const std::string etag = field(first, "ETag");
  EXPECT_TRUE(std::regex_match(etag, std::regex("\"[0-9a-f]{16}\"")));
  Request request;
  const std::string known = "\"other\", " + etag;
  const std::vector<Field> fields = {{"If-None-Match", known}};
  request.fields = fields;
  const Response second = console_file(request, "app.js").value();
  EXPECT_EQ(second.status, 304U);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(second.body));
  EXPECT_EQ(console_file(request, "style.css").value().status, 200U);
}

}  // namespace
}  // namespace coyield::handlers
