#include <charconv>
#include <cmath>
#include <coyield/generators/jq/value.hpp>

namespace coyield::generators::jq {

namespace {

bool is_plain(char c) noexcept { return static_cast<unsigned char>(c) >= ' ' && c != '"' && c != '\\'; }

void append_escaped(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  out += "\\u00";
  out += hex[static_cast<unsigned char>(c) >> 4];
  out += hex[static_cast<unsigned char>(c) & 15];
}

/// Texts of libjq are valid UTF-8.
void append_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    out += text.substr(0, plain);
    if (plain == text.size()) break;
    append_escaped(out, text[plain]);
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

/// Whole numbers with all their digits, where libjq would write 1.7e+18 for a time in nanoseconds. The others
/// are written by libjq.
void append_number(std::string& out, const Value& number) {
  constexpr double below = 9.2e18;
  const double value = jv_number_value(number.get());
  if (value == std::trunc(value) && std::abs(value) < below && !(value == 0 && std::signbit(value))) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, static_cast<long long>(value)).ptr;
    out.append(digits, end);
  } else {
    out += Value(jv_dump_string(number.copy(), 0)).text();
  }
}

bool append_array(std::string& out, const Value& array, int depth) {
  const int length = jv_array_length(array.copy());
  out += '[';
  for (int i = 0; i < length; ++i) {
    if (i != 0) out += ',';
    if (!append_json(out, Value(jv_array_get(array.copy(), i)), depth)) return false;
  }
  out += ']';
  return true;
}

bool append_object(std::string& out, const Value& object, int depth) {
  char before = '{';
  for (int at = jv_object_iter(object.get()); jv_object_iter_valid(object.get(), at) != 0;
       at = jv_object_iter_next(object.get(), at)) {
    out += before;
    before = ',';
    append_text(out, Value(jv_object_iter_key(object.get(), at)).text());
    out += ':';
    if (!append_json(out, Value(jv_object_iter_value(object.get(), at)), depth)) return false;
  }
  out += before == '{' ? "{}" : "}";
  return true;
}

}  // namespace

bool append_json(std::string& out, const Value& value, int depth) {
  switch (jv_get_kind(value.get())) {
    case JV_KIND_FALSE:
      out += "false";
      return true;
    case JV_KIND_TRUE:
      out += "true";
      return true;
    case JV_KIND_NUMBER:
      append_number(out, value);
      return true;
    case JV_KIND_STRING:
      append_text(out, value.text());
      return true;
    case JV_KIND_ARRAY:
      return depth != 0 && append_array(out, value, depth - 1);
    case JV_KIND_OBJECT:
      return depth != 0 && append_object(out, value, depth - 1);
    default:
      out += "null";
      return true;
  }
}

}  // namespace coyield::generators::jq
