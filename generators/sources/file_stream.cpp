#include <coyield/generators/sources/file_stream.hpp>

#include <coyield/generators/json_text.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/sources/csv_rows.hpp>
#include <coyield/generators/sources/file_records.hpp>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace coyield::generators {

namespace {

/// Writes the id of the item that was yielded last.
template <class Records>
class RecordIds final : public IdWriter {
 public:
  RecordIds(FileInput& input, const Records& records) noexcept : input_(input), records_(records) {}

  std::string_view write_id(std::uint64_t offset) noexcept override {
    const auto position = input_.position(offset, records_.before());
    if (!position) return {};
    return {text_, static_cast<std::size_t>(write_position(text_, *position) - text_)};
  }

 private:
  FileInput& input_;
  const Records& records_;
  char text_[FilePosition::max_text];
};

std::string gap_text(const FileInput& input) {
  Buffer text;
  text.push_back('{');
  if (!input.gap_from().empty()) {
    text.append(R"("from":)");
    append_json_string(text, input.gap_from());
  }
  text.push_back('}');
  return std::string(text.view());
}

/// Reads on, or ends the records where there is no more.
template <class Records>
Task<void> fill(FileInput& input, Records& records) {
  for (;;) {
    const std::span<char> room = records.room();
    const std::size_t n = co_await input.read(room);
    records.commit(n);
    if (n != 0) co_return;
    records.shrink();
    const bool more = co_await input.more();
    if (!more) co_return records.end();
  }
}

/// The names of the columns stand at the beginning of the file, wherever the piece begins.
template <class Records>
Task<void> begin_piece(FileInput& input, Records& records) {
  if constexpr (std::is_same_v<Records, CsvRows>) {
    records.forget_columns();
    if (records.needs_columns() && input.offset() != 0) {
      input.rewind();
      records.begin(0, "");
      while (!records.read_columns()) co_await fill(input, records);
      input.back();
    }
  }
  records.begin(input.offset(), input.before());
}

/// `Records` cuts the file into items: see `file_records.hpp`.
template <class Records>
AsyncGenerator<Item> read_records(FileJob job, Records records) {
  Loop& loop = co_await this_loop();
  FileInput input(loop, *job.pool, std::move(job.request));
  RecordIds<Records> ids(input, records);
  bool more = true;
  co_await input.open();
  if (job.start && job.start->id.empty()) job.start->id = input.start_id();
  while (more) {
    if (input.gap()) {
      const std::string gap = gap_text(input);
      co_yield Item::gap(gap);
    }
    co_await begin_piece(input, records);
    bool drop = input.begins_within() && Records::is_whole;
    while (!records.ended()) {
      co_await fill(input, records);
      if (input.broken_off()) break;
      std::string_view record;
      while (records.next(record)) {
        if (drop) [[unlikely]] {
          drop = false;
          continue;
        }
        Item item;
        item.set(Records::kind, record);
        item.set_id(ids, records.behind());
        co_yield std::move(item);
      }
    }
    more = co_await input.next_piece(records.behind(), records.before());
  }
}

}  // namespace

AsyncGenerator<Item> file_lines(FileJob job) {
  const std::size_t max_item = job.max_item;
  return read_records(std::move(job), TextLines(max_item));
}

AsyncGenerator<Item> file_json(FileJob job) {
  const std::size_t max_item = job.max_item;
  return read_records(std::move(job), JsonLines(max_item));
}

AsyncGenerator<Item> file_rows(FileJob job, std::vector<std::string> columns) {
  const std::size_t max_item = job.max_item;
  return read_records(std::move(job), CsvRows(max_item, std::move(columns)));
}

AsyncGenerator<Item> file_blocks(FileJob job) {
  const std::size_t max_item = job.max_item;
  return read_records(std::move(job), ByteBlocks(max_item));
}

}  // namespace coyield::generators
