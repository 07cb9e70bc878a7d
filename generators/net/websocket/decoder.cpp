#include <coyield/generators/net/websocket/decoder.hpp>

#include <coyield/generators/net/websocket/masking.hpp>
#include <coyield/generators/net/websocket/message_buffer.hpp>
#include <coyield/generators/utf8.hpp>

#include <algorithm>

// A frame is a header and a payload, and a decoder is always within one of the two. What is here of a header
// is kept aside until all of it is, at most 14 bytes; what is here of a payload is unmasked in place and used
// at once, so that nothing refers to the bytes fed when they are used up. A data frame's part is checked, and
// then given away as it is if it makes the whole message, or else appended to `message_`. Control frames may
// stand between the fragments of a message and have their own memory. Every fault ends in `fail`, after which
// the decoder is deaf.

namespace coyield::generators::net::websocket {
namespace {

constexpr char not_utf8[] = "text that is not UTF-8";
constexpr char too_big[] = "the message is too big";

unsigned byte_at(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }
unsigned byte_at(const char* bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }

bool is_masked(const char* header) { return (byte_at(header, 1) & 0x80U) != 0; }

std::size_t length_bytes(const char* header) {
  const unsigned code = byte_at(header, 1) & 0x7FU;
  return code < 126 ? 0 : code == 126 ? 2 : 8;
}

std::size_t whole_header_size(const char* header) {
  return 2 + length_bytes(header) + (is_masked(header) ? 4 : 0);
}

std::uint64_t read_length(const char* header) {
  const std::size_t bytes = length_bytes(header);
  if (bytes == 0) return byte_at(header, 1) & 0x7FU;
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < bytes; ++i) length = (length << 8U) | byte_at(header, 2 + i);
  return length;
}

std::string_view view_of(const std::vector<char>& bytes) { return {bytes.data(), bytes.size()}; }

bool is_opcode(unsigned value) { return value <= 2 || (value >= 8 && value <= 10); }

DeflateWindow peers_window(const Decoder::Options& options) {
  if (!options.deflate) return {};
  return options.role == Role::server ? options.deflate->client : options.deflate->server;
}

}  // namespace

Decoder::Decoder(const Options& options)
    : max_message_(options.max_message),
      role_(options.role),
      may_deflate_(options.deflate.has_value()),
      inflater_(peers_window(options)) {}

Event Decoder::next() {
  forget_delivered();
  while (phase_ != Phase::over) {
    if (phase_ == Phase::header) {
      const char* header = complete_header();
      if (header == nullptr) return {};
      if (Event fault = begin_frame(header)) return fault;
    }
    const std::span<char> part = take_payload();
    const std::string_view bytes(part.data(), part.size());
    const Event event = is_control(opcode_) ? take_control(bytes) : take_data(bytes);
    if (event || phase_ == Phase::payload) return event;
  }
  forget_all();
  return {};
}

const char* Decoder::complete_header() {
  const auto available = static_cast<std::size_t>(end_ - at_);
  if (header_size_ > 0 || available < 2 || available < whole_header_size(at_)) return gather_header();
  const char* header = at_;
  at_ += whole_header_size(header);
  return header;
}

const char* Decoder::gather_header() {
  while (at_ != end_) {
    header_[header_size_++] = *at_++;
    if (header_size_ >= 2 && header_size_ == whole_header_size(header_)) {
      header_size_ = 0;
      return header_;
    }
  }
  return nullptr;
}

Event Decoder::begin_frame(const char* header) {
  const std::uint64_t length = read_length(header);
  if (const char* fault = fault_in(header, length)) return fail(CloseCode::protocol_error, fault);
  opcode_ = static_cast<Opcode>(byte_at(header, 0) & 0x0FU);
  final_ = (byte_at(header, 0) & 0x80U) != 0;
  key_ = is_masked(header) ? read_mask_key(header + 2 + length_bytes(header)) : 0;
  remaining_ = length;
  phase_ = Phase::payload;
  if (is_control(opcode_)) return {};
  return begin_data((byte_at(header, 0) & 0x40U) != 0 ? Coding::deflated : Coding::plain, length);
}

const char* Decoder::fault_in(const char* header, std::uint64_t length) const {
  const unsigned first = byte_at(header, 0);
  if ((first & 0x30U) != 0) return "a reserved bit is set";
  if (!is_opcode(first & 0x0FU)) return "the opcode is reserved";
  if (is_masked(header) != (role_ == Role::server)) {
    return role_ == Role::server ? "a client's frame is not masked" : "a server's frame is masked";
  }
  const std::size_t needed = header_size(length) - 2;
  if (needed != length_bytes(header)) return "the length is not in its shortest form";
  if ((length >> 63U) != 0) return "the length has its highest bit set";
  const auto opcode = static_cast<Opcode>(first & 0x0FU);
  if (!is_control(opcode)) return fault_in_sequence(opcode, (first & 0x40U) != 0);
  if ((first & 0x80U) == 0) return "a control frame is fragmented";
  if ((first & 0x40U) != 0) return "a reserved bit is set";
  if (length > max_control_payload) return "a control frame is longer than 125 bytes";
  return nullptr;
}

