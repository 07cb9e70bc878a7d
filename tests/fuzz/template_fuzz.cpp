#include <coyield/config/template.hpp>

#include "fuzz.hpp"

// A template is filled in with values that look like templates themselves: they must arrive as they are.

namespace {

using namespace coyield::config;
using coyield::fuzz::require;

constexpr std::string_view value = "${query.x}$$}";

class Values final : public RequestValues {
 public:
  std::optional<std::string> find(Origin, std::string_view name) const override {
    if (name.starts_with('m')) return std::nullopt;  // a value that is missing
    return name.starts_with('e') ? std::string() : std::string(value);
  }
};

/// What it has to come to, or nothing where a value is missing.
std::optional<std::string> expected(const Template& from) {
  std::string all;
  for (const Template::Piece& piece : from.pieces()) {
    if (!piece.origin) {
      all += piece.text;
      continue;
    }
    const auto found = Values().find(*piece.origin, piece.text);
    const bool use_fallback = piece.fallback && (!found || found->empty());
    if (!found && !use_fallback) return std::nullopt;
    all += use_fallback ? *piece.fallback : *found;
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = coyield::fuzz::as_text(data, size);
  auto parsed = Template::parse(text);
  if (!parsed) {
    require(!parsed.error().what.empty(), "what is refused is refused for a reason");
    return 0;
  }
  if (text.find('$') == std::string_view::npos) {
    require(parsed->constant() && parsed->text() == text, "a text without a dollar sign stands for itself");
  }
  const auto environment = [](std::string_view name) { return Values().find(Origin::env, name); };
  if (parsed->fill_environment(environment)) return 0;
  const auto filled = parsed->fill(Values());
  const auto wanted = expected(*parsed);
  require(filled.has_value() == wanted.has_value(), "only a missing value without a default is refused");
  if (filled) require(*filled == *wanted, "values arrive as they are");
  return 0;
}
