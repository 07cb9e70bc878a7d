#include <coyield/handlers/places.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace coyield::handlers {

namespace {

constexpr std::string_view digits = "0123456789ABCDEF";

/// What stands for itself.
bool is_plain(char c) noexcept {
  constexpr std::string_view marks = "-._~:/@+=";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         marks.find(c) != std::string_view::npos;
}

std::string encode(std::string_view id) {
  std::string encoded;
  for (const char c : id) {
    if (is_plain(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return encoded;
}

/// Nothing where `encode` would not have written it.
std::optional<std::string> decode(std::string_view encoded) {
  std::string id;
  while (!encoded.empty()) {
    const char c = encoded.front();
    if (c != '%') {
      if (!is_plain(c)) return std::nullopt;
      id += c;
      encoded.remove_prefix(1);
      continue;
    }
    if (encoded.size() < 3) return std::nullopt;
    const std::size_t high = digits.find(encoded[1]);
    const std::size_t low = digits.find(encoded[2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    id += static_cast<char>(high << 4U | low);
    if (is_plain(id.back())) return std::nullopt;
    encoded.remove_prefix(3);
  }
  return id;
}

/// FNV-1a, 32 bits: the same everywhere, and enough to tell a mistake.
std::string sum_of(const std::vector<std::string>& targets) {
  std::uint32_t sum = 2166136261U;
  const auto add = [&sum](char c) { sum = (sum ^ static_cast<unsigned char>(c)) * 16777619U; };
  for (const std::string& target : targets) {
    std::for_each(target.begin(), target.end(), add);
    add('\0');
  }
  std::string text;
  for (unsigned shift = 32; shift != 0; shift -= 4) text += digits[sum >> (shift - 4) & 15U];
  return text;
}

}  // namespace

Places::Places(std::vector<std::string> targets)
    : targets_(std::move(targets)), places_(targets_.size()), sum_(sum_of(targets_)) {}

std::string Places::id(std::size_t number) const {
  return ended(number) ? std::string() : decode(places_[number]).value_or(std::string());
}

void Places::pass(std::size_t number, std::string_view id) {
  if (!id.empty()) places_[number] = encode(id);
}

config::Checked<void> Places::read(std::string_view text) {
  const auto mistake = [](std::string what) {
    return config::Mistake{"the last event id " + std::move(what), "leave it out to begin anew"};
  };
  if (!text.starts_with(sum_)) return mistake("does not belong to these endpoints in this order");
  text.remove_prefix(sum_.size());
  std::vector<std::string> places;
  while (!text.empty()) {
    if (text.front() != ',') return mistake("is not one of this server's");
    text.remove_prefix(1);
    const std::string_view place = text.substr(0, text.find(','));
    if (place != end_mark && !decode(place)) return mistake("is not one of this server's");
    places.emplace_back(place);
    text.remove_prefix(place.size());
  }
  if (places.size() != targets_.size()) {
    return mistake("is of " + std::to_string(places.size()) + " endpoints, and here are " +
                   std::to_string(targets_.size()));
  }
  places_ = std::move(places);
  return {};
}

void Places::write(generators::Buffer& out) const {
  out.append(sum_);
  for (const std::string& place : places_) {
    out.push_back(',');
    out.append(place);
  }
}

}  // namespace coyield::handlers
