#include "connection.hpp"

#include <stdexcept>

namespace coyield::bench {

void Connection::open(int source) {
  socket_ = start_connect(plan_.server, source);
  asked_ = try_send(socket_, plan_.request);
  poller_.add(socket_, this, asked_ && !plan_.next_piece ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void Connection::ask() {
  head_ = {};
  chunks_ = {};
  checker_ = ItemChecker(plan_.numbers);
  body_done_ = closed_ = false;
  if (socket_ && !try_send(socket_, plan_.request)) throw std::runtime_error("the request does not fit");
}

void Connection::on_ready(char* buffer, std::size_t size) {
  if (!asked_) {
    send_request();
    return;
  }
  if (plan_.next_piece && !body_sent_) send_body();
  const Received received = try_receive(socket_, buffer, size);
  if (received.ended) return ended();
  bytes_ += received.size;
  take({buffer, received.size});
}

void Connection::send_request() {
  asked_ = try_send(socket_, plan_.request);
  if (asked_ && !plan_.next_piece) poller_.modify(socket_, this, EPOLLIN);
}

void Connection::send_body() {
  if (unsent_.empty()) unsent_ = plan_.next_piece();
  body_sent_ = unsent_.empty();
  if (body_sent_) return poller_.modify(socket_, this, EPOLLIN);
  unsent_.remove_prefix(send_part(socket_, unsent_));
}

void Connection::ended() {
  if (!body_done_) throw std::runtime_error("the server cut the stream");
  closed_ = true;
}

void Connection::take(std::string_view bytes) {
  if (!head_.complete()) {
    bytes.remove_prefix(head_.feed(bytes));
    if (!head_.complete()) return;
    length_left_ = head_.content_length();
  }
  if (!bytes.empty()) take_body(bytes);
}

void Connection::take_body(std::string_view bytes) {
  if (body_done_) throw std::runtime_error("bytes behind the end of the response");
  const auto sink = [this](const char* data, std::size_t size) { payload(data, size); };
  switch (head_.framing()) {
    case Framing::upgraded:
      frames_.feed(bytes.data(), bytes.size(), *this);
      body_done_ = frames_.closed();
      if (body_done_ && !plan_.may_close) throw std::runtime_error("the server closed the WebSocket");
      return;
    case Framing::until_close:  // endless ones only: whether another is whole, nobody knows
      return payload(bytes.data(), bytes.size());
    case Framing::chunked:
      bytes.remove_prefix(chunks_.feed(bytes.data(), bytes.size(), sink));
      body_done_ = chunks_.done();
      break;
    case Framing::length: {
      const auto part = std::min(bytes.size(), length_left_);
      payload(bytes.data(), part);
      bytes.remove_prefix(part);
      length_left_ -= part;
      body_done_ = length_left_ == 0;
    }
  }
  if (!bytes.empty()) throw std::runtime_error("bytes behind the end of the response");
}

void Connection::payload(const char* data, std::size_t size) {
  if (plan_.on_piece) plan_.on_piece({data, size});
  if (plan_.on_event) return events({data, size});
  if (plan_.check_items && !checker_.finished()) checker_.lines({data, size});
  if (plan_.count_lines) items_ += count_lines(data, size);
}

/// Lines, cut anywhere, of which those with data are items.
void Connection::events(std::string_view bytes) {
  constexpr std::string_view data = "data: ";
  for (;;) {
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos) break;
    std::string_view line = bytes.substr(0, end);
    if (!partial_.empty()) line = partial_.append(line);
    if (line.starts_with(data)) {
      ++items_;
      item(plan_.on_event, line.substr(data.size()));
    }
    partial_.clear();
    bytes.remove_prefix(end + 1);
  }
  partial_.append(bytes);
}

void Connection::message(std::string_view bytes, bool ends) {
  if (plan_.check_items && !checker_.finished()) checker_.message(bytes, ends);
  if (!plan_.on_message) return;
  partial_.append(bytes);
  if (!ends) return;
  item(plan_.on_message, partial_);
  partial_.clear();
}

void Connection::item(const std::function<void(std::string_view)>& take, std::string_view text) {
  if (plan_.check_all) sequence_.item(text);
  take(text);
}

void Connection::ping(std::string_view payload) {
  if (!try_send(socket_, pong(payload))) throw std::runtime_error("the pong does not fit");
}

}  // namespace coyield::bench
