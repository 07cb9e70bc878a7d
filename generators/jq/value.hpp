#pragma once

extern "C" {
#include <jv.h>
}

#include <string>
#include <string_view>

namespace coyield::generators::jq {

/// An owned value of libjq.
class Value {
 public:
  explicit Value(jv value) noexcept : value_(value) {}
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;
  ~Value() { jv_free(value_); }

  jv get() const noexcept { return value_; }
  jv copy() const noexcept { return jv_copy(value_); }
  /// Of a text; borrowed.
  std::string_view text() const noexcept {
    return {jv_string_value(value_), static_cast<std::size_t>(jv_string_length_bytes(copy()))};
  }

 private:
  jv value_;
};

/// How deeply a value may be nested that `append_json` takes.
inline constexpr int most_depth = 256;

/// Appends a value as JSON on one line: what jv_dump_string makes of it, but faster, and whole numbers of up
/// to 64 bits are written as such. False where it is nested too deeply; jv_dump_string would write a remark
/// there that is no JSON.
bool append_json(std::string& out, const Value& value, int depth = most_depth);

}  // namespace coyield::generators::jq
