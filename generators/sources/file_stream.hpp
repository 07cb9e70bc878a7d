#pragma once

#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/file_input.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace coyield::generators {

class BlockingPool;

/// What a stream of a file's items works with.
struct FileJob {
  FileRequest request;
  BlockingPool* pool;  ///< outlives the stream
  std::size_t max_item;
  std::shared_ptr<StartPosition> start = {};  ///< as `SourceContext::start`
};

// The items of a file, in order and with their ids; for a client that comes back with one exactly the rest,
// or a gap in front of it. Nothing is opened before the first is asked for. Each ends at the end of the file
// unless that is followed, and throws what `FileInput` throws, and what its records throw for one that is
// wrong or too long.

/// Its lines as text.
AsyncGenerator<Item> file_lines(FileJob job);
/// Its lines as JSON.
AsyncGenerator<Item> file_json(FileJob job);
/// Its rows of CSV as JSON objects; without `columns` the first row names them.
AsyncGenerator<Item> file_rows(FileJob job, std::vector<std::string> columns);
/// Its bytes, as they come.
AsyncGenerator<Item> file_blocks(FileJob job);

}  // namespace coyield::generators
