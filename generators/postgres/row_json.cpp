#include <coyield/generators/postgres/row_json.hpp>

#include <coyield/generators/json_check.hpp>
#include <coyield/generators/json_text.hpp>

namespace coyield::generators::postgres {

namespace {

// Of the catalogue pg_type, where they are fixed.
constexpr unsigned bool_type = 16;
constexpr unsigned int8_type = 20;
constexpr unsigned int2_type = 21;
constexpr unsigned int4_type = 23;
constexpr unsigned oid_type = 26;
constexpr unsigned json_type = 114;
constexpr unsigned float4_type = 700;
constexpr unsigned float8_type = 701;
constexpr unsigned timestamp_type = 1114;
constexpr unsigned timestamptz_type = 1184;
constexpr unsigned numeric_type = 1700;
constexpr unsigned jsonb_type = 3802;

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

/// `2026-11-26 09:30:00.5+00` becomes `2026-11-26T09:30:00.5+00:00`.
void append_time(Buffer& out, std::string_view text) {
  constexpr std::size_t date_size = 10;
  out.push_back('"');
  if (text.size() <= date_size || text[date_size] != ' ' || text.ends_with("BC")) {
    out.append(text);  // infinity, or a year that ISO 8601 has no place for
  } else {
    out.append(text.substr(0, date_size));
    out.push_back('T');
    const std::string_view time = text.substr(date_size + 1);
    out.append(time);
    const auto sign = time.find_last_of("+-");
    if (sign != std::string_view::npos && time.size() - sign == 3) out.append(":00");
  }
  out.push_back('"');
}

/// As it was written where that is on one line; else without line breaks.
void append_json(Buffer& out, std::string_view text) {
  const JsonVerdict verdict = check_json(text);
  if (verdict == JsonVerdict::good) {
    out.append(text);
  } else if (verdict == JsonVerdict::wrong && is_json(text, JsonLineBreaks::allowed)) {
    append_compact_json(out, text);
  } else {
    append_json_string(out, text);  // it is too deep for what comes behind
  }
}

}  // namespace

void append_value(Buffer& out, unsigned type, std::string_view text) {
  switch (type) {
    case bool_type:
      return out.append(text == "t" ? "true" : "false");
    case int2_type:
    case int4_type:
    case int8_type:
    case oid_type:
      return out.append(text);
    case float4_type:
    case float8_type:
    case numeric_type:
      if (is_number(text)) return out.append(text);
      return append_json_string(out, text);
    case json_type:
    case jsonb_type:
      return append_json(out, text);
    case timestamp_type:
    case timestamptz_type:
      return append_time(out, text);
    default:
      return append_json_string(out, text);
  }
}

void RowWriter::append(Buffer& out, const PGresult* result) {
  const int count = ::PQnfields(result);
  if (columns_.empty()) {
    Buffer name;
    for (int i = 0; i < count; ++i) {
      name.clear();
      name.push_back(i == 0 ? '{' : ',');
      append_json_string(name, ::PQfname(result, i));
      name.push_back(':');
      columns_.push_back({std::string(name.view()), ::PQftype(result, i)});
    }
  }
  for (int i = 0; i < count; ++i) {
    out.append(columns_[static_cast<std::size_t>(i)].beginning);
    if (::PQgetisnull(result, 0, i) != 0) {
      out.append("null");
    } else {
      const std::string_view text(::PQgetvalue(result, 0, i),
                                  static_cast<std::size_t>(::PQgetlength(result, 0, i)));
      append_value(out, columns_[static_cast<std::size_t>(i)].type, text);
    }
  }
  out.append(count == 0 ? "{}" : "}");
}

}  // namespace coyield::generators::postgres
