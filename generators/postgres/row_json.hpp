#pragma once

#include <libpq-fe.h>

#include <coyield/generators/buffer.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::generators::postgres {

/// Appends a value as JSON: numbers, booleans and JSON as what they are, times as ISO 8601 has them, and
/// everything else as the text that PostgreSQL writes. What JSON has no number for (NaN, Infinity) is a text.
void append_value(Buffer& out, unsigned type, std::string_view text);

/// Makes objects of rows, with the names of the columns.
class RowWriter {
 public:
  /// Appends `{"id":1,"name":"Ada"}`. All rows are of the same query.
  void append(Buffer& out, const PGresult* result);
  /// The place of a column; -1: there is none of that name.
  static int find(const PGresult* result, const std::string& column) {
    return ::PQfnumber(result, column.c_str());
  }

 private:
  struct Column {
    std::string beginning;  // `{"id":` or `,"name":`
    unsigned type;
  };
  std::vector<Column> columns_;
};

}  // namespace coyield::generators::postgres
