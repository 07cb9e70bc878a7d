#pragma once

#include <coyield/config/mistake.hpp>
#include <coyield/generators/buffer.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::handlers {

/// Where each of several streams stands that leave as one event stream: the id of its last item, or that it
/// has ended. Written as one id, with which all of them go on exactly.
///
///     SUM,PLACE,PLACE,...        SUM: eight digits that belong to the targets, so that an id does not fit
///                                others; PLACE: nothing, an id, or ! behind the end
///
/// Ids are percent-encoded but for letters, digits and `-._~:/@+=`: what is written can stand in an event
/// stream, in a header and in a query.
class Places {
 public:
  /// All of them at their beginning.
  explicit Places(std::vector<std::string> targets);

  std::size_t size() const noexcept { return targets_.size(); }
  const std::string& target(std::size_t number) const noexcept { return targets_[number]; }
  /// The id that the stream is to go on behind; empty: none.
  std::string id(std::size_t number) const;
  bool ended(std::size_t number) const noexcept { return places_[number] == end_mark; }

  /// An empty `id` changes nothing.
  void pass(std::size_t number, std::string_view id);
  void end(std::size_t number) { places_[number] = end_mark; }

  /// Goes to where `text` says. Exactly what `write` writes for the same targets is taken.
  config::Checked<void> read(std::string_view text);
  void write(generators::Buffer& out) const;

 private:
  static constexpr std::string_view end_mark = "!";

  std::vector<std::string> targets_;
  std::vector<std::string> places_;  // as they are written
  std::string sum_;
};

}  // namespace coyield::handlers
