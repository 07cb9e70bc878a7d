#include <coyield/server/health.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/url/parse.hpp>
#include <chrono>
#include <coyield/handlers/application.hpp>
#include <ostream>

namespace coyield::server {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::seconds patience(5);

/// A request of HTTP/1.0, whose answer ends with the connection.
struct Question {
  explicit Question(const boost::urls::url_view& url)
      : host(url.encoded_host()), port(url.has_port() ? std::string(url.port()) : "80") {
    request = "GET " + std::string(handlers::health_path) + " HTTP/1.0\r\nHost: " + host + "\r\n\r\n";
  }

  void ask() {
    resolver.async_resolve(host, port, [this](const auto& error, const auto& found) {
      if (failed(error)) return;
      asio::async_connect(socket, found, [this](const auto& connect_error, const tcp::endpoint& /*to*/) {
        if (failed(connect_error)) return;
        asio::async_write(socket, asio::buffer(request),
                          [this](const auto& write_error, std::size_t /*size*/) {
                            if (failed(write_error)) return;
                            asio::async_read(socket, asio::dynamic_buffer(answer, 64 * 1024),
                                             [this](const auto& read_error, std::size_t /*size*/) {
                                               if (read_error == asio::error::eof) {
                                                 complete = true;
                                               } else {
                                                 failed(read_error);
                                               }
                                             });
                          });
      });
    });
    io.run_for(patience);
  }

  bool failed(const boost::system::error_code& error) {
    if (error) reason = error.message();
    return static_cast<bool>(error);
  }

  std::string host;
  std::string port;
  std::string request;
  std::string answer;
  std::string reason = "no answer in time";
  bool complete = false;
  asio::io_context io;
  tcp::resolver resolver{io};
  tcp::socket socket{io};
};

}  // namespace

bool ask_health(const std::string& url, std::ostream& out) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed || parsed->scheme() != "http") {
    out << "\"" << url << "\" is not the address of a server; write http://127.0.0.1:8080\n";
    return false;
  }
  Question question(*parsed);
  question.ask();
  if (!question.complete) {
    out << url << ": " << question.reason << '\n';
    return false;
  }
  const std::size_t body = question.answer.find("\r\n\r\n");
  if (body != std::string::npos) out << question.answer.substr(body + 4);
  return question.answer.starts_with("HTTP/1.1 200 ");
}

}  // namespace coyield::server
