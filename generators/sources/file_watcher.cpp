#include <coyield/generators/sources/file_watcher.hpp>

#include <sys/inotify.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <coyield/generators/failure.hpp>
#include <cstring>
#include <string>
#include <utility>

namespace coyield::generators {

namespace {

constexpr std::uint32_t file_mask = IN_MODIFY | IN_MOVE_SELF;
constexpr std::uint32_t directory_mask =
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;
// What is written by way of a mapping shows when the file is closed; IN_ATTRIB is for touch(1).
constexpr std::uint32_t content_mask = directory_mask | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;
// What the system says unasked.
constexpr std::uint32_t always = IN_IGNORED | IN_UNMOUNT | IN_Q_OVERFLOW;

[[noreturn]] void fail(int error) {
  if (error == EACCES) {
    throw Failure(FailureKind::forbidden,
                  "the directory of this file may not be read, so the file cannot be followed");
  }
  throw Failure(FailureKind::unavailable,
                "no more files can be followed at the moment: the system's limit on inotify is reached");
}

}  // namespace

FileWatcher& FileWatcher::of(const Executor& executor) {
  return asio::use_service<FileWatcher>(executor.context());
}

FileWatcher::FileWatcher(asio::execution_context& context)
    : service(context), context_(static_cast<asio::io_context&>(context)) {}

FileWatcher::~FileWatcher() = default;

void FileWatcher::open() {
  if (inotify_) return;
  const int opened = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (opened < 0) fail(errno);
  inotify_.emplace(context_, opened);
}

/// By what is open, since its name may be another's by now. The same file has the same number each time, and
/// one mask for all who watch it.
int FileWatcher::add(int descriptor, std::uint32_t mask) {
  open();
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  const int number = ::inotify_add_watch(inotify_->native_handle(), path.c_str(), mask | IN_MASK_ADD);
  if (number < 0) fail(errno);
  return number;
}

void FileWatcher::enter(int number, FileWatch& watch) {
  watched_[number].push_back(watch);
  listen();
}

void FileWatcher::leave(int number) noexcept {
  const auto found = watched_.find(number);
  if (found == watched_.end() || !found->second.empty()) return;
  watched_.erase(found);
  if (!inotify_) return;  // the io_context is going away
  ::inotify_rm_watch(inotify_->native_handle(), number);
  boost::system::error_code ignored;
  if (watched_.empty()) inotify_->cancel(ignored);  // it must not keep the io_context running
}

void FileWatcher::listen() {
  if (listening_) return;
  listening_ = true;
  inotify_->async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                         listening_ = false;
                         if (!error) read_events();
                         if (!watched_.empty()) listen();
                       });
}

void FileWatcher::read_events() {
  alignas(inotify_event) char events[4096];
  for (;;) {
    const ssize_t n = ::read(inotify_->native_handle(), events, sizeof events);
    if (n <= 0) return;
    for (ssize_t at = 0; at < n;) {
      inotify_event event;
      std::memcpy(&event, events + at, sizeof event);
      at += static_cast<ssize_t>(sizeof event + event.len);
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        for (auto& watched : watched_) tell(watched.first, IN_Q_OVERFLOW);
      } else {
        tell(event.wd, event.mask);
      }
    }
  }
}

void FileWatcher::tell(int number, std::uint32_t mask) noexcept {
  const auto found = watched_.find(number);
  if (found == watched_.end()) return;
  for (FileWatch& watch : found->second) {
    if ((mask & (watch.mask_ | always)) == 0) continue;
    watch.happened_ = true;
    if ((mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) != 0) watch.gone_ = true;
    watch.event_.set();  // resumes nobody yet
  }
}

void FileWatcher::shutdown() { inotify_.reset(); }

void FileWatch::file(int descriptor) { start(descriptor, file_mask); }
void FileWatch::directory(int descriptor) { start(descriptor, directory_mask); }
void FileWatch::content(int descriptor) { start(descriptor, content_mask); }

void FileWatch::start(int descriptor, std::uint32_t mask) {
  const int number = watcher_.add(descriptor, mask);
  const int before = std::exchange(number_, number);
  if (is_linked()) unlink();
  watcher_.enter(number, *this);
  if (before >= 0 && before != number) watcher_.leave(before);
  mask_ = mask;
  happened_ = true;
  gone_ = false;
}

void FileWatch::stop() noexcept {
  if (number_ < 0) return;
  if (is_linked()) unlink();
  watcher_.leave(std::exchange(number_, -1));
}

}  // namespace coyield::generators
