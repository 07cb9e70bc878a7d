#include <coyield/generators/net/connection.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <coyield/config/units.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/sleep.hpp>
#include <optional>

namespace coyield::generators::net {

namespace {

using Socket = asio::generic::stream_protocol::socket;
using boost::system::error_code;
using boost::system::system_error;

/// What the system trusts, read once for each `io_context`: that takes a hundred times as long as a
/// connection.
class TrustedBySystem final : public asio::execution_context::service {
 public:
  using key_type = TrustedBySystem;
  static inline asio::execution_context::id id;

  explicit TrustedBySystem(asio::execution_context& context) : service(context) {}
  asio::ssl::context& tls() {
    if (!tls_) {
      tls_.emplace(asio::ssl::context::tls_client);
      tls_->set_default_verify_paths();
    }
    return *tls_;
  }

 private:
  void shutdown() override { tls_.reset(); }

  std::optional<asio::ssl::context> tls_;
};

void forbid_old_versions(asio::ssl::context& tls) {
  tls.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
}

void keep_alive(Socket& socket) {
  const int on = 1;
  const int first_after = 15;
  const int every = 5;
  const int times = 3;
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPIDLE, &first_after, sizeof first_after);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof times);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool is_address(const std::string& host) {
  error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

class Connection::Impl {
 public:
  explicit Impl(Loop& loop)
      : loop_(loop), resolver_(loop.executor()), socket_(loop.executor()), timer_(*this) {}

  void within(std::chrono::nanoseconds time) {
    allowed_ = time;
    loop_.after(time, timer_);
  }
  void at_leisure() { timer_.cancel(); }

  Task<void> open(Peer peer) {
    peer_ = std::move(peer);
    try {
      if (!peer_.socket.empty()) {
        const asio::local::stream_protocol::endpoint endpoint(peer_.socket);
        co_await socket_.async_connect(endpoint, asio::deferred);
      } else {
        co_await connect();
      }
      if (peer_.tls) co_await greet();
    } catch (const system_error& error) {
      fail("cannot be reached", error);
    }
  }

  Task<std::size_t> read(std::span<char> into) {
    const auto buffer = asio::buffer(into.data(), into.size());
    try {
      if (tls_) co_return co_await tls_->async_read_some(buffer, asio::deferred);
      co_return co_await socket_.async_read_some(buffer, asio::deferred);
    } catch (const system_error& error) {
      if (error.code() == asio::error::eof) co_return 0;
      fail("has broken off", error);
    }
  }

  Task<void> write(std::string_view bytes) {
    const auto buffer = asio::buffer(bytes.data(), bytes.size());
    try {
      if (tls_) {
        co_await asio::async_write(*tls_, buffer, asio::deferred);
      } else {
        co_await asio::async_write(socket_, buffer, asio::deferred);
      }
    } catch (const system_error& error) {
      fail("has broken off", error);
    }
  }

 private:
  /// Ends whatever is awaited.
  class Timer final : public Wakeup {
   public:
    explicit Timer(Impl& connection) noexcept : connection_(connection) {}

   private:
    void woken() override {
      connection_.late_ = true;
      connection_.resolver_.cancel();
      error_code ignored;
      connection_.socket_.cancel(ignored);
    }
    Impl& connection_;
  };

  Task<void> connect() {
    const auto found = co_await resolver_.async_resolve(peer_.host, peer_.port, asio::deferred);
    error_code last = asio::error::host_not_found;
    for (const auto& each : found) {
      const asio::generic::stream_protocol::endpoint endpoint(each.endpoint());
      error_code error;
      if (socket_.is_open()) socket_.close(error);
      last = co_await connected_to(endpoint);
      if (!last) {
        keep_alive(socket_);
        co_return;
      }
      if (late_) break;
    }
    throw system_error(last);
  }
  Task<error_code> connected_to(asio::generic::stream_protocol::endpoint endpoint) {
    error_code failed;
    try {
      co_await socket_.async_connect(endpoint, asio::deferred);
    } catch (const system_error& error) {
      failed = error.code();
    }
    co_await check_cancelled();
    co_return failed;
  }

  Task<void> greet() {
    if (peer_.authorities.empty()) {
      auto& service = asio::use_service<TrustedBySystem>(loop_.executor().context());
      forbid_old_versions(service.tls());
      tls_.emplace(socket_, service.tls());
    } else {
      own_.emplace(asio::ssl::context::tls_client);
      forbid_old_versions(*own_);
      own_->load_verify_file(peer_.authorities);
      tls_.emplace(socket_, *own_);
    }
    SSL* const ssl = tls_->native_handle();
    // RFC 6066: an address is no name that a server could be asked for.
    if (!is_address(peer_.host)) SSL_set_tlsext_host_name(ssl, peer_.host.c_str());
    static constexpr unsigned char http[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_set_alpn_protos(ssl, http, sizeof http);
    tls_->set_verify_mode(asio::ssl::verify_peer);
    tls_->set_verify_callback(asio::ssl::host_name_verification(peer_.host));
    co_await tls_->async_handshake(asio::ssl::stream_base::client, asio::deferred);
  }

  std::string name() const { return peer_.socket.empty() ? peer_.host + ":" + peer_.port : peer_.socket; }
  [[noreturn]] void fail(const char* what, const system_error& error) const {
    if (late_) {
      throw Failure(FailureKind::upstream,
                    name() + " has not answered within " + config::format_duration(allowed_));
    }
    if (error.code() == asio::error::operation_aborted) throw error;
    std::string why = error.code().message();
    if (error.code() == asio::ssl::error::stream_truncated) why = "the end came without a word";
    throw Failure(FailureKind::upstream, name() + " " + what + ": " + why);
  }

  Loop& loop_;
  Peer peer_;
  asio::ip::tcp::resolver resolver_;
  Socket socket_;
  std::optional<asio::ssl::context> own_;
  std::optional<asio::ssl::stream<Socket&>> tls_;
  Timer timer_;
  std::chrono::nanoseconds allowed_{};
  bool late_ = false;
};

Connection::Connection(Loop& loop) : impl_(std::make_unique<Impl>(loop)) {}
Connection::~Connection() = default;

void Connection::within(std::chrono::nanoseconds time) { impl_->within(time); }
void Connection::at_leisure() { impl_->at_leisure(); }
Task<void> Connection::open(Peer peer) { return impl_->open(std::move(peer)); }
Task<std::size_t> Connection::read(std::span<char> into) { return impl_->read(into); }
Task<void> Connection::write(std::string_view bytes) { return impl_->write(bytes); }

}  // namespace coyield::generators::net
