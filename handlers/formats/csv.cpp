#include <algorithm>
#include <coyield/generators/byte_scan.hpp>
#include <coyield/generators/detail/json_reader.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/utf8.hpp>
#include <coyield/handlers/formats/format.hpp>
#include <string>

// RFC 4180. A row has a field for each column, whatever the item has: which columns there are, the endpoint
// says, or the first item does. A member that has no column fails the stream, since the header has gone out
// and a reader would never learn of it. Nothing is done about fields that a spreadsheet takes for a formula
// (they begin with = + - @): whatever is put before them would be wrong for everybody else.

namespace coyield::handlers {

namespace {

using generators::Buffer;
using generators::Failure;
using generators::FailureKind;
using generators::Item;
using generators::PayloadKind;

/// What the first item may bring. Columns are looked for one after the other.
constexpr std::size_t most_columns = 4096;
/// Of items that have no members, when nothing else is said.
constexpr std::string_view only_column = "value";
constexpr std::string_view line_end = "\r\n";

void append_quoted(std::string_view text, Buffer& out) {
  out.push_back('"');
  for (;;) {
    const std::size_t quote = text.find('"');
    out.append(text.substr(0, quote));
    if (quote == std::string_view::npos) break;
    out.append("\"\"");
    text.remove_prefix(quote + 1);
  }
  out.push_back('"');
}

bool needs_quotes(std::string_view text) noexcept {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto special = [](generators::ByteBlock b) {
    return (b == '"') | (b == ',') | (b == '\r') | (b == '\n');
  };
  return generators::find_byte(begin, end, special) != end;
}

template <class Texts>
void append_row(const Texts& fields, Buffer& out) {
  bool first = true;
  for (const std::string_view field : fields) {
    if (!first) out.push_back(',');
    first = false;
    if (needs_quotes(field)) {
      append_quoted(field, out);
    } else {
      out.append(field);
    }
  }
  // Readers pass over an empty line: a lone field that is empty has to be seen.
  if (fields.size() == 1 && fields[0].empty()) out.append("\"\"");
  out.append(line_end);
}

/// A string as its text, null as nothing, all else as it is written.
std::string_view field_of(simdjson::ondemand::value json) {
  using simdjson::ondemand::json_type;
  const json_type type = json.type();
  if (type == json_type::string) return json.get_string();
  if (type == json_type::null) return {};
  return generators::detail::raw_text(json);
}

class CsvEncoder final : public generators::Encoder {
 public:
  explicit CsvEncoder(const std::vector<std::string>& columns) : columns_(columns) {}

  void begin(Buffer& out) override {
    if (!columns_.empty()) append_row(columns_, out);
  }

  void item(const Item& item, Buffer& out) override {
    switch (item.kind()) {
      case PayloadKind::json:
        return generators::detail::reading_json([&] { json_row(item, out); });
      case PayloadKind::text:
        return text_row(item.payload(), out);
      case PayloadKind::bytes:
        throw Failure(FailureKind::invalid,
                      "bytes cannot be a row of CSV; ask for another format, such as ?format=bytes");
      case PayloadKind::gap:
        generators::refuse_gap(item);
    }
  }

 private:
  void json_row(const Item& item, Buffer& out) {
    auto& parser = generators::detail::JsonReader::of_thread().items;
    const std::string_view text = parser.take([&item](Buffer& to) { item.write_payload(to); });
    simdjson::ondemand::document json = parser.read();
    if (text.starts_with('{')) return object_row(json.get_object(), out);
    if (text.starts_with('"')) return only_field(json.get_string(), out);
    only_field(text == "null" ? std::string_view() : text, out);
  }

  void object_row(simdjson::ondemand::object members, Buffer& out) {
    const bool first = columns_.empty();
    fields_.assign(columns_.size(), {});
    std::size_t next = 0;
    for (auto member : members) {
      const std::size_t column = column_of(member.unescaped_key(), next, first);
      fields_[column] = field_of(member.value());
      next = column + 1;
    }
    if (columns_.empty()) {
      throw Failure(FailureKind::invalid,
                    "the first item has no members to make columns of; give the endpoint \"columns\"");
    }
    if (first) append_row(columns_, out);
    append_row(fields_, out);
  }

  /// Items have their members in the same order, nearly always: `expected` is looked at first.
  std::size_t column_of(std::string_view key, std::size_t expected, bool learning) {
    if (expected < columns_.size() && columns_[expected] == key) return expected;
    const auto found = std::find(columns_.begin(), columns_.end(), key);
    if (found != columns_.end()) return static_cast<std::size_t>(found - columns_.begin());
    if (!learning) throw Failure(FailureKind::invalid, no_column(key));
    if (columns_.size() == most_columns) {
      throw Failure(FailureKind::invalid, "the first item has more than " + std::to_string(most_columns) +
                                              " members to make columns of");
    }
    columns_.emplace_back(key);
    fields_.emplace_back();
    return columns_.size() - 1;
  }

  static std::string no_column(std::string_view key) {
    const std::string name = config::in_quotes(key);
    return "an item has " + name + ", for which there is no column; add " + name +
           " to the endpoint's \"columns\", or drop it with the operator \"select\"";
  }

  void text_row(std::string_view text, Buffer& out) {
    if (generators::is_utf8(text)) [[likely]]
      return only_field(text, out);
    Buffer mended;
    generators::append_utf8(mended, text);
    only_field(mended.view(), out);
  }

  /// An item that has no members.
  void only_field(std::string_view field, Buffer& out) {
    if (columns_.empty()) {
      columns_.emplace_back(only_column);
      append_row(columns_, out);
    }
    if (columns_.size() != 1) {
      throw Failure(FailureKind::invalid, "an item is no JSON object, and cannot be a row of " +
                                              std::to_string(columns_.size()) + " columns");
    }
    fields_.assign(1, field);
    append_row(fields_, out);
  }

  std::vector<std::string> columns_;
  std::vector<std::string_view> fields_;  // of one row; kept for its memory
};

}  // namespace

Format csv_format() {
  return {
      .description =
          {.kind = config::ComponentKind::format,
           .name = "csv",
           .summary = "Rows of comma-separated values under a header, for spreadsheets (RFC 4180).",
           .example = R"("csv")",
           .details =
               "An object is a row. Its columns are the endpoint's \"columns\", or else the members of the "
               "first item; a member that is missing later, or null, is an empty field, and one that has no "
               "column fails the stream. Arrays and objects within it are written as JSON. Text and JSON "
               "that is no object need a single column, \"value\" if none is named. Bytes are refused. A "
               "field that begins with = + - or @ stays as it is, though a spreadsheet may take it for a "
               "formula. The stream has ended when the response is complete; one that failed is cut off "
               "before that. There is no heartbeat."},
      .media_type = "text/csv",
      .content_type = "text/csv; charset=utf-8; header=present",
      .itemwise = false,
      .make = [](const FormatOptions& options) -> std::unique_ptr<generators::Encoder> {
        return std::make_unique<CsvEncoder>(options.columns);
      }};
}

}  // namespace coyield::handlers
