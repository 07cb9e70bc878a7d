#pragma once

#include <coyield/generators/net/websocket/decoder.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

/// Frames as a peer sends them, written without the code under test, and what a decoder makes of them.
namespace coyield::generators::net::websocket {

/// First bytes of frames, for tables that read like the wire.
namespace wire {
inline constexpr unsigned fin = 0x80;
inline constexpr unsigned rsv1 = 0x40;
inline constexpr unsigned rsv2 = 0x20;
inline constexpr unsigned rsv3 = 0x10;
inline constexpr unsigned continuation = 0x0;
inline constexpr unsigned text = 0x1;
inline constexpr unsigned binary = 0x2;
inline constexpr unsigned close = 0x8;
inline constexpr unsigned ping = 0x9;
inline constexpr unsigned pong = 0xA;
}  // namespace wire

/// A header with the length in `length_bytes` (0, 2 or 8) more bytes, fitting or not.
inline std::string raw_header(unsigned first, bool masked, std::uint64_t length, std::size_t length_bytes) {
  std::string out(1, static_cast<char>(first));
  const std::uint64_t code = length_bytes == 0 ? length : length_bytes == 2 ? 126 : 127;
  out += static_cast<char>((masked ? 0x80U : 0U) | code);
  for (std::size_t i = length_bytes; i-- > 0;) out += static_cast<char>((length >> (8 * i)) & 0xFFU);
  return out;
}

inline std::size_t shortest_length(std::size_t length) { return length < 126 ? 0 : length < 65536 ? 2 : 8; }

/// An unmasked frame, as servers send them.
inline std::string server_frame(unsigned first, std::string_view payload) {
  return raw_header(first, false, payload.size(), shortest_length(payload.size())) + std::string(payload);
}

/// A masked frame, as clients send them.
inline std::string client_frame(unsigned first, std::string_view payload,
                                std::string_view key = "\x37\xFA\x21\x3D") {
  std::string out = raw_header(first, true, payload.size(), shortest_length(payload.size()));
  out += key;
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ key[i % 4]);
  return out;
}

inline std::string close_payload(unsigned code, std::string_view reason = {}) {
  return std::string{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)} + std::string(reason);
}

/// An event with a payload of its own. What an error says in words is not compared.
struct Seen {
  Event::Kind kind;
  CloseCode code = CloseCode::no_status;
  std::string payload;

  bool operator==(const Seen&) const = default;
};

inline Seen seen(const Event& event) {
  const bool error = event.kind == Event::Kind::error;
  return {event.kind, event.code, error ? std::string() : std::string(event.payload)};
}

inline Seen text(std::string payload) {
  return {Event::Kind::text, CloseCode::no_status, std::move(payload)};
}
inline Seen binary(std::string payload) {
  return {Event::Kind::binary, CloseCode::no_status, std::move(payload)};
}
inline Seen ping(std::string payload) {
  return {Event::Kind::ping, CloseCode::no_status, std::move(payload)};
}
inline Seen pong(std::string payload) {
  return {Event::Kind::pong, CloseCode::no_status, std::move(payload)};
}
inline Seen error(unsigned code) { return {Event::Kind::error, static_cast<CloseCode>(code), {}}; }
inline Seen closed(unsigned code, std::string reason = {}) {
  return {Event::Kind::close, static_cast<CloseCode>(code), std::move(reason)};
}

inline std::ostream& operator<<(std::ostream& out, const Seen& one) {
  constexpr const char* names[] = {"none", "text", "binary", "ping", "pong", "close", "error"};
  out << names[static_cast<int>(one.kind)] << ' ' << static_cast<int>(one.code) << ' ' << one.payload.size()
      << ':';
  for (const char c : one.payload.substr(0, 40)) {
    if (c >= ' ' && c <= '~')
      out << c;
    else
      out << "\\x" << std::hex << (static_cast<unsigned>(c) & 0xFFU) << std::dec;
  }
  return out;
}

/// Feeds one piece from memory of exactly its size, so that a sanitizer sees a byte read or written beside
/// it.
inline void feed_piece(Decoder& decoder, std::string_view piece, std::vector<Seen>& events) {
  const std::unique_ptr<char[]> copy(new char[piece.size()]);
  if (!piece.empty()) std::memcpy(copy.get(), piece.data(), piece.size());
  decoder.feed({copy.get(), piece.size()});
  while (const Event event = decoder.next()) events.push_back(seen(event));
}

/// What a decoder makes of `bytes` fed in pieces of `piece` bytes.
inline std::vector<Seen> decode(const Decoder::Options& options, std::string_view bytes, std::size_t piece) {
  Decoder decoder(options);
  std::vector<Seen> events;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    feed_piece(decoder, bytes.substr(0, piece), events);
  }
  return events;
}

/// The same, with pieces of random sizes, small ones preferred.
inline std::vector<Seen> decode_randomly(const Decoder::Options& options, std::string_view bytes,
                                         std::mt19937& random) {
  Decoder decoder(options);
  std::vector<Seen> events;
  while (!bytes.empty()) {
    const std::size_t largest = std::size_t{1} << (random() % 12);
    const std::size_t piece = std::min<std::size_t>(1 + random() % largest, bytes.size());
    feed_piece(decoder, bytes.substr(0, piece), events);
    bytes.remove_prefix(piece);
  }
  return events;
}

}  // namespace coyield::generators::net::websocket
