#include <coyield/handlers/formats/binary_json.hpp>
#include <coyield/handlers/formats/format.hpp>

namespace coyield::handlers {

namespace {

/// RFC 8949, section 3: a major type in three bits, and an argument in the five beside them or in the bytes
/// behind. Arguments are as short as they can be; numbers that are not whole always have 64 bits.
struct Cbor {
  static char* null(char* to) { return simple(to, 22); }
  static char* boolean(char* to, bool value) { return simple(to, value ? 21 : 20); }
  static char* whole(char* to, std::uint64_t value) { return with_argument(to, 0, value); }
  static char* negative(char* to, std::int64_t value) {
    return with_argument(to, 1, static_cast<std::uint64_t>(-1 - value));
  }
  static char* real(char* to, double value) { return write_big_endian(simple(to, 27), value); }
  static char* head(char* to, Sized kind, std::size_t size) {
    return with_argument(to, 2 + static_cast<unsigned>(kind), size);
  }

 private:
  static char* initial(char* to, unsigned major_type, unsigned low_bits) {
    *to = static_cast<char>(static_cast<unsigned char>(major_type << 5 | low_bits));
    return to + 1;
  }
  static char* simple(char* to, unsigned low_bits) { return initial(to, 7, low_bits); }

  static char* with_argument(char* to, unsigned major_type, std::uint64_t argument) {
    if (argument < 24) return initial(to, major_type, static_cast<unsigned>(argument));
    if (argument <= 0xFF)
      return write_big_endian(initial(to, major_type, 24), static_cast<std::uint8_t>(argument));
    if (argument <= 0xFFFF)
      return write_big_endian(initial(to, major_type, 25), static_cast<std::uint16_t>(argument));
    if (argument <= 0xFFFF'FFFF)
      return write_big_endian(initial(to, major_type, 26), static_cast<std::uint32_t>(argument));
    return write_big_endian(initial(to, major_type, 27), argument);
  }
};

// The major types from 2 on are byte string, text string, array and map.
static_assert(static_cast<unsigned>(Sized::bytes) == 0 && static_cast<unsigned>(Sized::map) == 3);

}  // namespace

Format cbor_format() {
  return {
      .description =
          {.kind = config::ComponentKind::format,
           .name = "cbor",
           .summary = "CBOR values, one behind the other (RFC 8742).",
           .example = R"("cbor")",
           .details = "JSON becomes the value that it means: whole numbers of 64 bits exactly, all others "
                      "the nearest double. Text is a text string, in which what is not UTF-8 becomes U+FFFD; "
                      "bytes are a byte string. The stream has ended when the response is complete; one "
                      "that failed is cut off before that. There is no heartbeat. By ?format=cbor it is "
                      "for WebSocket clients too: an item is a binary message."},
      .media_type = "application/cbor-seq",
      .content_type = "application/cbor-seq",
      .binary = true,
      .over_websocket = true,
      .make = [](const FormatOptions&) -> std::unique_ptr<generators::Encoder> {
        return std::make_unique<BinaryEncoder<Cbor>>();
      }};
}

}  // namespace coyield::handlers
