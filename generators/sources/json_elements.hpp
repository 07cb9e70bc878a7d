#pragma once

#include <coyield/generators/buffer.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/sources/record_buffer.hpp>
#include <cstdint>
#include <string_view>

namespace coyield::generators {

/// Makes items of one JSON text that arrives in blocks: of an array each of its elements as soon as it is
/// there, of anything else, and of all where `Whole::yes` is asked for, the text as a whole. Blanks and line
/// breaks outside of strings are left out of what has them.
///
/// `next` throws `Failure(upstream)` for what is not JSON, or nested too deep, or not whole at the end.
class JsonElements : public RecordBuffer {
 public:
  enum class Whole : bool { no, yes };

  static constexpr PayloadKind kind = PayloadKind::json;
  explicit JsonElements(std::size_t max_item, Whole whole = Whole::no) noexcept
      : RecordBuffer("element", max_item), state_(whole == Whole::yes ? State::text : State::begin) {}

  /// What it gives is valid until the next `next`.
  bool next(std::string_view& element);

 private:
  enum class State : unsigned char {
    begin,    ///< before the first character
    text,     ///< one text, to the end
    element,  ///< within an element
    over,     ///< behind the array
  };

  void begin();
  bool find_end(std::size_t& end);
  std::string_view checked(std::string_view element);
  void expect_nothing_more();

  State state_;
  unsigned depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  std::uint64_t given_ = 0;
  Buffer compact_;
};

}  // namespace coyield::generators
