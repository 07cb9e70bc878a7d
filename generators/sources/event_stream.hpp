#pragma once

#include <chrono>
#include <coyield/generators/buffer.hpp>
#include <coyield/generators/sources/record_buffer.hpp>
#include <string>
#include <string_view>

namespace coyield::generators {

/// Makes events of the lines of an event stream (WHATWG HTML, section 9.2.6) as its bytes come in: a
/// `RecordBuffer` whose `next` gives the data of an event.
///
/// Lines end with LF, CR or CR LF. An event that is not closed by an empty line is none. What is given is
/// valid until the next `next`. One whose data are longer than `max_item` throws `Failure(upstream)`.
class EventStream : public RecordBuffer {
 public:
  explicit EventStream(std::size_t max_item) noexcept
      : RecordBuffer("line", max_item + longest_name), max_item_(max_item) {}

  bool next(std::string_view& data);

  /// The event's name; empty for `message`, which is what one without a name is.
  std::string_view name() const noexcept { return name_ == "message" ? std::string_view() : name_; }
  /// The last id that has come, whether with this event or with one before.
  std::string_view id() const noexcept { return id_; }
  /// How long to wait before coming back, as the stream has said; 0: it has not.
  std::chrono::milliseconds retry() const noexcept { return retry_; }

 private:
  static constexpr std::size_t longest_name = 16;  // of a field, with what is behind it

  bool next_line(std::string_view& line);
  void take_field(std::string_view line);

  std::size_t max_item_;
  Buffer data_;
  bool has_data_ = false;
  bool dispatched_ = false;
  bool behind_return_ = false;  // a line feed that comes now is a part of the end of the line before
  std::string name_;
  std::string id_;
  std::string next_id_;
  std::chrono::milliseconds retry_{0};
};

}  // namespace coyield::generators
