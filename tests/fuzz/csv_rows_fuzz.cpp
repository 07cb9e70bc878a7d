#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/json_check.hpp>
#include <coyield/generators/sources/csv_rows.hpp>
#include <cstring>
#include <span>
#include <string>

#include "fuzz.hpp"

// Whatever a CSV file holds, each row becomes valid JSON within the limit, or the failure that ends the
// stream; and the same however the bytes are cut. The first byte says how they are, the rest is the file.

namespace {

using namespace coyield;
using fuzz::require;

constexpr std::size_t max_row = 300;

/// All objects in one string, with the failure behind them, to be compared.
std::string read(std::string_view bytes, std::size_t piece) {
  generators::CsvRows rows(max_row, {});
  rows.begin(0, "");
  std::string all;
  try {
    while (!rows.ended()) {
      const std::span<char> room = rows.room();
      const std::string_view part = fuzz::take(bytes, std::min(room.size(), piece));
      if (!part.empty()) std::memcpy(room.data(), part.data(), part.size());
      if (part.empty()) rows.end();
      rows.commit(part.size());
      for (std::string_view object; rows.next(object);) {
        require(object.size() <= max_row && generators::is_json(object),
                "an object is JSON, and not too long");
        all.append(object).push_back('\n');
      }
    }
  } catch (const generators::Failure& failure) {
    all += failure.message();
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes = fuzz::as_text(data, size);
  const std::size_t piece = 1 + fuzz::take_byte(bytes) % 32;
  require(read(bytes, bytes.size() + 1) == read(bytes, piece), "the rows are the same however they arrive");
  return 0;
}
