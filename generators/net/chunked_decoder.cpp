#include <coyield/generators/net/chunked_decoder.hpp>

#include <algorithm>

namespace coyield::generators::net {

namespace {

constexpr std::size_t most_overhead = 4096;
constexpr unsigned most_digits = 15;  // so that no size overflows

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::size_t ChunkedDecoder::feed(std::string_view bytes, Buffer& out) {
  std::size_t at = 0;
  while (at < bytes.size() && state_ != State::whole && state_ != State::broken) {
    if (state_ != State::data) {
      take(bytes[at++]);
      continue;
    }
    const std::size_t size = std::min<std::uint64_t>(left_, bytes.size() - at);
    out.append(bytes.substr(at, size));
    at += size;
    left_ -= size;
    if (left_ == 0) state_ = State::data_return;
  }
  return at;
}

void ChunkedDecoder::take(char c) {
  switch (state_) {
    case State::size:
      return take_size(c);
    case State::extension:
      if (over_bound()) return;
      if (c == '\r') state_ = State::size_end;
      if (c == '\n') fail("a chunk's size ends without a carriage return");
      return;
    case State::size_end:
      overhead_ = digits_ = 0;
      return expect(c, '\n', left_ == 0 ? State::trailer : State::data);
    case State::data_return:
      return expect(c, '\r', State::data_end);
    case State::data_end:
      return expect(c, '\n', State::size);
    case State::trailer:
      state_ = c == '\r' ? State::last_end : State::trailer_text;
      if (c == '\n') fail("a line behind the last chunk ends without a carriage return");
      return;
    case State::trailer_text:
      if (over_bound()) return;
      if (c == '\r') state_ = State::trailer_end;
      if (c == '\n') fail("a line behind the last chunk ends without a carriage return");
      return;
    case State::trailer_end:
      return expect(c, '\n', State::trailer);
    case State::last_end:
      return expect(c, '\n', State::whole);
    case State::data:
    case State::whole:
    case State::broken:
      return;
  }
}

void ChunkedDecoder::take_size(char c) {
  if (const int digit = hex_digit(c); digit >= 0) {
    if (++digits_ > most_digits) return fail("a chunk is larger than can be");
    left_ = left_ << 4 | static_cast<unsigned>(digit);
    return;
  }
  if (digits_ == 0) return fail("a chunk begins without its size");
  if (c == '\r') {
    state_ = State::size_end;
  } else if (c == ';' || c == ' ' || c == '\t') {
    state_ = State::extension;
  } else {
    fail("a chunk's size is no hexadecimal number");
  }
}

void ChunkedDecoder::expect(char c, char wanted, State next) {
  if (c != wanted) return fail("a chunk is not as long as it says, or its lines do not end as they should");
  state_ = next;
}

bool ChunkedDecoder::over_bound() noexcept {
  if (++overhead_ <= most_overhead) return false;
  fail("there is too much around the chunks");
  return true;
}

void ChunkedDecoder::fail(const char* why) noexcept {
  fault_ = why;
  state_ = State::broken;
}

}  // namespace coyield::generators::net
