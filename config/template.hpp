#pragma once
#include <coyield/config/mistake.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::config {

/// Where a substitution's value comes from. All but `env` are known only when a request is there.
enum class Origin { path, query, header, claim, env };

/// `path`, `query`, ...
std::string_view origin_name(Origin origin);

/// `the query parameter "interval"`, `the header "X-User"`, `the environment variable "TOKEN"`.
std::string describe(Origin origin, std::string_view name);

/// A value that a request, or the environment, is asked for.
struct Reference {
  Origin origin = Origin::path;
  std::string name;

  auto operator<=>(const Reference&) const = default;
};

/// `query.interval`.
std::string to_string(const Reference& reference);

/// For a result that was not looked at: std::invalid_argument that says what is missing.
[[noreturn]] void throw_exception_from_error(const Reference& missing, const boost::source_location& where);

/// Query names that mean something to the program itself, so that `${query.x}` cannot have them.
const std::vector<std::string>& reserved_query_names();

/// The values of one request, decoded. Implemented by whoever has the request.
class RequestValues {
 public:
  virtual ~RequestValues() = default;
  /// Nothing where the request has no such value; an empty text where it has an empty one.
  virtual std::optional<std::string> find(Origin origin, std::string_view name) const = 0;
};

/// A request without values.
class NoRequestValues final : public RequestValues {
 public:
  std::optional<std::string> find(Origin, std::string_view) const override { return std::nullopt; }
};

/// Variables of the environment by name; a function, so that tests need no real one.
using Environment = std::function<std::optional<std::string>(std::string_view)>;

/// The environment of this process.
Environment process_environment();

/// A text with `${path.x}`, `${query.x}`, `${header.x}`, `${claim.x}` and `${env.X}` in it, compiled once.
///
/// `${query.x:-text}` gives a default for a value that is missing or empty (as in a shell); it reaches to the
/// next
/// `}`. `$$` is a dollar sign, and so is a `$` before anything but `{` and `$`. What is filled in is never
/// looked at again: a value cannot bring substitutions of its own.
class Template {
 public:
  struct Piece {
    std::string text;                   ///< literal text, or the name of a value
    std::optional<Origin> origin = {};  ///< set for a substitution
    std::optional<std::string> fallback = {};
  };

  static Checked<Template> parse(std::string_view text);
  /// The text as it is, whatever is in it.
  static Template literal(std::string_view text);

  /// What these make one after the other.
  static Template of(std::vector<Piece> pieces);

  /// Whether nothing is left to fill in.
  bool constant() const;
  /// The text of a constant template.
  std::string text() const;

  /// Replaces `${env.X}` by what it stands for; the name of a variable that is missing and has no default is
  /// given back.
  std::optional<std::string> fill_environment(const Environment& environment);

  /// The text with the request's values in it, or the value that is missing.
  boost::system::result<std::string, Reference> fill(const RequestValues& values) const;
  /// The same with each value of the request as `encode` gives it; defaults stay as they are.
  boost::system::result<std::string, Reference> fill(const RequestValues& values,
                                                     std::string (*encode)(std::string_view)) const;

  /// The text with `${query.x}` where values will stand, for people.
  std::string shown() const;

  const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  void append_text(std::string_view text);

  std::vector<Piece> pieces_;
};

/// Whether both may give the same text, for some values of some requests.
bool may_be_equal(const Template& a, const Template& b);

}  // namespace coyield::config
