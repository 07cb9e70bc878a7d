#include <coyield/server/connections/readiness.hpp>

#include <fcntl.h>
#include <sys/epoll.h>

#include <array>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <coyield/server/connections/connection.hpp>

namespace coyield::server {

namespace {

/// Between two looks at the other things that the loop has to do.
constexpr int events_at_once = 128;

[[noreturn]] void fail() {
  throw boost::system::system_error(errno, boost::system::system_category(), "epoll");
}

}  // namespace

Readiness::Readiness() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) fail();
}

/// The wait owns a descriptor of its own, and goes with the loop; the sockets are taken out of this one until
/// the last of them has gone, which may be later.
void Readiness::start(generators::Loop& loop) {
  generators::FileDescriptor same(::fcntl(epoll_.get(), F_DUPFD_CLOEXEC, 0));
  if (!same) fail();
  auto own = std::make_shared<Descriptor>(loop.executor(), same.get());
  same.release();
  watch(std::move(own));
}

void Readiness::add(int socket, Connection& connection) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &connection}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &event) != 0) fail();
}

void Readiness::remove(int socket) noexcept {
  epoll_event ignored{};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket, &ignored);
}

void Readiness::watch(std::shared_ptr<Descriptor> own) {
  Descriptor& descriptor = *own;
  descriptor.async_wait(Descriptor::wait_read,
                        [this, owned = std::move(own)](const boost::system::error_code& error) mutable {
                          if (error) return;
                          look();
                          watch(std::move(owned));
                        });
}

/// What does not fit is still there at the next wait.
void Readiness::look() noexcept {
  std::array<epoll_event, events_at_once> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), events_at_once, 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    constexpr std::uint32_t over = EPOLLERR | EPOLLHUP;
    static_cast<Connection*>(event.data.ptr)
        ->happened({.readable = (event.events & (EPOLLIN | EPOLLRDHUP | over)) != 0,
                    .writable = (event.events & (EPOLLOUT | over)) != 0,
                    .ends = (event.events & (EPOLLRDHUP | over)) != 0,
                    .broken = (event.events & over) != 0});
  }
}

}  // namespace coyield::server
