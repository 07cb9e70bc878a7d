#include <coyield/server/http/request_reader.hpp>

#include <algorithm>
#include <coyield/generators/sleep.hpp>

namespace coyield::server {

namespace {

/// An empty line or two before a request is to be passed over (RFC 9112, 2.2).
std::string_view without_leading_lines(std::string_view bytes) {
  while (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  return bytes;
}

}  // namespace

generators::Task<RequestReader::Result> RequestReader::next() {
  generators::Loop& loop = worker_.loop();
  const std::chrono::nanoseconds begin = loop.now();
  std::chrono::nanoseconds header_begin = kept_.empty() ? std::chrono::nanoseconds::max() : begin;
  bytes_ = kept_.view();
  for (;;) {
    if (!bytes_.empty()) {
      if (auto result = parse()) co_return *std::move(result);
      if (kept_.empty()) header_begin = std::chrono::nanoseconds::max();  // those were empty lines
      // They can go on for ever, and so must not have the thread, nor time that a silent client has not.
      if (auto result = give_up(begin, header_begin)) co_return *std::move(result);
      co_await generators::yield_now();
    }
    // Where nothing is known to be there, the wait says at once whether it is.
    const auto status = connection_.readable() ? read_more() : Connection::ReadStatus::nothing;
    if (status == Connection::ReadStatus::closed) co_return NoRequest{};
    if (status == Connection::ReadStatus::bytes) {
      if (header_begin == std::chrono::nanoseconds::max()) header_begin = loop.now();
      continue;
    }
    if (auto result = give_up(begin, header_begin)) co_return *std::move(result);
    connection_.watch_reading();
    connection_.wake_at(due(begin, header_begin));
    co_await connection_.wake().wait();
  }
}

/// Until when a request has to be there, or the rest of its header.
std::chrono::nanoseconds RequestReader::due(std::chrono::nanoseconds begin,
                                            std::chrono::nanoseconds header_begin) const {
  const config::Timeouts& timeouts = worker_.shared().config.timeouts;
  return kept_.empty() ? begin + timeouts.idle : header_begin + timeouts.header;
}

/// Whether there is nothing more to wait for.
std::optional<RequestReader::Result> RequestReader::give_up(std::chrono::nanoseconds begin,
                                                            std::chrono::nanoseconds header_begin) const {
  const bool idle = kept_.empty();
  if (worker_.stopping() || (worker_.draining() && idle)) return NoRequest{};
  if (worker_.loop().now() < due(begin, header_begin)) return std::nullopt;
  if (idle) return NoRequest{};
  return RequestFault{408, "the header did not arrive in time"};
}

Connection::ReadStatus RequestReader::read_more() {
  const auto read = connection_.read_some(worker_.in());
  if (read.status != Connection::ReadStatus::bytes) return read.status;
  const std::string_view fresh(worker_.in().data(), read.size);
  if (kept_.empty()) {
    bytes_ = fresh;
  } else {
    kept_.append(fresh);
    bytes_ = kept_.view();
  }
  return read.status;
}

/// A whole header, a fault, or nothing: then what there is of it is kept.
std::optional<RequestReader::Result> RequestReader::parse() {
  bytes_ = without_leading_lines(bytes_);
  if (bytes_.empty() || bytes_ == "\r") {
    keep();
    return std::nullopt;
  }
  HeaderEnd end = find_header_end(bytes_, worker_.shared().config.limits);
  if (end.fault) return *std::move(end.fault);
  if (end.size == 0) {
    keep();
    return std::nullopt;
  }
  header_size_ = end.size;
  if (auto fault = parse_request(bytes_.substr(0, end.size), worker_.head())) return *std::move(fault);
  return Ready{};
}

/// What there is of a header that is not complete.
void RequestReader::keep() {
  const bool kept_already =
      kept_.view().data() <= bytes_.data() && bytes_.data() < kept_.view().data() + kept_.size();
  if (bytes_.empty()) {
    kept_.release();
  } else if (!kept_already) {
    kept_.append(bytes_);
  }
  bytes_ = {};
  count();
}

void RequestReader::consume() {
  keep_for_later(bytes_.substr(header_size_));
  bytes_ = {};
}

void RequestReader::keep_for_later(std::string_view bytes) {
  if (bytes.empty()) {
    kept_.release();
  } else {
    generators::Buffer kept(bytes.size());
    kept.append(bytes);
    kept_ = std::move(kept);
  }
  count();
}

generators::Buffer RequestReader::take_request() {
  generators::Buffer taken(bytes_.size());
  taken.append(bytes_);
  bytes_ = {};
  kept_.release();
  count();
  return taken;
}

generators::Buffer RequestReader::take_kept() {
  generators::Buffer taken = std::move(kept_);
  count();
  return taken;
}

void RequestReader::count() { connection_.hold(Connection::Held::request, kept_.capacity()); }

bool RequestReader::read_ahead() {
  for (;;) {
    const auto read = connection_.read_some(worker_.in());
    if (read.status == Connection::ReadStatus::nothing) return true;
    if (read.status == Connection::ReadStatus::closed) return false;
    if (kept_.size() + read.size > ahead_bytes) return false;
    kept_.append(std::string_view(worker_.in().data(), read.size));
    count();
  }
}

}  // namespace coyield::server
