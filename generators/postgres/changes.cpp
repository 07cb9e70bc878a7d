#include <coyield/generators/postgres/changes.hpp>

#include <charconv>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/integer_text.hpp>
#include <coyield/generators/json_text.hpp>
#include <coyield/generators/postgres/row_json.hpp>
#include <cstdio>

namespace coyield::generators::postgres {

namespace {

[[noreturn]] void throw_broken() {
  throw Failure(FailureKind::upstream, "the database has sent a change that cannot be read", Again::useless);
}

std::string json_string(std::string_view text) {
  Buffer out;
  append_json_string(out, text);
  return std::string(out.view());
}

void append_big_endian(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xFF));
}

}  // namespace

/// Takes one piece after the other off a message.
class ChangeReader::Reader {
 public:
  explicit Reader(std::string_view bytes) noexcept : left_(bytes) {}

  template <class Number>
  Number number() {
    std::uint64_t value = 0;
    for (const char c : bytes(sizeof(Number))) value = value << 8 | static_cast<unsigned char>(c);
    return static_cast<Number>(value);
  }
  char letter() { return bytes(1).front(); }
  std::string_view text() {
    const auto end = left_.find('\0');
    if (end == std::string_view::npos) throw_broken();
    const std::string_view found = left_.substr(0, end);
    left_.remove_prefix(end + 1);
    return found;
  }
  std::string_view bytes(std::size_t size) {
    if (left_.size() < size) throw_broken();
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  bool empty() const noexcept { return left_.empty(); }

 private:
  std::string_view left_;
};

WalMessage parse_wal_message(std::string_view bytes) {
  const auto number_at = [bytes](std::size_t at) {
    std::uint64_t value = 0;
    for (const char c : bytes.substr(at, 8)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  };
  constexpr std::size_t data_header = 1 + 3 * 8;
  constexpr std::size_t keepalive_size = 1 + 2 * 8 + 1;
  if (bytes.starts_with('w') && bytes.size() >= data_header)
    return {.is_data = true, .position = number_at(1), .payload = bytes.substr(data_header)};
  if (bytes.starts_with('k') && bytes.size() == keepalive_size)
    return {.position = number_at(1), .wants_reply = bytes.back() != 0};
  throw_broken();
}

std::string status_update(std::uint64_t position, std::int64_t microseconds) {
  std::string update = "r";
  for (int i = 0; i < 3; ++i) append_big_endian(update, position);  // written, flushed and applied
  append_big_endian(update, static_cast<std::uint64_t>(microseconds));
  update.push_back('\0');
  return update;
}

std::string position_text(std::uint64_t position) {
  char text[32];
  const int size = std::snprintf(text, sizeof text, "%X/%X", static_cast<unsigned>(position >> 32),
                                 static_cast<unsigned>(position));
  return std::string(text, static_cast<std::size_t>(size));
}

bool is_place_of_changes(std::string_view id) noexcept {
  const char* at = id.data();
  const char* const end = at + id.size();
  const auto number = [&at, end](auto value, int base) {
    const auto [behind, error] = std::from_chars(at, end, value, base);
    at = behind;
    return error == std::errc();
  };
  const auto mark = [&at, end](char wanted) {
    if (at == end || *at != wanted) return false;
    ++at;
    return true;
  };
  constexpr std::uint32_t half = 0;
  constexpr std::uint64_t place = 0;
  if (!number(half, 16) || !mark('/') || !number(half, 16)) return false;
  return at == end || (mark('-') && number(place, 10) && at == end);
}

bool ChangeReader::read(std::string_view message, std::uint64_t position, Buffer& out) {
  Reader reader(message);
  switch (reader.letter()) {
    case 'B': {
      committed_ = reader.number<std::uint64_t>();
      number_ = 0;
      reader.bytes(8);  // when
      transaction_ = reader.number<std::uint32_t>();
      return false;
    }
    case 'R':
      read_relation(reader);
      return false;
    case 'I': {
      const Relation& table = relation(reader.number<std::uint32_t>());
      reader.letter();
      begin(out, "insert", position);
      out.append(R"(,"table":)");
      out.append(table.name);
      out.append(R"(,"row":)");
      append_tuple(reader, table, out, nullptr, false);
      out.push_back('}');
      return true;
    }
    case 'U': {
      const Relation& table = relation(reader.number<std::uint32_t>());
      begin(out, "update", position);
      out.append(R"(,"table":)");
      out.append(table.name);
      char what = reader.letter();
      if (what != 'N') {
        out.append(R"(,"old":)");
        append_tuple(reader, table, out, nullptr, what == 'K');
        what = reader.letter();
      }
      if (what != 'N') throw_broken();
      std::string unchanged;
      out.append(R"(,"row":)");
      append_tuple(reader, table, out, &unchanged, false);
      if (!unchanged.empty()) {
        out.append(R"(,"unchanged":[)");
        out.append(unchanged);
        out.push_back(']');
      }
      out.push_back('}');
      return true;
    }
    case 'D': {
      const Relation& table = relation(reader.number<std::uint32_t>());
      begin(out, "delete", position);
      out.append(R"(,"table":)");
      out.append(table.name);
      out.append(R"(,"old":)");
      append_tuple(reader, table, out, nullptr, reader.letter() == 'K');
      out.push_back('}');
      return true;
    }
    case 'T': {
      const auto count = reader.number<std::uint32_t>();
      reader.letter();  // CASCADE, RESTART IDENTITY
      begin(out, "truncate", position);
      out.append(R"(,"tables":[)");
      for (std::uint32_t i = 0; i < count; ++i) {
        if (i != 0) out.push_back(',');
        out.append(relation(reader.number<std::uint32_t>()).name);
      }
      out.append("]}");
      return true;
    }
    default:
      return false;  // commits, types, origins, messages
  }
}

const ChangeReader::Relation& ChangeReader::relation(std::uint32_t number) const {
  const auto found = relations_.find(number);
  if (found == relations_.end()) throw_broken();
  return found->second;
}

void ChangeReader::read_relation(Reader& reader) {
  const auto number = reader.number<std::uint32_t>();
  const std::string_view schema = reader.text();
  const std::string_view name = reader.text();
  // An empty one is that of the catalogue.
  Relation table{json_string((schema.empty() ? "pg_catalog" : std::string(schema)) + "." + std::string(name)),
                 {}};
  reader.letter();  // REPLICA IDENTITY
  const auto count = reader.number<std::uint16_t>();
  for (unsigned i = 0; i < count; ++i) {
    reader.letter();  // whether it is a part of the key
    const std::string column = json_string(reader.text());
    const auto type = reader.number<std::uint32_t>();
    reader.number<std::uint32_t>();  // its modifier
    table.columns.push_back({column, type});
  }
  relations_.insert_or_assign(number, std::move(table));
}

/// `key_only`: columns that are no part of the key are sent as null, which says nothing of them.
void ChangeReader::append_tuple(Reader& reader, const Relation& relation, Buffer& out, std::string* unchanged,
                                bool key_only) {
  const auto count = reader.number<std::uint16_t>();
  if (count > relation.columns.size()) throw_broken();
  char separator = '{';
  for (unsigned i = 0; i < count; ++i) {
    const Column& column = relation.columns[i];
    const char kind = reader.letter();
    if (kind == 'u') {
      if (unchanged != nullptr) *unchanged += (unchanged->empty() ? "" : ",") + column.name;
      continue;
    }
    if (kind == 'n' && key_only) continue;
    out.push_back(separator);
    separator = ',';
    out.append(column.name);
    out.push_back(':');
    if (kind == 'n') {
      out.append("null");
    } else if (kind == 't') {
      append_value(out, column.type, reader.bytes(reader.number<std::uint32_t>()));
    } else {
      throw_broken();
    }
  }
  if (separator == '{') out.push_back('{');
  out.push_back('}');
}

std::string ChangeReader::id() const { return position_text(committed_) + "-" + std::to_string(number_); }

void ChangeReader::begin(Buffer& out, std::string_view op, std::uint64_t position) {
  ++number_;
  out.append(R"({"op":")");
  out.append(op);
  out.append(R"(","lsn":")");
  out.append(position_text(position));
  out.append(R"(","xid":)");
  append_integer(out, transaction_);
}

}  // namespace coyield::generators::postgres
