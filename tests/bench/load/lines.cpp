#include "lines.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace coyield::bench {
namespace {

typedef unsigned char Lanes __attribute__((vector_size(16)));

// Counts in byte-wide lanes, which overflow after 255 rounds. 16 is what every x86-64 and ARM has: g++ makes
// poor code of wider ones.
std::size_t count_block(const char* data, std::size_t rounds) {
  Lanes sums{};
  for (std::size_t i = 0; i < rounds; ++i) {
    Lanes bytes;
    std::memcpy(&bytes, data + i * sizeof(Lanes), sizeof(Lanes));
    sums -= reinterpret_cast<Lanes>(bytes == '\n');
  }
  std::size_t total = 0;
  for (std::size_t lane = 0; lane < sizeof(Lanes); ++lane) total += sums[lane];
  return total;
}

std::uint64_t take_number(std::string_view& text, std::string_view name) {
  if (!text.starts_with(name)) throw std::runtime_error("malformed item");
  text.remove_prefix(name.size());
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) throw std::runtime_error("malformed number in an item");
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

std::size_t count_lines(const char* data, std::size_t size) {
  std::size_t total = 0;
  while (size >= sizeof(Lanes)) {
    const std::size_t rounds = std::min<std::size_t>(size / sizeof(Lanes), 255);
    total += count_block(data, rounds);
    data += rounds * sizeof(Lanes);
    size -= rounds * sizeof(Lanes);
  }
  return total + static_cast<std::size_t>(std::count(data, data + size, '\n'));
}

void ItemChecker::lines(std::string_view bytes) {
  seen_ += bytes.size();
  for (;;) {
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos) break;
    partial_.append(bytes.substr(0, end));
    check(partial_);
    partial_.clear();
    bytes.remove_prefix(end + 1);
  }
  partial_.append(bytes);
}

void ItemChecker::message(std::string_view bytes, bool ends) {
  seen_ += bytes.size();
  partial_.append(bytes);
  if (!ends) return;
  // gorilla's WriteJSON ends each message with a line feed.
  if (partial_.ends_with('\n')) partial_.pop_back();
  check(partial_);
  partial_.clear();
}

void ItemChecker::check(std::string_view item) {
  std::string_view rest = item;
  const auto number = take_number(rest, R"({"i":)");
  const auto time = take_number(rest, R"(,"ts":)");
  if (std::exchange(any_first_, false)) first_ = next_ = number;
  if (rest != "}" || number != next_ || time < last_time_ || time < 1'000'000'000'000'000'000) {
    throw std::runtime_error("wrong item where " + std::to_string(next_) + " was due: " + std::string(item));
  }
  next_ = number + 1;
  last_time_ = time;
}

void Sequence::item(std::string_view text) {
  std::string_view rest = text;
  const auto number = take_number(rest, R"({"i":)");
  if (!std::exchange(any_, false) && number != next_)
    throw std::runtime_error("item " + std::to_string(number) + " where " + std::to_string(next_) +
                             " was due");
  next_ = number + 1;
}

std::uint64_t item_time(std::string_view item) {
  const auto at = item.find(R"(,"ts":)");
  if (at == std::string_view::npos) throw std::runtime_error("item without ts: " + std::string(item));
  item.remove_prefix(at);
  return take_number(item, R"(,"ts":)");
}

}  // namespace coyield::bench
