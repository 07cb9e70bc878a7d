#pragma once
#include <coyield/config/detail/cursor.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::config::detail {

/// How far a JSON text made sense: what is needed to tell a person where it stopped to.
struct SyntaxState {
  struct Bracket {
    char open;
    Position position;
  };
  enum class After { nothing, bracket, key, value };

  Cursor cursor;  ///< behind the last token that was understood
  After after = After::nothing;
  std::string_view token = {};  ///< that token
  Position token_position = {};
  std::vector<Bracket> open = {};
};

struct SyntaxError {
  Position position;
  Mistake mistake;
};

/// Says what is wrong behind the last good token, in words for somebody who does not know the grammar. The
/// text is known to be wrong there; `out_of_range` tells a number too large from one that is badly written.
SyntaxError explain_syntax(const SyntaxState& state, bool out_of_range);

}  // namespace coyield::config::detail
