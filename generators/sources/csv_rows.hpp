#pragma once

#include <coyield/generators/buffer.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/sources/record_buffer.hpp>
#include <string>
#include <vector>

namespace coyield::generators {

/// Makes JSON objects of the rows of a CSV file (RFC 4180), which arrives in blocks. Does no reading itself;
/// see `RecordBuffer`.
///
///     CsvRows rows(max_item, {});       // the names of the columns stand in the first row
///     rows.begin(0, "");
///     std::string_view object;
///     while (rows.next(object)) ...     // {"name":"Ada","born":"1815"}
///
/// A row ends with LF or CR LF outside of quotes. A field in quotes may hold commas, line breaks, and quotes,
/// which are written twice; blanks belong to their field. All values are strings, exactly as they stand in
/// the file, so that no digit and no leading zero is lost; what is not UTF-8 becomes U+FFFD. Rows without a
/// character are passed over, and so is a byte order mark at the beginning.
///
/// `next` throws a permanent `Failure(upstream)`, which names the row (`RecordBuffer::name`), for a row with
/// another number of fields than there are columns, for a quote in the middle of a field, for one that is
/// never closed, for a column that is named twice, and for a file whose rows end with CR alone.
///
/// An object is valid until the next `next`, and 64 bytes behind it may be read.
class CsvRows : public RecordBuffer {
 public:
  static constexpr PayloadKind kind = PayloadKind::json;
  static constexpr bool is_whole = true;

  /// Without `columns` their names are those in the first row. `max_row` is that of a row in the file and of
  /// the object that is made of it.
  CsvRows(std::size_t max_row, std::vector<std::string> columns);

  void begin(std::uint64_t offset, std::string_view before);
  /// Whether it has yet to see the row with the names, which is not given as an object.
  bool needs_columns() const noexcept { return keys_.empty(); }
  /// Reads that row alone: true when it has it, or when the file has ended without one.
  bool read_columns();
  /// Forgets names that came from a file, for the next file.
  void forget_columns() noexcept;

  bool next(std::string_view& object);

 private:
  bool next_row(std::string_view& row);
  bool pass_byte_order_mark();
  std::size_t find_row_end();
  std::string_view take_row(std::size_t end);
  void set_columns(const std::vector<std::string>& names);
  void refuse_lone_returns(std::string_view row) const;
  void take_columns(std::string_view row);
  std::string_view make_object(std::string_view row);
  std::string_view take_field(std::string_view& row);
  std::string_view take_quoted(std::string_view& row);
  [[noreturn]] void fail(const std::string& what) const;

  enum class State : unsigned char { field_begin, in_field, in_quotes, behind_quotes };

  std::size_t max_row_;
  bool given_;  // the columns are not those of a file
  /// `{"name":` for the first column and `,"born":` for each further one.
  std::vector<std::string> keys_;
  State state_ = State::field_begin;  // at `searched`
  std::uint64_t line_ = 1;            // of the row that comes next
  std::uint64_t row_line_ = 1;        // of the row that came last
  std::uint64_t breaks_ = 0;          // within the row that is being searched
  Buffer object_;
  std::string unquoted_;
};

}  // namespace coyield::generators
