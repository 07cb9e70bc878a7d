#include <coyield/server/connections/connection.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace coyield::server {

namespace {

constexpr std::size_t kept_capacity = 4096;

/// What a socket holds as it comes from the acceptor. The kernel doubles what it is told.
constexpr std::size_t narrow_bytes = 128 * 1024;
constexpr int wide_send_buffer_bytes = 128 * 1024;

ssize_t send_parts(int socket, const Outgoing& bytes, int flags) {
  std::array<::iovec, 3> parts;
  std::size_t count = 0;
  for (const std::string_view part : {bytes.front, bytes.lent, bytes.back})
    parts[count++] = {.iov_base = const_cast<char*>(part.data()), .iov_len = part.size()};
  ::msghdr message = {};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  return ::sendmsg(socket, &message, flags);
}

}  // namespace

Connection::Connection(generators::Loop& loop, Readiness& readiness, Holdings& holdings, Arrival arrival)
    : loop_(loop),
      readiness_(readiness),
      holdings_(holdings),
      socket_(std::move(arrival.descriptor)),
      alarm_(*this),
      peer_(std::move(arrival.peer)),
      place_(std::move(arrival.place)),
      loopback_(arrival.loopback),
      proxy_(arrival.proxy),
      local_(arrival.family == AF_UNIX),
      handed_over_(arrival.handed_over) {
  readiness_.add(socket_.get(), *this);
}

Connection::~Connection() {
  close();
  holdings_.remove(held());
}

void Connection::speak_for(std::string client, AddressLimit::Place place) {
  client_ = std::make_unique<std::string>(std::move(client));
  place_ = std::move(place);
}

void Connection::speak_for_itself() noexcept {
  client_.reset();
  place_ = AddressLimit::Place();
}

Connection::Read Connection::read_some(std::span<char> into) {
  if (!put_back_.empty()) return read_put_back(into);
  for (;;) {
    const ssize_t size = ::recv(socket_.get(), into.data(), into.size(), MSG_DONTWAIT);
    if (size > 0) {
      // Less than there was room for was all: whatever comes next is a news of its own, if it has not come.
      readable_ = ends_ || static_cast<std::size_t>(size) == into.size();
      return {ReadStatus::bytes, static_cast<std::size_t>(size)};
    }
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      readable_ = false;
      return {ReadStatus::nothing};
    }
    return {ReadStatus::closed};
  }
}

void Connection::put_back(std::span<const char> bytes) {
  if (bytes.empty()) return;
  generators::Buffer all(bytes.size() + put_back_.size());
  all.append({bytes.data(), bytes.size()});
  all.append(put_back_.view());
  put_back_ = std::move(all);
  hold(Held::unread, put_back_.capacity());
  readable_ = true;
}

Connection::Read Connection::read_put_back(std::span<char> into) {
  const std::size_t size = std::min(into.size(), put_back_.size());
  std::memcpy(into.data(), put_back_.data(), size);
  if (size == put_back_.size()) {
    put_back_.release();
  } else {
    put_back_.consume(size);
  }
  hold(Held::unread, put_back_.capacity());
  return {ReadStatus::bytes, size};
}

void Connection::happened(Happened what) noexcept {
  const bool awaited =
      (what.readable && reading_) || (what.writable && writing_) || (what.broken && breaking_);
  readable_ |= what.readable;
  ends_ |= what.ends;
  broken_ |= what.broken;
  if (what.readable) reading_ = false;
  if (what.writable) writing_ = false;
  if (awaited) wake_.set();
}

void Connection::make_room_for(std::size_t bytes) noexcept {
  if (wide_ || bytes <= narrow_bytes) [[likely]]
    return;
  wide_ = true;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &wide_send_buffer_bytes, sizeof wide_send_buffer_bytes);
}

/// How many bytes the socket took; -1 when the client has left.
long Connection::write_some(const Outgoing& bytes) {
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  for (;;) {
    const ssize_t size = bytes.size() == bytes.front.size()
                             ? ::send(socket_.get(), bytes.front.data(), bytes.front.size(), flags)
                             : send_parts(socket_.get(), bytes, flags);
    if (size >= 0) {
      sent_ += static_cast<std::uint64_t>(size);
      return size;
    }
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
  }
}

bool Connection::send(Outgoing bytes) {
  if (unsent() == 0) {
    make_room_for(bytes.size());
    while (!bytes.empty()) {
      const long taken = write_some(bytes);
      if (taken < 0) return false;
      if (taken == 0) break;
      bytes.remove_prefix(static_cast<std::size_t>(taken));
    }
  }
  if (bytes.empty()) return true;
  // What was sent is dropped as well where `unsent` never comes down to nothing.
  if (unsent_begin_ > unsent()) {
    unsent_.consume(unsent_begin_);
    unsent_begin_ = 0;
  }
  for (const std::string_view part : {bytes.front, bytes.lent, bytes.back}) unsent_.append(part);
  hold(Held::unsent, unsent_.capacity());
  writing_ = true;
  return true;
}

bool Connection::send_unsent() {
  if (dropped_) return false;
  while (unsent() != 0 && !writing_) {
    const long taken = write_some(unsent_.view().substr(unsent_begin_));
    if (taken < 0) return false;
    if (taken == 0) {
      writing_ = true;
      return true;
    }
    unsent_begin_ += static_cast<std::size_t>(taken);
  }
  if (unsent() == 0 && unsent_begin_ != 0) {
    unsent_begin_ = 0;
    unsent_.clear();
    if (unsent_.capacity() > kept_capacity) unsent_.release();
    hold(Held::unsent, unsent_.capacity());
  }
  return true;
}

void Connection::wake_at(std::chrono::nanoseconds due) {
  if (alarm_.scheduled() && alarm_.due <= due) return;
  alarm_.due = due;
  loop_.at(due, alarm_);
}

void Connection::wake_soon() {
  alarm_.due = std::chrono::nanoseconds::min();
  loop_.soon(alarm_);
}

void Connection::hold_pages(Held what, std::uint32_t pages) {
  const std::uint32_t before = std::exchange(held_[static_cast<std::size_t>(what)], pages);
  if (pages > before) {
    holdings_.add((pages - before) * page);
  } else {
    holdings_.remove((before - pages) * page);
  }
}

std::size_t Connection::held() const noexcept {
  std::size_t pages = 0;
  for (const std::uint32_t one : held_) pages += one;
  return pages * page;
}

void Connection::shutdown_sending() noexcept { ::shutdown(socket_.get(), SHUT_WR); }

void Connection::close() noexcept {
  alarm_.cancel();
  if (!socket_) return;
  readiness_.remove(socket_.get());
  socket_ = generators::FileDescriptor();
}

Arrival Connection::hand_over(generators::Buffer received) {
  alarm_.cancel();
  readiness_.remove(socket_.get());
  return {.descriptor = std::move(socket_),
          .family = local_ ? AF_UNIX : 0,
          .peer = peer_,
          .loopback = loopback_,
          .handed_over = true,
          .received = std::move(received)};
}

void Connection::cut_on_close(bool cut) noexcept {
  const ::linger option{.l_onoff = cut, .l_linger = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &option, sizeof option);
}

void Connection::reset() noexcept {
  cut_on_close(true);
  close();
}

void Connection::drop() noexcept {
  dropped_ = true;
  reset();
  unsent_.release();
  unsent_begin_ = 0;
  put_back_.release();
  hold(Held::unsent, 0);
  hold(Held::unread, 0);
  readable_ = true;  // there is the end to be read
  wake_.set();
}

}  // namespace coyield::server
