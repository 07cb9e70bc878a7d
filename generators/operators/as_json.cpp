#include <coyield/generators/operators/as_json.hpp>

#include <coyield/generators/json_text.hpp>
#include <string_view>

namespace coyield::generators {

namespace {

void append_plain(Buffer& out, std::string_view plain, PayloadKind kind) {
  if (kind == PayloadKind::text) return append_json_string(out, plain);
  out.push_back('"');
  append_base64(out, plain);
  out.push_back('"');
}

}  // namespace

void append_as_json(Buffer& out, const Item& item) {
  if (item.kind() == PayloadKind::gap) return;
  if (item.kind() == PayloadKind::json) return item.write_payload(out);
  append_plain(out, item.payload(), item.kind());
}

void append_as_json(Buffer& out, const JsonValue& value, PayloadKind kind) {
  if (!value.is_plain()) return out.append(value.raw());
  append_plain(out, value.raw(), kind);
}

}  // namespace coyield::generators
