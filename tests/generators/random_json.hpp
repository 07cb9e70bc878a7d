#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

/// JSON by chance, the same with each seed: small values whose names and contents meet often.
namespace coyield::generators {

class RandomJson {
 public:
  explicit RandomJson(std::uint32_t seed) : random_(seed) {}

  /// Below `limit`. Not a distribution of the library, which may differ from one to the next.
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  template <class T>
  const T& one_of(const std::vector<T>& choices) {
    return choices[below(static_cast<unsigned>(choices.size()))];
  }

  std::string name() { return one_of<std::string>({"a", "b", "c", "0", "1", "a\"b", "a\\", "\xc3\xa9"}); }
  std::string text() { return one_of<std::string>({"", "x", "xy", "a\"b\n", "\xc3\xa9", "1", "true"}); }
  /// None that nlohmann compares wrongly: it takes UINT64_MAX for less than 0.
  nlohmann::json number() {
    return one_of<nlohmann::json>({0, 1, 1.0, -1, 2, 2.5, 1e300, INT64_MAX, INT64_MIN});
  }
  nlohmann::json scalar() {
    switch (below(4)) {
      case 0:
        return text();
      case 1:
        return below(2) == 0;
      case 2:
        return number();
      default:
        return nullptr;
    }
  }
  nlohmann::json value(unsigned depth = 3) {
    const unsigned kind = depth == 0 ? 2 : below(4);
    if (kind == 0) return object(depth);
    if (kind == 1) {
      auto array = nlohmann::json::array();
      for (unsigned n = below(4); n > 0; --n) array.push_back(value(depth - 1));
      return array;
    }
    return scalar();
  }
  nlohmann::json object(unsigned depth = 3) {
    auto object = nlohmann::json::object();
    for (unsigned n = below(6); n > 0; --n) object[name()] = value(depth - 1);
    return object;
  }

  /// A pointer to something or nothing, up to three tokens long.
  std::string pointer(unsigned least = 0) {
    std::string out;
    for (unsigned n = least + below(4 - least); n > 0; --n) {
      out += (nlohmann::json::json_pointer() / name()).to_string();
    }
    return out;
  }

  /// The value as JSON text on one line, with blanks and escapes that need not be.
  std::string written(const nlohmann::json& value) {
    if (value.is_object()) {
      std::string out = blanks() + "{";
      for (const auto& [key, member] : value.items()) {
        out += (out.back() == '{' ? "" : ",") + blanks() + string(key) + blanks() + ":" + written(member);
      }
      return out + blanks() + "}" + blanks();
    }
    if (value.is_array()) {
      std::string out = blanks() + "[";
      for (std::size_t i = 0; i < value.size(); ++i) out += (i == 0 ? "" : ",") + written(value[i]);
      return out + blanks() + "]" + blanks();
    }
    return blanks() + (value.is_string() ? string(value.get<std::string>()) : value.dump()) + blanks();
  }

 private:
  std::string blanks() { return std::string(below(6) == 0 ? 1 + below(2) : 0, ' '); }
  std::string string(const std::string& text) {
    std::string out = nlohmann::json(text).dump(-1, ' ', below(2) == 0);
    if (out.size() == 3 && out[1] != '\\' && below(3) == 0) {
      constexpr char digits[] = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(out[1]);
      return std::string("\"\\u00") + digits[byte >> 4] + digits[byte & 15] + "\"";
    }
    return out;
  }

  std::mt19937 random_;
};

}  // namespace coyield::generators
