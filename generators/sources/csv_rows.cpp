#include <coyield/generators/sources/csv_rows.hpp>

#include <algorithm>
#include <coyield/config/mistake.hpp>
#include <coyield/config/units.hpp>
#include <coyield/generators/byte_scan.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/json_text.hpp>
#include <cstring>

// Two steps: where a row ends is found in whatever bytes have arrived, by a machine of four states that stops
// at quotes, commas and line feeds only; its fields are taken apart once all of it is there. Only the first
// step has to remember where it was, and only the second complains.

namespace coyield::generators {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t none = static_cast<std::size_t>(-1);

std::string key_of(const std::string& name, bool first) {
  Buffer key;
  key.push_back(first ? '{' : ',');
  append_json_string(key, name);
  key.push_back(':');
  return std::string(key.view());
}

}  // namespace

CsvRows::CsvRows(std::size_t max_row, std::vector<std::string> columns)
    : RecordBuffer("row", max_row), max_row_(max_row), given_(!columns.empty()) {
  if (given_) set_columns(columns);
}

void CsvRows::begin(std::uint64_t offset, std::string_view before) {
  RecordBuffer::begin(offset, before);
  state_ = State::field_begin;
  line_ = row_line_ = 1;
  breaks_ = 0;
}

bool CsvRows::read_columns() {
  std::string_view row;
  if (next_row(row)) take_columns(row);
  return !needs_columns() || ended();
}

void CsvRows::forget_columns() noexcept {
  if (!given_) keys_.clear();
}

bool CsvRows::next(std::string_view& object) {
  std::string_view row;
  while (next_row(row)) {
    if (needs_columns()) {
      take_columns(row);
      continue;
    }
    object = make_object(row);
    return true;
  }
  return false;
}

/// The next one that is not empty.
bool CsvRows::next_row(std::string_view& row) {
  do {
    const std::size_t end = find_row_end();
    if (end != none) {
      row = take_row(end);
    } else if (ended() && take_rest(row)) {
      row_line_ = line_;
      if (row.back() == '\r') row.remove_suffix(1);
      if (needs_columns()) refuse_lone_returns(row);
    } else {
      return false;
    }
    if (offset() == 0 && row.substr(0, 3) == byte_order_mark) row.remove_prefix(3);
  } while (row.empty());
  return true;
}

/// The first field, behind it, may stand in quotes. False where that cannot be said yet.
bool CsvRows::pass_byte_order_mark() {
  if (behind() != 0 || searched() != 0) return true;
  if (filled() < byte_order_mark.size() && !ended()) return false;
  if (std::string_view(memory(), filled()).substr(0, 3) == byte_order_mark) set_searched(3);
  return true;
}

/// The place of the line feed, or none as long as it has not come.
std::size_t CsvRows::find_row_end() {
  if (!pass_byte_order_mark()) return none;
  const char* const end = memory() + filled();
  const char* at = memory() + searched();
  for (;;) {
    const bool quoted = state_ == State::in_quotes;
    const char* found =
        quoted ? find_byte(at, end, [](ByteBlock b) { return (b == '"') | (b == '\n'); })
               : find_byte(at, end, [](ByteBlock b) { return (b == '"') | (b == '\n') | (b == ','); });
    if (!quoted && found != at) state_ = State::in_field;
    if (found == end) {
      set_searched(filled());
      return none;
    }
    if (*found == '\n' && !quoted) return static_cast<std::size_t>(found - memory());
    if (*found == '\n') ++breaks_;
    if (*found == ',') state_ = State::field_begin;
    if (*found == '"') {
      // A second quote right behind a closing one opens the field again: it stands for a quote.
      state_ = quoted ? State::behind_quotes : state_ != State::in_field ? State::in_quotes : State::in_field;
    }
    at = found + 1;
  }
}

std::string_view CsvRows::take_row(std::size_t end) {
  const bool cr = end != next_begin() && memory()[end - 1] == '\r';
  row_line_ = line_;
  line_ += breaks_ + 1;
  breaks_ = 0;
  state_ = State::field_begin;
  return take(end - (cr ? 1 : 0), end + 1);
}

/// A file without a line feed would be names and nothing else. Those who write CR alone, as old spreadsheets
/// do, do not mean that.
void CsvRows::refuse_lone_returns(std::string_view row) const {
  const std::size_t found = row.find_first_of("\r\"");
  if (found != std::string_view::npos && row[found] == '\r')
    fail("is all that there is, with a CR in it; end the rows with LF or CR LF");
}

void CsvRows::take_columns(std::string_view row) {
  std::vector<std::string> names;
  for (bool more = true; more;) {
    names.emplace_back(take_field(row));
    more = !row.empty();
    if (more) row.remove_prefix(1);
  }
  set_columns(names);
}

void CsvRows::set_columns(const std::vector<std::string>& names) {
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) fail("names the column " + config::in_quotes(*twice) + " twice");
  for (const std::string& name : names) keys_.push_back(key_of(name, keys_.empty()));
}

std::string_view CsvRows::make_object(std::string_view row) {
  object_.clear();
  std::size_t fields = 0;
  for (bool more = true; more; ++fields) {
    const std::string_view field = take_field(row);
    if (fields < keys_.size()) {
      object_.append(keys_[fields]);
      append_json_string(object_, field);
    }
    more = !row.empty();
    if (more) row.remove_prefix(1);
  }
  if (fields != keys_.size()) {
    fail("has " + std::to_string(fields) + (fields == 1 ? " field" : " fields") + " where there are " +
         std::to_string(keys_.size()) + " columns");
  }
  object_.push_back('}');
  if (object_.size() > max_row_) fail("is longer than " + config::format_size({max_row_}) + " in JSON");
  std::memset(object_.prepare(Item::padding), 0, Item::padding);
  return object_.view();
}

/// Up to the comma behind it, or to the end of the row.
std::string_view CsvRows::take_field(std::string_view& row) {
  if (!row.empty() && row.front() == '"') return take_quoted(row);
  const char* const end = row.data() + row.size();
  const char* const found = find_byte(row.data(), end, [](ByteBlock b) { return (b == '"') | (b == ','); });
  if (found != end && *found == '"')
    fail(
        "has a quote in a field that does not begin with one; write the whole field in quotes, and each "
        "quote in it twice");
  const std::string_view field = row.substr(0, static_cast<std::size_t>(found - row.data()));
  row.remove_prefix(field.size());
  return field;
}

std::string_view CsvRows::take_quoted(std::string_view& row) {
  row.remove_prefix(1);
  unquoted_.clear();
  for (;;) {
    const std::size_t end = row.find('"');
    if (end == std::string_view::npos) fail("has a quote that is never closed");
    const std::string_view part = row.substr(0, end);
    row.remove_prefix(end + 1);
    const bool doubled = !row.empty() && row.front() == '"';
    if (!doubled) {
      if (!row.empty() && row.front() != ',') fail("has something between a closing quote and the comma");
      if (unquoted_.empty()) return part;
      unquoted_.append(part);
      return unquoted_;
    }
    unquoted_.append(part).push_back('"');
    row.remove_prefix(1);
  }
}

void CsvRows::fail(const std::string& what) const {
  throw Failure(FailureKind::upstream, name(row_line_) + ' ' + what, Again::useless);
}

}  // namespace coyield::generators
