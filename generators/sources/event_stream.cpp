#include <coyield/generators/sources/event_stream.hpp>

#include <charconv>
#include <coyield/config/units.hpp>
#include <coyield/generators/failure.hpp>

namespace coyield::generators {

bool EventStream::next(std::string_view& data) {
  if (dispatched_) {
    data_.clear();
    name_.clear();
    has_data_ = dispatched_ = false;
  }
  std::string_view line;
  while (next_line(line)) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (offset() == 0 && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
    if (!line.empty()) {
      // The rest of a stream that has ended within a line is a field of an event that was never closed.
      take_field(line);
      continue;
    }
    id_ = next_id_;
    if (!has_data_) {
      name_.clear();
      continue;
    }
    dispatched_ = true;
    data = data_.view().substr(0, data_.size() - 1);
    return true;
  }
  return false;
}

bool EventStream::next_line(std::string_view& line) {
  if (behind_return_ && !unread().empty()) {
    behind_return_ = false;
    if (unread().front() == '\n') take(next_begin(), next_begin() + 1);
  }
  const char* const bytes = memory();
  std::size_t at = searched();
  while (at < filled() && bytes[at] != '\n' && bytes[at] != '\r') ++at;
  if (at == filled()) {
    set_searched(at);
    return take_rest(line);
  }
  behind_return_ = bytes[at] == '\r';
  line = take(at, at + 1);
  return true;
}

void EventStream::take_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == 0) return;  // a comment
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (data_.size() + value.size() > max_item_) {
      throw Failure(FailureKind::upstream, "an event is longer than " + config::format_size({max_item_}),
                    Again::useless);
    }
    has_data_ = true;
    data_.append(value);
    data_.push_back('\n');
  } else if (field == "event") {
    name_ = value;
  } else if (field == "id") {
    if (value.find('\0') == std::string_view::npos) next_id_ = value;
  } else if (field == "retry") {
    long long milliseconds = 0;
    const char* const end = value.data() + value.size();
    const auto [behind, error] = std::from_chars(value.data(), end, milliseconds);
    constexpr long long a_day = 86'400'000;
    if (error == std::errc() && behind == end && milliseconds >= 0 && milliseconds <= a_day)
      retry_ = std::chrono::milliseconds(milliseconds);
  }
}

}  // namespace coyield::generators
