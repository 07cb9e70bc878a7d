#include <coyield/generators/json_check.hpp>
#include <coyield/generators/utf8.hpp>
#include <coyield/handlers/formats/format.hpp>
#include <nlohmann/json.hpp>

#include "../handlers/formats/sse_client.hpp"
#include "fuzz.hpp"

// The input is taken apart into items of every kind, with ids and events of any bytes. Each format writes
// them or refuses them, and leaves no trace of those that it refuses. Where a format promises more, that is
// looked at too.

namespace {

using namespace coyield;
using fuzz::require;
using fuzz::take;
using fuzz::take_byte;
using generators::Buffer;
using generators::Failure;
using generators::Item;

Item next_item(std::string_view& input) {
  const unsigned choice = take_byte(input);
  const std::string_view payload = take(input, take_byte(input));
  if (choice % 4 == 3) return Item::gap(R"({"count":5,"from":"a"})");
  const bool json = generators::is_json(payload);
  Item item = choice % 3 == 0 ? Item::bytes(payload) : json ? Item::json(payload) : Item::text(payload);
  if ((choice & 64U) != 0) item.set_id(take(input, take_byte(input) % 32));
  if ((choice & 128U) != 0) item.set_event(take(input, take_byte(input) % 32));
  return item;
}

struct Written {
  std::string bytes;
  std::size_t items = 0;
};

Written write(const handlers::Format& format, std::string_view input) {
  const auto encoder = format.make({});
  Written written;
  Buffer out;
  encoder->begin(out);
  while (!input.empty()) {
    const Item item = next_item(input);
    const std::string before(out.view());
    try {
      encoder->item(item, out);
      ++written.items;
    } catch (const Failure&) {
      require(out.view() == before, "an item that is refused leaves no trace");
    }
  }
  encoder->end(out);
  written.bytes = out.view();
  return written;
}

void check_ndjson(std::string_view bytes, std::size_t items) {
  require(bytes.empty() || bytes.back() == '\n', "the last line has its line feed");
  std::size_t lines = 0;
  for (; !bytes.empty(); ++lines) {
    require(generators::is_json(take(bytes, bytes.find('\n'))), "a line is JSON");
    take(bytes, 1);
  }
  require(lines == items, "an item is a line");
}

void check_json(std::string_view bytes, std::size_t items) {
  require(generators::is_json(bytes, generators::JsonLineBreaks::allowed), "it is one JSON text");
  try {
    require(nlohmann::json::parse(bytes).size() == items, "an item is an element");
  } catch (const nlohmann::json::out_of_range&) {
    return;  // a number that no double holds
  }
}

void check_sse(std::string_view bytes, std::size_t items) {
  require(generators::is_utf8(bytes), "it is UTF-8");
  handlers::testing::SseClient client;
  client.read(bytes);
  require(client.events().size() == items + 1, "an item is an event, and the end is one");
  require(client.events().back().type == "end", "the last event is the end");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<handlers::Format> formats = handlers::all_formats();
  for (const handlers::Format& format : formats) {
    const Written written = write(format, fuzz::as_text(data, size));
    if (format.name() == "ndjson") check_ndjson(written.bytes, written.items);
    if (format.name() == "envelope") check_ndjson(written.bytes, written.items + 1);  // the end is a line
    if (format.name() == "json") check_json(written.bytes, written.items);
    if (format.name() == "sse") check_sse(written.bytes, written.items);
  }
  return 0;
}
