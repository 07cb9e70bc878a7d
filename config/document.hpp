#pragma once
#include <coyield/config/problem.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace coyield::config {

struct Member;

/// A JSON value that knows where it stood in its text, and keeps the order of an object's members.
struct Node {
  enum class Kind { null, boolean, integer, unsigned_, number, string, array, object };
  using Array = std::vector<Node>;
  using Object = std::vector<Member>;

  /// In the order of `Kind`. A whole number is `unsigned_` only where it is too large for `integer`.
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object> value;
  Position position;
  std::string written = {};  ///< of a `number` the text, which may be a whole number that no type can hold

  Kind kind() const { return static_cast<Kind>(value.index()); }
  /// The value if it is of this type, else null.
  template <class T>
  const T* as() const {
    return std::get_if<T>(&value);
  }
  /// The value of the first member of that name, or null; also null where this is no object.
  const Node* find(std::string_view key) const;
};

/// A member of an object; `position` is that of its key.
struct Member {
  std::string key;
  Position position;
  Node value;
};

/// `an object`, `text`, `a whole number`: what a person calls it.
std::string_view kind_name(Node::Kind kind);

/// The same value without positions.
nlohmann::json to_json(const Node& node);

inline constexpr std::size_t max_document_bytes = 4ull * 1024 * 1024;
inline constexpr std::size_t max_document_depth = 64;

/// Reads JSON with `//` and `/* */` comments; a byte order mark is skipped.
///
/// A syntax error, a text over 4 MiB and brackets more than 64 deep end the reading: nothing is returned, and
/// the last problem says why, with its column. A key given twice stands twice in its object; whoever reads
/// the object knows its path and says so. `file` is the name that the problems carry.
std::optional<Node> read_document(std::string_view text, std::string_view file, Problems& problems);

}  // namespace coyield::config
