#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "lines.hpp"
#include "response.hpp"
#include "socket.hpp"

namespace coyield::bench {

/// What a connection asks for, the same for all of a run. Outlives them.
struct Plan {
  sockaddr_in server{};
  std::string request;
  bool check_items = true;  ///< the first 64 KiB are items of ours, and looked at byte by byte
  Numbers numbers = Numbers::from_zero;
  bool count_lines = true;   ///< a line of a body is an item
  bool check_all = false;    ///< the number of every event or message is looked at: none may be missing
  bool may_close = false;    ///< a WebSocket may be closed, with 1000, as the end
  bool await_close = false;  ///< the response is over when the server has closed, too
  /// The body of the request, a piece at a time for as long as the socket takes them; empty: it is complete.
  /// A piece stays valid until the next is asked for. The response is read meanwhile.
  std::function<std::string_view()> next_piece = {};
  std::function<void(std::string_view)> on_piece = {};  ///< every piece of the response's body, cut anywhere
  std::function<void(std::string_view)> on_message = {};  ///< every whole WebSocket message
  std::function<void(std::string_view)> on_event = {};    ///< the data of every event of an SSE stream
};

/// One client: connects, sends the request, and counts what comes. Told by the poller when it may go on.
class Connection {
 public:
  Connection(const Plan& plan, Poller& poller) : plan_(plan), poller_(poller), checker_(plan.numbers) {}

  /// Opens the socket and asks at once if that is possible.
  void open(int source);
  /// Asks again on the same connection, for the next response.
  void ask();
  /// Takes one read's worth. Throws std::runtime_error where the server breaks the protocol or the stream.
  void on_ready(char* buffer, std::size_t size);
  void close() { socket_.close(); }
  /// Takes nothing more, and stays.
  void stop_reading() { poller_.modify(socket_, this, 0); }

  bool answered() const { return head_.complete(); }
  /// The response has come to its proper end.
  bool done() const { return body_done_ && (!plan_.await_close || closed_); }
  std::uint64_t items() const { return items_ + frames_.messages(); }
  /// The number of the first item, where items are checked.
  std::uint64_t first_item() const { return checker_.first(); }
  std::uint64_t bytes() const { return bytes_; }

  // For the frame walker.
  bool wants_messages() const {
    return plan_.on_message || (plan_.check_items && !checker_.finished()) || !partial_.empty();
  }
  void message(std::string_view bytes, bool ends);
  void ping(std::string_view payload);

 private:
  void send_request();
  void send_body();
  void take(std::string_view bytes);
  void take_body(std::string_view bytes);
  void payload(const char* data, std::size_t size);
  void events(std::string_view bytes);
  void item(const std::function<void(std::string_view)>& take, std::string_view text);
  void ended();

  const Plan& plan_;
  Poller& poller_;
  Descriptor socket_;
  bool asked_ = false;
  bool body_done_ = false;
  bool closed_ = false;
  ResponseHead head_;
  ChunkWalker chunks_;
  FrameWalker frames_;
  ItemChecker checker_;
  Sequence sequence_;
  std::string partial_;
  std::string_view unsent_;  ///< of the body's last piece
  bool body_sent_ = false;
  std::size_t length_left_ = 0;
  std::uint64_t items_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace coyield::bench
