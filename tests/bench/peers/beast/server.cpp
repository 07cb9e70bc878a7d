// A peer: Boost.Beast with asio::awaitable, written the ordinary way, one write for each item.
//     beast_server PORT FILE
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <limits>
#include <optional>
#include <string>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using SystemClock = std::chrono::system_clock;

using Request = http::request<http::empty_body>;

/// What an endpoint is made of: when items come and how many.
struct Endpoint {
  std::chrono::nanoseconds interval{0};
  std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
};

std::optional<Endpoint> find_endpoint(std::string_view path) {
  if (path == "/ndjson" || path == "/ws") return Endpoint{};
  if (path == "/short") return Endpoint{std::chrono::nanoseconds(0), 10};
  if (path == "/tick") return Endpoint{std::chrono::seconds(1)};
  if (path == "/quiet") return Endpoint{std::chrono::hours(1)};
  return std::nullopt;
}

/// Makes the items of an endpoint: each with the time at which it was due.
class Ticker {
 public:
  explicit Ticker(Endpoint endpoint) : endpoint_(endpoint) {}
  bool at_end() const { return i_ == endpoint_.count; }

  awaitable<std::string> next() {
    auto due = SystemClock::now();
    if (endpoint_.interval.count() > 0) {
      due = start_ + std::chrono::duration_cast<SystemClock::duration>(endpoint_.interval * i_);
      asio::basic_waitable_timer<SystemClock> timer(co_await asio::this_coro::executor, due);
      if (i_ > 0) co_await timer.async_wait(use_awaitable);
    }
    co_return "{\"i\":" + std::to_string(i_++) +
        ",\"ts\":" + std::to_string(std::chrono::nanoseconds(due.time_since_epoch()).count()) + "}";
  }

 private:
  Endpoint endpoint_;
  std::uint64_t i_ = 0;
  SystemClock::time_point start_ = SystemClock::now();
};

awaitable<void> send_head(beast::tcp_stream& stream, const Request& request, const char* type) {
  http::response<http::empty_body> response(http::status::ok, request.version());
  response.set(http::field::content_type, type);
  response.keep_alive(request.keep_alive());
  response.chunked(true);
  http::response_serializer<http::empty_body> serializer(response);
  co_await http::async_write_header(stream, serializer, use_awaitable);
}

awaitable<void> send_chunk(beast::tcp_stream& stream, const std::string& text) {
  co_await asio::async_write(stream, http::make_chunk(asio::buffer(text)), use_awaitable);
}

awaitable<void> send_end(beast::tcp_stream& stream) {
  co_await asio::async_write(stream, http::make_chunk_last(), use_awaitable);
}

awaitable<void> stream_items(beast::tcp_stream& stream, const Request& request, Endpoint endpoint, bool sse) {
  co_await send_head(stream, request, sse ? "text/event-stream" : "application/x-ndjson");
  Ticker ticker(endpoint);
  while (!ticker.at_end()) {
    const std::string item = co_await ticker.next();
    const std::string text = sse ? "data: " + item + "\n\n" : item + "\n";
    co_await send_chunk(stream, text);
  }
  co_await send_end(stream);
}

std::string quoted(const std::string& line) {
  std::string text = "\"";
  for (const char byte : line) {
    if (byte == '"' || byte == '\\') text += '\\';
    text += byte;
  }
  return text + "\"";
}

awaitable<void> stream_file(beast::tcp_stream& stream, const Request& request, const char* path,
                            bool as_text) {
  co_await send_head(stream, request, as_text ? "text/plain" : "application/x-ndjson");
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::string text = (as_text ? line : quoted(line)) + "\n";
    co_await send_chunk(stream, text);
  }
  co_await send_end(stream);
}

awaitable<void> stream_messages(beast::tcp_stream stream, Request request, Endpoint endpoint) {
  websocket::stream<beast::tcp_stream> socket(std::move(stream));
  beast::get_lowest_layer(socket).expires_never();
  co_await socket.async_accept(request, use_awaitable);
  Ticker ticker(endpoint);
  while (!ticker.at_end()) {
    const std::string item = co_await ticker.next();
    co_await socket.async_write(asio::buffer(item), use_awaitable);
  }
  co_await socket.async_close(websocket::close_code::normal, use_awaitable);
}

awaitable<void> refuse(beast::tcp_stream& stream, const Request& request) {
  http::response<http::empty_body> response(http::status::not_found, request.version());
  response.keep_alive(request.keep_alive());
  response.prepare_payload();
  co_await http::async_write(stream, response, use_awaitable);
}

awaitable<void> serve_client(tcp::socket socket, const char* file) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer;
  for (bool keep_alive = true; keep_alive;) {
    Request request;
    co_await http::async_read(stream, buffer, request, use_awaitable);
    keep_alive = request.keep_alive();
    const std::string target(request.target());
    const std::string path = target.substr(0, target.find('?'));
    const auto endpoint = find_endpoint(path);
    if (endpoint && websocket::is_upgrade(request)) {
      co_return co_await stream_messages(std::move(stream), std::move(request), *endpoint);
    }
    if (endpoint) {
      co_await stream_items(stream, request, *endpoint, target.find("format=sse") != std::string::npos);
    } else if (path == "/file") {
      co_await stream_file(stream, request, file, target.find("format=text") != std::string::npos);
    } else {
      co_await refuse(stream, request);
    }
  }
  beast::error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

awaitable<void> accept_clients(std::uint16_t port, const char* file) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor(executor, {asio::ip::address_v4::loopback(), port});
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(use_awaitable);
    socket.set_option(tcp::no_delay(true));
    // A client that leaves ends its coroutine with an exception, and nobody else's.
    asio::co_spawn(executor, serve_client(std::move(socket), file), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: beast_server PORT FILE\n";
    return 2;
  }
  asio::io_context context(1);
  asio::co_spawn(context, accept_clients(static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2]),
                 [](std::exception_ptr error) {
                   if (error) std::rethrow_exception(error);
                 });
  context.run();
}
