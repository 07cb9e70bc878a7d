#include <coyield/generators/json_check.hpp>
#include <nlohmann/json.hpp>

#include "fuzz.hpp"

// The JSON check and nlohmann's parser are of one opinion, but for what our own header says and for what
// nlohmann makes of numbers that no double holds, of a byte order mark, and of a NUL, which is the end to it.

namespace {

using namespace coyield::generators;
using coyield::fuzz::require;
using nlohmann::json;

/// Remembers how deep the text went, and what nlohmann could not do.
class Judge final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t&) override { return true; }
  bool start_object(std::size_t) override { return deeper(); }
  bool end_object() override { return --depth_, true; }
  bool start_array(std::size_t) override { return deeper(); }
  bool end_array() override { return --depth_, true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    constexpr int number_out_of_range = 406;
    gave_up_ = gave_up_ || error.id == number_out_of_range;
    return false;
  }

  bool gave_up() const { return gave_up_; }
  unsigned deepest() const { return deepest_; }

 private:
  bool deeper() {
    deepest_ = std::max(deepest_, ++depth_);
    return true;
  }

  unsigned depth_ = 0;
  unsigned deepest_ = 0;
  bool gave_up_ = false;
};

/// Nothing where nlohmann has no opinion.
std::optional<bool> opinion_of_nlohmann(std::string_view text) {
  if (text.find('\0') != std::string_view::npos || text.starts_with('\xEF')) return std::nullopt;
  Judge judge;
  const bool taken = json::sax_parse(text, &judge);
  if (judge.gave_up()) return std::nullopt;
  return taken && judge.deepest() <= max_json_depth;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = coyield::fuzz::as_text(data, size);
  const bool good = is_json(text, JsonLineBreaks::allowed);
  const auto opinion = opinion_of_nlohmann(text);
  if (opinion) require(*opinion == good, "nlohmann and the check are of one opinion");
  if (is_json(text)) require(good, "what is good on a line is good on several");
  if (!good) return 0;

  Buffer out;
  append_compact_json(out, text);
  require(is_json(out.view()), "made compact it is JSON on one line");
  require(out.size() <= text.size(), "made compact it is not longer");
  if (opinion) require(json::parse(out.view()) == json::parse(text), "made compact it says the same");
  return 0;
}
