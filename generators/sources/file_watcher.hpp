#pragma once

#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/intrusive/list.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/loop.hpp>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

namespace coyield::generators {

class FileWatcher;

/// One file or directory that somebody watches. Destroying it ends that. It must not be moved, and `event`
/// must outlive it.
class FileWatch
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  FileWatch(FileWatcher& watcher, Event& event) noexcept : watcher_(watcher), event_(event) {}
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;
  ~FileWatch() { stop(); }

  /// Watches what is open as `descriptor`, which need not stay open, instead of what it watched before:
  /// writing to the file; files that come, go and are renamed in the directory; or that, and writing to any
  /// of them. Throws `Failure(unavailable)` when the system's limits are reached, and `forbidden` without the
  /// permission.
  void file(int descriptor);
  void directory(int descriptor);
  void content(int descriptor);
  void stop() noexcept;

  /// Whether something has happened since the last call. True at first: what happened before is not known.
  bool take() noexcept { return std::exchange(happened_, false); }
  /// Something may have happened that nobody told.
  void touch() noexcept { happened_ = true; }
  /// What it watched is no longer there, or has been moved elsewhere.
  bool gone() const noexcept { return gone_; }

 private:
  friend class FileWatcher;
  void start(int descriptor, std::uint32_t mask);

  FileWatcher& watcher_;
  Event& event_;
  int number_ = -1;
  std::uint32_t mask_ = 0;
  bool happened_ = true;
  bool gone_ = false;
};

/// Says when something happens to a file or in a directory, by inotify: one descriptor for all that is
/// watched on an `io_context`, since a user may have few of them.
///
///     Event changed;
///     FileWatch watch(FileWatcher::of(executor), changed);
///     watch.directory(descriptor);
///     co_await changed.wait();
///     if (watch.take()) ...                  // something happened in that directory
///
/// Of what several watch, each is told what it asked for. When events were lost because there were too many,
/// all are told that something may have happened.
///
/// A service of its `io_context`, made by the first `of`, used on its thread alone. While anything is
/// watched, `io_context::run` does not return. Network file systems do not say what other machines do.
class FileWatcher final : public asio::execution_context::service {
 public:
  using key_type = FileWatcher;
  static inline asio::execution_context::id id;

  static FileWatcher& of(const Executor& executor);

  explicit FileWatcher(asio::execution_context& context);
  ~FileWatcher() override;

 private:
  friend class FileWatch;
  using Watches = boost::intrusive::list<FileWatch, boost::intrusive::constant_time_size<false>>;

  int add(int descriptor, std::uint32_t mask);
  void enter(int number, FileWatch& watch);
  void leave(int number) noexcept;
  void open();
  void listen();
  void read_events();
  void tell(int number, std::uint32_t mask) noexcept;
  void shutdown() override;

  asio::io_context& context_;
  std::optional<asio::posix::stream_descriptor> inotify_;
  std::unordered_map<int, Watches> watched_;
  bool listening_ = false;
};

}  // namespace coyield::generators
