#include <coyield/server/connections/refusals.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <coyield/handlers/response.hpp>
#include <string_view>

namespace coyield::server {

namespace {

using namespace std::chrono_literals;
using generators::FileDescriptor;

constexpr std::chrono::seconds patience = 1s;
constexpr std::chrono::milliseconds sweep_interval = 50ms;
constexpr std::chrono::seconds log_interval = 1s;

std::string whole_response(std::string_view detail) {
  const handlers::Response response = handlers::problem(503, detail);
  const std::string& body = std::get<std::string>(response.body);
  return "HTTP/1.1 503 Service Unavailable\r\n" + response.fields.text() +
         "Retry-After: 5\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string_view text_for(Refusals::Reason reason) {
  static const std::string all = whole_response("the server has all the connections that it may have");
  static const std::string address =
      whole_response("your address has all the connections that it may have here");
  return reason == Refusals::Reason::all ? all : address;
}

/// Throws away what the client has said. True once it has nothing more to say.
bool has_left(const FileDescriptor& descriptor) noexcept {
  std::array<char, 4096> bytes;
  for (int i = 0; i < 4; ++i) {
    const ssize_t size = ::recv(descriptor.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size > 0) continue;
    return size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
  }
  return false;
}

}  // namespace

void Refusals::refuse(Arrival arrival, Reason reason) {
  const std::string_view text = text_for(reason);
  // A fresh socket has room for all of it.
  ::send(arrival.descriptor.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(arrival.descriptor.get(), SHUT_WR);
  if (waiting_.size() >= most_waiting) {
    has_left(waiting_.front().descriptor);  // what it has asked is not to spoil what it was told
    waiting_.pop_front();
  }
  waiting_.push_back({std::move(arrival.descriptor), loop_.now() + patience});
  count(reason, arrival.peer);
  if (!scheduled()) loop_.after(sweep_interval, *this);
}

void Refusals::stop() noexcept {
  cancel();
  waiting_.clear();
}

void Refusals::count(Reason reason, const std::string& peer) {
  (reason == Reason::all ? counters_.refused_all : counters_.refused_address).add();
  ++unlogged_[static_cast<std::size_t>(reason)];
  last_peer_ = peer;
  write_log();
}

void Refusals::woken() {
  write_log();
  sweep();
  const bool silent = unlogged_[0] + unlogged_[1] == 0;
  if (!waiting_.empty() || !silent) loop_.after(sweep_interval, *this);
}

void Refusals::write_log() {
  if (loop_.now() < log_due_ || unlogged_[0] + unlogged_[1] == 0) return;
  log_.warning("refused", {{"over_max_connections", std::to_string(unlogged_[0])},
                           {"over_max_connections_per_address", std::to_string(unlogged_[1])},
                           {"last_client", last_peer_}});
  unlogged_ = {};
  log_due_ = loop_.now() + log_interval;
}

void Refusals::sweep() {
  const std::chrono::nanoseconds now = loop_.now();
  std::erase_if(waiting_, [now](const Waiting& one) { return now >= one.until || has_left(one.descriptor); });
}

}  // namespace coyield::server
