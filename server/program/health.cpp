#include <coyield/server/program/health.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
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

using Found = tcp::resolver::results_type::const_iterator;

constexpr std::chrono::seconds patience(5);

/// A request of HTTP/1.0, whose answer ends with the connection.
struct Question {
  explicit Question(const HealthTarget& target)
      : request("GET " + target.path + " HTTP/1.0\r\nHost: " + host_field(target) + "\r\n\r\n") {}

  static std::string host_field(const HealthTarget& target) {
    if (!target.socket.empty()) return "localhost";
    const bool v6 = target.host.find(':') != std::string::npos;
    return (v6 ? "[" + target.host + "]" : target.host) + ":" + target.port;
  }

  void ask(const HealthTarget& target) {
    if (target.socket.empty()) {
      resolver.async_resolve(target.host, target.port, [this](const auto& error, const auto& found) {
        if (!failed(error)) connect_to(found.begin(), found.end());
      });
    } else {
      const asio::local::stream_protocol::endpoint endpoint(target.socket);
      socket.async_connect(endpoint, [this](const auto& error) {
        if (!failed(error)) converse();
      });
    }
    io.run_for(patience);
  }

  /// To the first that takes it.
  void connect_to(const Found& at, const Found& end) {
    if (at == end) return;
    boost::system::error_code ignored;
    socket.close(ignored);
    const asio::generic::stream_protocol::endpoint endpoint(at->endpoint());
    socket.async_connect(endpoint, [this, at, end](const auto& error) {
      if (!failed(error)) {
        converse();
      } else {
        connect_to(std::next(at), end);
      }
    });
  }
  void converse() {
    asio::async_write(socket, asio::buffer(request), [this](const auto& error, std::size_t /*size*/) {
      if (!failed(error)) read();
    });
  }
  void read() {
    asio::async_read(socket, asio::dynamic_buffer(answer, 64 * 1024),
                     [this](const auto& error, std::size_t /*size*/) {
                       complete = error == asio::error::eof;
                       if (!complete) failed(error);
                     });
  }

  bool failed(const boost::system::error_code& error) {
    if (error) reason = error.message();
    return static_cast<bool>(error);
  }

  std::string request;
  std::string answer;
  std::string reason = "no answer in time";
  bool complete = false;
  asio::io_context io;
  tcp::resolver resolver{io};
  asio::generic::stream_protocol::socket socket{io};
};

std::string name_of(const HealthTarget& target) {
  return target.socket.empty() ? "http://" + Question::host_field(target) : "unix:" + target.socket;
}

HealthTarget target_at(const config::ListenAddress& address, std::string path) {
  if (address.kind == config::ListenAddress::Kind::unix_)
    return HealthTarget{.socket = address.path, .path = std::move(path)};
  std::string host = address.host;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  return HealthTarget{.host = std::move(host), .port = std::to_string(address.port), .path = std::move(path)};
}

}  // namespace

config::Checked<HealthTarget> parse_health_target(std::string_view text) {
  constexpr std::string_view unix_scheme = "unix:";
  const std::string health(handlers::health_path);
  if (text.starts_with(unix_scheme) && text.size() > unix_scheme.size())
    return HealthTarget{.socket = std::string(text.substr(unix_scheme.size())), .path = health};
  const bool has_scheme = text.find("://") != std::string_view::npos;
  const std::string with_scheme = (has_scheme ? "" : "http://") + std::string(text);
  const auto url = boost::urls::parse_uri(with_scheme);
  const bool complete = url && url->scheme() == "http" && !url->host_address().empty();
  if (!complete || (!has_scheme && !url->has_port())) {
    return config::Mistake{config::in_quotes(text) + " is not the address of a server",
                           "write http://127.0.0.1:8080, 127.0.0.1:8080 or unix:/run/coyield.sock"};
  }
  const std::string path(url->encoded_target());
  return HealthTarget{.host = url->host_address(),
                      .port = url->has_port() ? std::string(url->port()) : "80",
                      .path = path.empty() || path == "/" ? health : path};
}

HealthTarget health_target(const config::ServerConfig& config) {
  if (config.admin) return target_at(config.admin->listen, "/readyz");
  return target_at(config.listen.front(), std::string(handlers::health_path));
}

bool ask_health(const HealthTarget& target, std::ostream& out) {
  if (target.port == "0") {
    out << "the system picks the port of " << target.host << ":0; say which it was: coyield health "
        << target.host << ":PORT\n";
    return false;
  }
  Question question(target);
  question.ask(target);
  if (!question.complete) {
    out << name_of(target) << ": " << question.reason << '\n';
    return false;
  }
  const std::size_t body = question.answer.find("\r\n\r\n");
  if (body != std::string::npos) out << question.answer.substr(body + 4);
  return question.answer.starts_with("HTTP/1.1 200 ");
}

}  // namespace coyield::server
