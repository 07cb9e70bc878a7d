#pragma once

#include <charconv>
#include <coyield/generators/detail/json_reader.hpp>
#include <coyield/generators/encoder.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/json_check.hpp>
#include <coyield/generators/utf8.hpp>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

/// JSON in a binary notation: what CBOR and MessagePack have in common.
///
/// Both write a value as a head and what follows it. The head of an array or object says how many elements
/// there are, which is known behind the last: one byte is left for it, as most are short, and a longer head
/// moves what was written. The alternative, to count first, reads every level of the text once more.
///
/// A notation is a struct of static functions. Each writes a head of at most `most_head_bytes` at `to` and
/// gives its end:
///
///     char* null(char* to);                               char* boolean(char* to, bool value);
///     char* whole(char* to, std::uint64_t value);         char* negative(char* to, std::int64_t value);
///     char* real(char* to, double value);                 char* head(char* to, Sized kind, std::size_t);
namespace coyield::handlers {

/// What has a size in its head: bytes, or elements; of a map, pairs.
enum class Sized : unsigned char { bytes, text, array, map };

constexpr std::size_t most_head_bytes = 9;

/// Writes `value` with its most significant byte first.
template <class Integer>
char* write_big_endian(char* to, Integer value) {
  for (int shift = 8 * static_cast<int>(sizeof value) - 8; shift >= 0; shift -= 8) {
    *to++ = static_cast<char>(static_cast<unsigned char>(value >> shift));
  }
  return to;
}

inline char* write_big_endian(char* to, double value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return write_big_endian(to, bits);
}

/// Appends values to `out`; one object for each item.
template <class Notation>
class BinaryWriter {
 public:
  explicit BinaryWriter(generators::Buffer& out) noexcept : out_(out) {}

  void sized(Sized kind, std::string_view content) {
    if (content.size() > std::numeric_limits<std::uint32_t>::max()) fail("it has more than 4 GiB");
    put([&](char* to) { return Notation::head(to, kind, content.size()); });
    out_.append(content);
  }

  /// `Json` is simdjson's document or value.
  template <class Json>
  void value(Json& json) {
    using simdjson::ondemand::json_type;
    switch (json_type(json.type())) {
      case json_type::array:
        return container(Sized::array, [&] { return array(json.get_array()); });
      case json_type::object:
        return container(Sized::map, [&] { return object(json.get_object()); });
      case json_type::string:
        return sized(Sized::text, json.get_string());
      case json_type::number:
        return number(generators::detail::trimmed(json.raw_json_token()));
      case json_type::boolean: {
        const bool truth = json.get_bool();
        return put([&](char* to) { return Notation::boolean(to, truth); });
      }
      case json_type::null:
        return put([](char* to) { return Notation::null(to); });
    }
  }

 private:
  template <class Write>
  void put(Write write) {
    out_.commit_to(write(out_.prepare(most_head_bytes)));
  }

  /// `contents` writes the elements and gives their number.
  template <class Contents>
  void container(Sized kind, Contents contents) {
    if (depth_ == generators::max_json_depth)
      fail("it is nested deeper than " + std::to_string(generators::max_json_depth));
    ++depth_;
    const std::size_t begin = out_.size();
    out_.push_back('\0');
    insert_head(kind, contents(), begin);
    --depth_;
  }

  std::size_t array(simdjson::ondemand::array elements) {
    std::size_t count = 0;
    for (auto each : elements) {
      simdjson::ondemand::value element = each.value();
      value(element);
      ++count;
    }
    return count;
  }

  std::size_t object(simdjson::ondemand::object members) {
    std::size_t count = 0;
    for (auto member : members) {
      sized(Sized::text, member.unescaped_key());
      simdjson::ondemand::value of_member = member.value();
      value(of_member);
      ++count;
    }
    return count;
  }

  void insert_head(Sized kind, std::size_t count, std::size_t begin) {
    char head[most_head_bytes];
    const auto size = static_cast<std::size_t>(Notation::head(head, kind, count) - head);
    out_.prepare(size - 1);
    char* const at = out_.data() + begin;
    if (size != 1) std::memmove(at + size, at + 1, out_.size() - begin - 1);
    std::memcpy(at, head, size);
    out_.commit(size - 1);
  }

  /// Whole numbers of 64 bits are exact, all others are the nearest double; beyond those, infinite.
  void number(std::string_view digits) {
    const char* const end = digits.data() + digits.size();
    if (std::uint64_t whole = 0; is(std::from_chars(digits.data(), end, whole), end))
      return put([&](char* to) { return Notation::whole(to, whole); });
    if (std::int64_t whole = 0; is(std::from_chars(digits.data(), end, whole), end)) {
      return put([&](char* to) {
        return whole < 0 ? Notation::negative(to, whole) : Notation::whole(to, 0);  // -0
      });
    }
    double real = 0;
    const auto read = std::from_chars(digits.data(), end, real);
    if (read.ptr != end) fail("it has " + std::string(digits) + " in the place of a number");
    // 1e400 and 1e-400: what the digits come to, from_chars does not say.
    if (read.ec != std::errc()) real = std::strtod(std::string(digits).c_str(), nullptr);
    put([&](char* to) { return Notation::real(to, real); });
  }
  static bool is(std::from_chars_result read, const char* end) {
    return read.ec == std::errc() && read.ptr == end;
  }

  [[noreturn]] static void fail(const std::string& why) {
    throw generators::Failure(generators::FailureKind::internal,
                              "an item cannot be written in this format: " + why);
  }

  generators::Buffer& out_;
  unsigned depth_ = 0;
};

template <class Notation>
class BinaryEncoder final : public generators::Encoder {
 public:
  BinaryEncoder() noexcept : Encoder(Messages::binary) {}

  void item(const generators::Item& item, generators::Buffer& out) override {
    using generators::PayloadKind;
    BinaryWriter<Notation> writer(out);
    switch (item.kind()) {
      case PayloadKind::json:
        return json_item(item, writer, out);
      case PayloadKind::text:
        return text_item(item.payload(), writer);
      case PayloadKind::bytes:
        return writer.sized(Sized::bytes, item.payload());
      case PayloadKind::gap:
        generators::refuse_gap(item);
    }
  }

 private:
  void json_item(const generators::Item& item, BinaryWriter<Notation>& writer, generators::Buffer& out) {
    const std::size_t before = out.size();
    try {
      generators::detail::reading_json([&] {
        auto& parser = generators::detail::JsonReader::of_thread().items;
        parser.take([&item](generators::Buffer& text) { item.write_payload(text); });
        simdjson::ondemand::document json = parser.read();
        writer.value(json);
      });
    } catch (...) {
      out.resize(before);
      throw;
    }
  }

  /// How long it is stands in front of it, so that it has to be UTF-8 before it is written.
  static void text_item(std::string_view text, BinaryWriter<Notation>& writer) {
    if (generators::is_utf8(text)) [[likely]]
      return writer.sized(Sized::text, text);
    generators::Buffer mended;
    generators::append_utf8(mended, text);
    writer.sized(Sized::text, mended.view());
  }
};

}  // namespace coyield::handlers
