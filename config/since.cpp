#include <charconv>
#include <coyield/config/configuration.hpp>
#include <coyield/config/since.hpp>

namespace coyield::config {

Checked<std::uint64_t> parse_since(std::string_view text) {
  if (text == "latest") return std::uint64_t{0};
  if (text == "earliest") return Share::earliest;
  if (text == "start") return Share::start_of_source;
  std::uint64_t items = 0;
  const char* end = text.data() + text.size();
  if (text.starts_with('-')) {
    const auto [stop, error] = std::from_chars(text.data() + 1, end, items);
    if (error == std::errc::result_out_of_range) return Share::earliest;
    if (error == std::errc() && stop == end) return items;
  }
  return Mistake{in_quotes(text) + " is no place to begin at",
                 R"(write "latest", "earliest", "start", or how many of the newest items come first: "-10")"};
}

}  // namespace coyield::config
