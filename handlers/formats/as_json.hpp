#pragma once

#include <coyield/generators/buffer.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/item.hpp>
#include <string_view>

namespace coyield::handlers {

using generators::refuse_gap;

/// `not_found`, as the enumerator is called.
std::string_view failure_name(generators::FailureKind kind) noexcept;

/// Appends `{"kind":"not_found","message":"..."}`.
void append_failure(const generators::Failure& failure, generators::Buffer& out);

/// Appends text as a JSON string, bytes as one with their Base64; a gap cannot be said. For
/// `append_as_json`.
void append_as_json_string(const generators::Item& item, generators::Buffer& out);

/// Appends an item as one JSON text without a line break: JSON as it is, everything else as a string.
inline void append_as_json(const generators::Item& item, generators::Buffer& out) {
  if (item.kind() == generators::PayloadKind::json) [[likely]] {
    item.write_payload(out);
  } else {
    append_as_json_string(item, out);
  }
}

}  // namespace coyield::handlers
