#pragma once

#include <simdjson.h>

#include <algorithm>
#include <coyield/generators/buffer.hpp>
#include <cstring>
#include <string_view>

/// What reads into the JSON of items: simdjson's on-demand parser, and the memory that it wants. For .cpp
/// files only, since simdjson's header is long.
namespace coyield::generators::detail {

namespace ondemand = simdjson::ondemand;

/// Without the blanks at its end, which simdjson counts in.
inline std::string_view trimmed(std::string_view raw) noexcept {
  while (!raw.empty() && static_cast<unsigned char>(raw.back()) <= ' ') raw.remove_suffix(1);
  return raw;
}

/// A parser with a copy of what it reads: simdjson wants 64 readable bytes behind a text, and an item's text
/// is borrowed from whoever made it. The copy costs a few percent of the reading.
class JsonParser {
 public:
  /// Takes one JSON text in: what `write(buffer)` appends. It is given back without the blanks around it, and
  /// stays where it is until the next call.
  template <class Write>
  std::string_view take(const Write& write) {
    text_.clear();
    write(text_);
    std::memset(text_.prepare(simdjson::SIMDJSON_PADDING), 0, simdjson::SIMDJSON_PADDING);
    const std::string_view text = trimmed(text_.view());
    return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  }
  /// Begins to read what was taken in: an array or an object. Throws simdjson::simdjson_error.
  ondemand::document read() {
    if (parser_.capacity() < text_.size()) grow();
    return parser_.iterate(text_.data(), text_.size(), text_.size() + simdjson::SIMDJSON_PADDING).value();
  }

 private:
  void grow();

  ondemand::parser parser_;
  Buffer text_;
};

/// The parsers of one thread. Everybody reads an item without waiting, so one of each is enough for all
/// streams of a thread, and a stream that waits holds none. They keep the size of the longest item so far,
/// about seven times.
class JsonReader {
 public:
  static JsonReader& of_thread();

  JsonParser items;     ///< reads whole items
  JsonParser elements;  ///< reads arrays within them

  /// What stands between the quotes of a JSON string, its escapes resolved. Valid until the next call.
  std::string_view unescape(std::string_view written);

 private:
  ondemand::parser strings_;
  Buffer written_;
  Buffer unescaped_;
};

/// The text of a value, just as it is written. An array or an object is passed by that.
inline std::string_view raw_text(ondemand::value value) {
  const std::string_view token = value.raw_json_token();
  if (token.front() == '{') return trimmed(ondemand::object(value.get_object()).raw_json());
  if (token.front() == '[') return trimmed(ondemand::array(value.get_array()).raw_json());
  return trimmed(token);
}

[[noreturn]] void throw_not_json(const simdjson::simdjson_error& error);

/// Calls `work`, which reads JSON: what simdjson finds wrong becomes a Failure. Items hold valid JSON, so it
/// is the fault of whoever made the item.
template <class Work>
void reading_json(const Work& work) {
  try {
    work();
  } catch (const simdjson::simdjson_error& error) {
    throw_not_json(error);
  }
}

}  // namespace coyield::generators::detail
