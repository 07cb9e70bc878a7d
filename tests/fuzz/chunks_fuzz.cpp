#include <coyield/generators/net/chunked_decoder.hpp>
#include <coyield/server/publishing/line_splitter.hpp>
#include <string>
#include <vector>

#include "fuzz.hpp"

// The first byte says in what pieces a chunked body arrives, the second how long its lines may be; the rest
// is the body. Whatever the pieces, it is the same, and so are its lines.

namespace {

using namespace coyield;
using fuzz::require;

struct Decoded {
  std::string body;
  std::string left;
  bool whole = false;
  bool fault = false;

  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view bytes, std::size_t piece) {
  generators::net::ChunkedDecoder decoder;
  generators::Buffer out;
  Decoded decoded;
  while (!bytes.empty()) {
    const std::string_view some = bytes.substr(0, piece);
    const std::size_t used = decoder.feed(some, out);
    require(used <= some.size(), "no more is used than there was");
    bytes.remove_prefix(used);
    if (used < some.size() || decoder.fault() != nullptr) break;
  }
  require(decoder.fault() != nullptr || decoder.whole() || bytes.empty(), "all is used before the end");
  decoded.fault = decoder.fault() != nullptr;
  decoded.whole = decoder.whole();
  decoded.body = out.view();
  if (!decoded.fault) decoded.left = bytes;
  return decoded;
}

std::vector<std::string> lines_of(std::string_view bytes, std::size_t max_line, std::size_t piece) {
  server::LineSplitter splitter(max_line);
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    splitter.room().append(fuzz::take(bytes, piece));
    while (const auto line = splitter.next()) lines.emplace_back(*line);
  }
  if (const auto rest = splitter.rest()) lines.emplace_back(*rest);
  for (const std::string& line : lines)
    require(line.size() <= max_line + 1, "no line is longer than it may be");
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::as_text(data, size);
  const std::size_t piece = 1 + fuzz::take_byte(text);
  const std::size_t max_line = 1 + fuzz::take_byte(text);
  const Decoded decoded = decode(text, piece);
  require(decoded == decode(text, text.size() + 1), "a body is the same in any pieces");
  require(
      lines_of(decoded.body, max_line, piece) == lines_of(decoded.body, max_line, decoded.body.size() + 1),
      "lines are the same in any pieces");
  return 0;
}
