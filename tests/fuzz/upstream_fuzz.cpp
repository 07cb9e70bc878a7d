#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/json_check.hpp>
#include <coyield/generators/net/http_head.hpp>
#include <coyield/generators/postgres/changes.hpp>
#include <coyield/generators/sources/event_stream.hpp>
#include <coyield/generators/sources/json_elements.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "fuzz.hpp"

// What other servers send. The first byte chooses what it is, the second in what pieces it arrives; the rest
// is that. Whatever it is, it comes out the same in pieces as at once, and what is given as JSON is some.

namespace {

using namespace coyield;
using fuzz::require;
using generators::Failure;
using Texts = std::vector<std::string>;

constexpr std::size_t max_item = 200;

/// What `records` gives; at the end why it gives no more, if that is a failure.
template <class Records, class Take>
Texts given(Records records, std::string_view text, std::size_t piece, Take take) {
  Texts all;
  try {
    while (!records.ended()) {
      const std::span<char> room = records.room();
      const std::string_view read = fuzz::take(text, std::min(room.size(), piece));
      if (!read.empty()) std::memcpy(room.data(), read.data(), read.size());
      if (read.empty()) records.end();
      records.commit(read.size());
      for (std::string_view record; records.next(record);) all.push_back(take(records, record));
    }
  } catch (const Failure& failure) {
    all.push_back(std::string("failed: ") + failure.what());
  }
  return all;
}

Texts events(std::string_view text, std::size_t piece) {
  return given(generators::EventStream(max_item), text, piece, [](const auto& events, std::string_view data) {
    require(data.size() <= max_item, "an event is no longer than it may be");
    return std::string(events.name()) + '\0' + std::string(events.id()) + '\0' + std::string(data);
  });
}

Texts elements(std::string_view text, std::size_t piece) {
  return given(generators::JsonElements(max_item), text, piece, [](const auto&, std::string_view element) {
    require(generators::is_json(element), "an element is JSON on one line");
    return std::string(element);
  });
}

/// The head as one text, or that there is none.
std::string head(std::string_view text, std::size_t piece) {
  generators::net::HttpHeadReader reader;
  std::string received;
  try {
    while (!reader.whole() && !text.empty()) {
      received += fuzz::take(text, piece);
      received.erase(0, reader.feed(received));
    }
  } catch (const Failure&) {
    return "failed";
  }
  if (!reader.whole()) return "not whole";
  std::string all = std::to_string(reader.head().status);
  for (const auto& [name, value] : reader.head().fields) {
    require(name.find_first_of("\r\n:") == std::string::npos, "no name of a field holds the end of a line");
    require(value.find_first_of("\r\n") == std::string::npos, "and no value");
    all += '\n' + name + ": " + value;
  }
  return all;
}

/// Messages of a replication, each behind a byte with its size.
void changes(std::string_view text) {
  generators::postgres::ChangeReader reader;
  generators::Buffer out;
  while (!text.empty()) {
    const std::size_t size = fuzz::take_byte(text);
    const std::string_view message = fuzz::take(text, size);
    out.clear();
    try {
      const auto wal = generators::postgres::parse_wal_message(message);
      require(wal.payload.size() <= message.size(), "a payload is a part of its message");
    } catch (const Failure&) {
    }
    try {
      if (!reader.read(message, 1, out)) continue;
    } catch (const Failure&) {
      continue;
    }
    // What PostgreSQL has in numbers and dates is taken at its word.
    require(out.view().starts_with('{') && out.view().ends_with('}'), "a change is an object");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::as_text(data, size);
  const unsigned kind = fuzz::take_byte(text) % 4;
  const std::size_t piece = 1 + fuzz::take_byte(text);
  const std::size_t whole = std::max<std::size_t>(text.size(), 1);
  if (kind == 0) require(events(text, piece) == events(text, whole), "the events are the same in pieces");
  if (kind == 1)
    require(elements(text, piece) == elements(text, whole), "the elements are the same in pieces");
  if (kind == 2) {
    const std::string in_pieces = head(text, piece);
    const std::string at_once = head(text, whole);
    // What is wrong may show itself before the head is whole.
    require(in_pieces == at_once || in_pieces == "failed" || at_once == "failed",
            "the head is the same in pieces");
  }
  if (kind == 3) changes(text);
  return 0;
}