const char* Decoder::fault_in_sequence(Opcode opcode, bool deflated) const {
  const bool within_message = message_opcode_ != Opcode::continuation;
  if (opcode == Opcode::continuation && !within_message)
    return "a continuation without a message to continue";
  if (opcode != Opcode::continuation && within_message) return "a message within a message";
  if (deflated && (within_message || !may_deflate_)) return "a reserved bit is set";
  return nullptr;
}

Event Decoder::begin_data(Coding coding, std::uint64_t length) {
  if (opcode_ != Opcode::continuation) {
    message_opcode_ = opcode_;
    coding_ = coding;
  }
  // Refused by what the header says, before a byte of it is kept. What is compressed is bounded as it is
  // inflated.
  if (coding_ == Coding::plain && length > max_message_ - message_.size()) {
    return fail(CloseCode::message_too_big, too_big);
  }
  return {};
}

std::span<char> Decoder::take_payload() {
  const auto size =
      static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, static_cast<std::size_t>(end_ - at_)));
  const std::span<char> part(at_, size);
  at_ += size;
  remaining_ -= size;
  apply_mask(part, key_);
  if (remaining_ == 0) {
    phase_ = Phase::header;
  } else {
    key_ = advance_mask(key_, size);
  }
  return part;
}

Event Decoder::take_data(std::string_view part) {
  const bool last = final_ && remaining_ == 0;
  return coding_ == Coding::plain ? take_plain(part, last) : take_deflated(part, last);
}

Event Decoder::take_plain(std::string_view part, bool last) {
  if (message_opcode_ == Opcode::text && !utf8_.feed(part)) return fail(CloseCode::invalid_payload, not_utf8);
  if (last && message_.empty()) return finish_message(part);
  append_within(message_, part, max_message_);
  return last ? finish_message(view_of(message_)) : Event{};
}

Event Decoder::take_deflated(std::string_view part, bool last) {
  std::size_t checked = message_.size();
  if (Event fault = check_inflated(inflater_.feed(part, message_, max_message_), checked)) return fault;
  if (!last) return {};
  checked = message_.size();
  if (Event fault = check_inflated(inflater_.finish(message_, max_message_), checked)) return fault;
  return finish_message(view_of(message_));
}

// The text is judged first: a fault in it lies before the one that stopped the inflater.
Event Decoder::check_inflated(Inflater::Result result, std::size_t checked) {
  const bool valid = message_opcode_ != Opcode::text || utf8_.feed(view_of(message_).substr(checked));
  if (!valid) return fail(CloseCode::invalid_payload, not_utf8);
  switch (result) {
    case Inflater::Result::ok:
      break;
    case Inflater::Result::too_big:
      return fail(CloseCode::message_too_big, too_big);
    case Inflater::Result::corrupt:
      return fail(CloseCode::invalid_payload, "compressed data that cannot be inflated");
  }
  return {};
}

Event Decoder::finish_message(std::string_view payload) {
  const bool text = message_opcode_ == Opcode::text;
  if (text && !utf8_.complete()) return fail(CloseCode::invalid_payload, not_utf8);
  message_opcode_ = Opcode::continuation;
  return {text ? Event::Kind::text : Event::Kind::binary, CloseCode::no_status, payload};
}

Event Decoder::take_control(std::string_view part) {
  const bool whole = remaining_ == 0 && control_.empty();
  if (!whole) append_within(control_, part, max_control_payload);
  if (remaining_ > 0) return {};
  const std::string_view payload = whole ? part : view_of(control_);
  if (opcode_ == Opcode::close) return finish_close(payload);
  return {opcode_ == Opcode::ping ? Event::Kind::ping : Event::Kind::pong, CloseCode::no_status, payload};
}

Event Decoder::finish_close(std::string_view payload) {
  if (payload.empty()) {
    phase_ = Phase::over;
    return {Event::Kind::close, CloseCode::no_status, {}};
  }
  if (payload.size() == 1) return fail(CloseCode::protocol_error, "half a close code");
  const auto code = static_cast<CloseCode>((byte_at(payload, 0) << 8U) | byte_at(payload, 1));
  if (!is_sendable(code)) return fail(CloseCode::protocol_error, "a close code that must not be sent");
  if (!generators::is_utf8(payload.substr(2)))
    return fail(CloseCode::invalid_payload, "a close reason that is not UTF-8");
  phase_ = Phase::over;
  return {Event::Kind::close, code, payload.substr(2)};
}

Event Decoder::fail(CloseCode code, const char* why) {
  phase_ = Phase::over;
  return {Event::Kind::error, code, why};
}

// Between messages all of `message_` has been delivered, and between frames all of `control_`. Freed rather
// than cleared: an idle connection holds nothing, and a message in one piece never comes here.
void Decoder::forget_delivered() {
  if (message_opcode_ == Opcode::continuation && message_.capacity() > 0) message_ = std::vector<char>();
  if (phase_ == Phase::header && control_.capacity() > 0) control_ = std::vector<char>();
}

void Decoder::forget_all() {
  at_ = end_;
  message_ = std::vector<char>();
  control_ = std::vector<char>();
  inflater_ = Inflater(DeflateWindow());
}

}  // namespace coyield::generators::net::websocket
