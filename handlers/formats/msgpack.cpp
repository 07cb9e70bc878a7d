#include <coyield/handlers/formats/binary_json.hpp>
#include <coyield/handlers/formats/format.hpp>

namespace coyield::handlers {

namespace {

/// MessagePack, as of its specification of 2013, in which text and bytes differ. The first byte says the
/// type, and in the short forms the value or the size too.
struct Msgpack {
  static char* null(char* to) { return first(to, 0xC0); }
  static char* boolean(char* to, bool value) { return first(to, value ? 0xC3 : 0xC2); }
  static char* whole(char* to, std::uint64_t value) {
    if (value < 0x80) return first(to, static_cast<unsigned>(value));
    if (value <= 0xFF) return write_big_endian(first(to, 0xCC), static_cast<std::uint8_t>(value));
    if (value <= 0xFFFF) return write_big_endian(first(to, 0xCD), static_cast<std::uint16_t>(value));
    if (value <= 0xFFFF'FFFF) return write_big_endian(first(to, 0xCE), static_cast<std::uint32_t>(value));
    return write_big_endian(first(to, 0xCF), value);
  }
  static char* negative(char* to, std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    if (value >= -32) return first(to, static_cast<unsigned>(bits & 0xFF));
    if (value >= INT8_MIN) return write_big_endian(first(to, 0xD0), static_cast<std::uint8_t>(bits));
    if (value >= INT16_MIN) return write_big_endian(first(to, 0xD1), static_cast<std::uint16_t>(bits));
    if (value >= INT32_MIN) return write_big_endian(first(to, 0xD2), static_cast<std::uint32_t>(bits));
    return write_big_endian(first(to, 0xD3), bits);
  }
  static char* real(char* to, double value) { return write_big_endian(first(to, 0xCB), value); }

  static char* head(char* to, Sized kind, std::size_t size) {
    const Heads heads = heads_of(kind);
    if (size < heads.short_sizes) return first(to, heads.short_form | static_cast<unsigned>(size));
    if (size <= 0xFF && heads.has_8_bits)
      return write_big_endian(first(to, heads.bits_16 - 1), static_cast<std::uint8_t>(size));
    if (size <= 0xFFFF) return write_big_endian(first(to, heads.bits_16), static_cast<std::uint16_t>(size));
    return write_big_endian(first(to, heads.bits_16 + 1), static_cast<std::uint32_t>(size));
  }

 private:
  /// The first bytes for sizes of each length. Those of 8 and 32 bits, where there are both, stand around
  /// that of 16.
  struct Heads {
    unsigned short_form;
    unsigned short_sizes;  ///< how many sizes stand in the first byte
    bool has_8_bits;
    unsigned bits_16;
  };
  static Heads heads_of(Sized kind) {
    switch (kind) {
      case Sized::bytes:
        return {0, 0, true, 0xC5};
      case Sized::text:
        return {0xA0, 32, true, 0xDA};
      case Sized::array:
        return {0x90, 16, false, 0xDC};
      case Sized::map:
        break;
    }
    return {0x80, 16, false, 0xDE};
  }

  static char* first(char* to, unsigned byte) {
    *to = static_cast<char>(static_cast<unsigned char>(byte));
    return to + 1;
  }
};

}  // namespace

Format msgpack_format() {
  return {
      .description =
          {.kind = config::ComponentKind::format,
           .name = "msgpack",
           .summary = "MessagePack values, one behind the other.",
           .example = R"("msgpack")",
           .details = "JSON becomes the value that it means: whole numbers of 64 bits exactly, all others "
                      "the nearest double. Text is a string, in which what is not UTF-8 becomes U+FFFD; "
                      "bytes are of the type \"bin\". The stream has ended when the response is complete; "
                      "one that failed is cut off before that. There is no heartbeat. By ?format=msgpack it "
                      "is for WebSocket clients too: an item is a binary message. Accept may also name it "
                      "application/vnd.msgpack."},
      .media_type = "application/x-msgpack",
      .content_type = "application/x-msgpack",
      .other_media_type = "application/vnd.msgpack",
      .binary = true,
      .over_websocket = true,
      .make = [](const FormatOptions&) -> std::unique_ptr<generators::Encoder> {
        return std::make_unique<BinaryEncoder<Msgpack>>();
      }};
}

}  // namespace coyield::handlers
