#pragma once

#include <coyield/generators/buffer.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/json_value.hpp>

namespace coyield::generators {

/// Appends an item as one JSON value: JSON as it is written, text as a string, bytes as a string of their
/// Base64. Nothing for a gap, which is no item.
void append_as_json(Buffer& out, const Item& item);

/// The same for a value that was found in an item of `kind`. Nothing for one that is missing.
void append_as_json(Buffer& out, const JsonValue& value, PayloadKind kind);

}  // namespace coyield::generators
