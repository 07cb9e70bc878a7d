#pragma once

#include <cstdint>

/// What a server and its `coyield-jq` say to each other, over two pipes, in the byte order of the machine:
///
///     server       a length (32 bits) and the program
///     coyield-jq   a length and what jq has against it; nothing: it is compiled. Then, over and over:
///     server       a BatchHead, $args, and for each item a length and its JSON
///     coyield-jq   chunks: a ChunkHead and whole records; the last one is marked
///
/// An item is answered by any number of `output` records and one that ends it. `coyield-jq` answers in order,
/// and not necessarily all: what it has not answered at the last chunk has to be asked again.
namespace coyield::generators::jq {

using Length = std::uint32_t;

struct BatchHead {
  Length args_bytes;
  Length items_bytes;  ///< with their lengths
  Length items;
  Length most_bytes;  ///< that the outputs of one item may have together
  Length timeout_ms;  ///< of processor time, for one item
  Length single;      ///< not 0: an item with a second output, or an error behind the first, has none
};

struct ChunkHead {
  Length bytes;  ///< of records
  Length last;   ///< not 0: nothing more comes of this batch
  Length next;   ///< in the last one, not 0: ask for no more items than this in the next batch
};

enum class RecordKind : Length {
  output,  ///< a JSON text
  done,    ///< the item has had all its outputs
  error,   ///< it has ended with an error, which is the text
};

struct RecordHead {
  RecordKind kind;
  Length bytes;
};

/// Once the answers of a batch have so many bytes, the rest of it is left for the next one.
inline constexpr Length most_answer_bytes = 256 * 1024;

}  // namespace coyield::generators::jq
