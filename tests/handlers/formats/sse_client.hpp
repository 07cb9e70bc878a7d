#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::handlers::testing {

/// An event as a browser's EventSource delivers it.
struct SseEvent {
  std::string type = {};
  std::string data = {};
  std::string last_event_id = {};
  bool operator==(const SseEvent&) const = default;
};

inline std::ostream& operator<<(std::ostream& to, const SseEvent& event) {
  return to << '{' << event.type << ", \"" << event.data << "\", " << event.last_event_id << '}';
}

/// Reads an event stream by the letter of the WHATWG's HTML, section 9.2.6; knows nothing of who wrote it.
class SseClient {
 public:
  /// `stream` has been decoded as UTF-8.
  void read(std::string_view stream) {
    while (!stream.empty()) {
      const std::size_t end = std::min(stream.find('\r'), stream.find('\n'));
      if (end == std::string_view::npos) return;  // an unfinished line is discarded
      line(stream.substr(0, end));
      const bool both = stream.substr(end, 2) == "\r\n";
      stream.remove_prefix(end + (both ? 2 : 1));
    }
  }

  const std::vector<SseEvent>& events() const { return events_; }
  const std::optional<std::string>& retry() const { return retry_; }
  int comments() const { return comments_; }

 private:
  void line(std::string_view line) {
    if (line.empty()) return dispatch();
    const std::size_t colon = line.find(':');
    if (colon == 0) {
      ++comments_;
      return;
    }
    if (colon == std::string_view::npos) return field(line, "");
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    field(line.substr(0, colon), value);
  }

  void field(std::string_view name, std::string_view value) {
    if (name == "event") type_ = value;
    if (name == "data") data_.append(value).append("\n");
    if (name == "id" && value.find('\0') == std::string_view::npos) id_ = value;
    if (name == "retry" && value.find_first_not_of("0123456789") == std::string_view::npos) retry_ = value;
  }

  void dispatch() {
    if (!data_.empty()) {
      data_.pop_back();
      events_.push_back({type_.empty() ? "message" : type_, data_, id_});
    }
    data_.clear();
    type_.clear();
  }

  std::string type_;
  std::string data_;
  std::string id_;
  std::optional<std::string> retry_;
  int comments_ = 0;
  std::vector<SseEvent> events_;
};

}  // namespace coyield::handlers::testing
