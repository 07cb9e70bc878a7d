#include <coyield/generators/detail/json_reader.hpp>

#include <bit>
#include <coyield/generators/failure.hpp>

namespace coyield::generators::detail {

namespace {

constexpr std::size_t least_capacity = 512;

}  // namespace

void JsonParser::grow() {
  const auto error = parser_.allocate(std::bit_ceil(std::max(text_.size(), least_capacity)));
  if (error != simdjson::SUCCESS) throw simdjson::simdjson_error(error);
}

JsonReader& JsonReader::of_thread() {
  static thread_local JsonReader reader;
  return reader;
}

std::string_view JsonReader::unescape(std::string_view written) {
  // The parser knows how to, but only where memory has been allocated for a text.
  if (strings_.capacity() == 0 && strings_.allocate(1) != simdjson::SUCCESS) throw std::bad_alloc();
  written_.clear();
  written_.append(written);
  written_.push_back('"');
  std::memset(written_.prepare(simdjson::SIMDJSON_PADDING), 0, simdjson::SIMDJSON_PADDING);
  unescaped_.clear();
  auto* to = reinterpret_cast<std::uint8_t*>(unescaped_.prepare(written.size() + simdjson::SIMDJSON_PADDING));
  const ondemand::raw_json_string string(reinterpret_cast<const std::uint8_t*>(written_.data()));
  return strings_.unescape(string, to).value();
}

void throw_not_json(const simdjson::simdjson_error& error) {
  throw Failure(FailureKind::internal,
                std::string("an item that should be JSON cannot be read: ") + error.what());
}

}  // namespace coyield::generators::detail
