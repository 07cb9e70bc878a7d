#include <coyield/server/http/request_parser.hpp>

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace coyield::server {
namespace {

using handlers::Method;

/// Parses it as a session does; the status that it is refused with, 0 for none, -1 while it is not complete.
int parse(std::string_view bytes, RequestHead& head, const config::Limits& limits = {}) {
  const HeaderEnd end = find_header_end(bytes, limits);
  if (end.fault) return static_cast<int>(end.fault->status);
  if (end.size == 0) return -1;
  const auto fault = parse_request(bytes.substr(0, end.size), head);
  return fault ? static_cast<int>(fault->status) : 0;
}

struct Row {
  const char* name;
  std::string bytes;
  int status;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class RequestTable : public testing::TestWithParam<Row> {};

TEST_P(RequestTable, IsTakenOrRefused) {
  RequestHead head;
  EXPECT_EQ(parse(GetParam().bytes, head), GetParam().status);
}

/// However the bytes are cut, the outcome is the same, and nothing is taken before the header is complete.
TEST_P(RequestTable, IsTheSameByteByByte) {
  const Row& row = GetParam();
  int status = -1;
  for (std::size_t size = 1; size <= row.bytes.size() && status == -1; ++size) {
    RequestHead head;
    status = parse(std::string_view(row.bytes).substr(0, size), head);
  }
  EXPECT_EQ(status, row.status);
}

const Row rows[] = {
    {"Plain", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {"OldWithoutHost", "GET / HTTP/1.0\r\n\r\n", 0},
    {"WithALengthOfZero", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 0},
    {"Chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 0},
    {"Unfinished", "GET / HTTP/1.1\r\nHost: a\r\n", -1},
    {"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
    {"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    {"TwoHostsInOld", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400},
    {"LengthAndCoding",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"CodingAndLength",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
    {"TwoLengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", 400},
    {"LengthsInOneField", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 4\r\n\r\n", 400},
    {"LengthThatIsNone", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
    {"LengthBeyondAll", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
    {"UnknownCoding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
    {"ChunkedNotLast", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 501},
    {"ChunkedBehindOthers", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"ChunkedTwice",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"CodingInOld", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"FoldedLine", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400},
    {"BlankBeforeTheColon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
    {"BareLineFeed", "GET / HTTP/1.1\nHost: a\n\n", 400},
    {"BareLineFeedInside", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
    {"NoVersion", "GET / \r\n\r\n", 400},
    {"NoVersionNoBlank", "GET /\r\n\r\n", 400},
    {"Tls", std::string("\x16\x03\x01\x02\x00\x01", 6), 400},
    {"TlsByTheByte", "\x16", 400},
    {"PrefaceOfHttp2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"NewerVersion", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
    {"StrangeVersion", "GET / HTCPCP/1.0\r\nHost: a\r\n\r\n", 505},
    {"TlsHello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400},
    {"EmptyMethod", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"ControlInTarget", std::string("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 28), 400},
    {"NulInField", std::string("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 34), 400},
    {"LongMethod", std::string(64, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
    {"LongTarget", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
    {"LongHeader", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(17000, 'a') + "\r\n\r\n", 431},
};

INSTANTIATE_TEST_SUITE_P(Request, RequestTable, testing::ValuesIn(rows),
                         [](const testing::TestParamInfo<Row>& row) { return std::string(row.param.name); });

TEST(Request, GivesItsParts) {
  RequestHead head;
  ASSERT_EQ(
      parse("GET /a?b=1 HTTP/1.1\r\nHost: x\r\nAccept: a\r\nAccept:  b \r\nConnection: Close\r\n\r\n", head),
      0);
  EXPECT_EQ(head.method, Method::get);
  EXPECT_EQ(head.target, "/a?b=1");
  EXPECT_EQ(head.minor_version, 1U);
  EXPECT_EQ(head.joined("accept"), "a, b");
  EXPECT_FALSE(head.keep_alive);
  EXPECT_FALSE(head.has_body);
}

TEST(Request, KnowsTheMethodsThatAreServed) {
  for (const auto& [text, method] :
       {std::pair{"GET", Method::get}, std::pair{"HEAD", Method::head}, std::pair{"OPTIONS", Method::options},
        std::pair{"POST", Method::post}, std::pair{"BREW", Method::other}}) {
    RequestHead head;
    const std::string bytes = std::string(text) + " / HTTP/1.1\r\nHost: x\r\n\r\n";
    ASSERT_EQ(parse(bytes, head), 0);
    EXPECT_EQ(head.method, method) << text;
    EXPECT_EQ(head.method_text, text);
  }
}

TEST(Request, SaysWhetherABodyFollows) {
  RequestHead head;
  ASSERT_EQ(parse("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", head), 0);
  EXPECT_TRUE(head.has_body);
  ASSERT_EQ(parse("GET / HTTP/1.1\r\nHost: x\r\n\r\n", head), 0);
  EXPECT_FALSE(head.has_body);
}

TEST(Request, DoesNotKeepAnOldConnection) {
  RequestHead head;
  ASSERT_EQ(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", head), 0);
  EXPECT_FALSE(head.keep_alive);
}

TEST(HeaderEnd, LeavesWhatStandsBehindTheEmptyLine) {
  const std::string_view header = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const char* behind : {"GET /next", " a body", "\tone more", "\n"}) {
    const HeaderEnd end = find_header_end(std::string(header) + behind, config::Limits());
    EXPECT_FALSE(end.fault) << behind;
    EXPECT_EQ(end.size, header.size()) << behind;
  }
}

TEST(HeaderEnd, HoldsALongTargetBackBeforeItsLineIsComplete) {
  const std::string endless = "GET /" + std::string(9000, 'a');
  ASSERT_TRUE(find_header_end(endless, config::Limits()).fault);
  EXPECT_EQ(find_header_end(endless, config::Limits()).fault->status, 414U);
}

}  // namespace
}  // namespace coyield::server
