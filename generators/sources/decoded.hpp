#pragma once

#include <coyield/generators/sources/file_records.hpp>
#include <coyield/generators/sources/fill.hpp>
#include <cstddef>
#include <string_view>
#include <utility>

namespace coyield::generators {

/// The items of a stream of bytes, as a `decode` of lines, json or bytes says; `input` is as for `fill`.
template <class Input>
AsyncGenerator<Item> decoded(Input input, std::string_view decode, std::size_t max_item) {
  if (decode == "bytes") return records_of(std::move(input), ByteBlocks(max_item, BlockSize::growing));
  if (decode == "json") return records_of(std::move(input), JsonLines(max_item));
  return records_of(std::move(input), TextLines(max_item));
}

}  // namespace coyield::generators
