#include <algorithm>
#include <coyield/handlers/fields.hpp>
#include <coyield/server/http/request_parser.hpp>

#include "fuzz.hpp"

// The first byte says how large the pieces are in which the rest arrives. However it is cut, a header ends
// where it ends; and one that is taken has nothing in it that two servers in a row could read in two ways.

namespace {

using namespace coyield;
using fuzz::require;
using handlers::equal_ignoring_case;
using server::HeaderEnd;
using server::RequestHead;

constexpr config::Limits limits{.max_header = 2000, .max_target = 500};

HeaderEnd read_in_pieces(std::string_view bytes, std::size_t piece) {
  for (std::size_t there = piece; there < bytes.size(); there += piece) {
    HeaderEnd end = server::find_header_end(bytes.substr(0, there), limits);
    if (end.size != 0 || end.fault) return end;
  }
  return server::find_header_end(bytes, limits);
}

void check(const server::RequestFault& fault) {
  require(fault.status >= 400 && fault.status < 600, "a fault has a status of its own");
  require(!fault.detail.empty(), "a fault says what is wrong");
}

bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.end() <= whole.end());
}

void check(const RequestHead& head, std::string_view header) {
  require(!head.method_text.empty() && !head.target.empty(), "a request has a method and a target");
  require(lies_in(head.target, header) && lies_in(head.method_text, header), "it is borrowed from its bytes");
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  std::size_t codings = 0;
  for (const handlers::Field& field : head.fields) {
    require(lies_in(field.name, header) && lies_in(field.value, header), "it is borrowed from its bytes");
    require(std::all_of(field.name.begin(), field.name.end(), &handlers::is_token_character),
            "the name of a field is a token");
    require(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
            "a value is on one line");
    hosts += equal_ignoring_case(field.name, "Host");
    lengths += equal_ignoring_case(field.name, "Content-Length");
    codings += equal_ignoring_case(field.name, "Transfer-Encoding");
  }
  require(hosts == 1 || (hosts == 0 && head.minor_version == 0), "a request has one Host");
  require(lengths + codings <= 1, "a body has one length");
  require(codings == 0 || head.has_body, "a coding is that of a body");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes = fuzz::as_text(data, size);
  const std::size_t piece = 1 + fuzz::take_byte(bytes);
  const HeaderEnd end = server::find_header_end(bytes, limits);
  const HeaderEnd again = read_in_pieces(bytes, piece);
  require(again.fault.has_value() == end.fault.has_value(), "it is refused however it is cut");
  if (end.fault) return check(*end.fault), 0;
  require(again.size == end.size, "a header ends where it ends");
  if (end.size == 0) return 0;

  const std::string_view header = bytes.substr(0, end.size);
  RequestHead head;
  const auto fault = server::parse_request(header, head);
  if (fault) {
    check(*fault);
  } else {
    check(head, header);
  }
  return 0;
}
