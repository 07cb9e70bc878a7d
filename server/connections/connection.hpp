#pragma once

#include <array>
#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <chrono>
#include <coyield/generators/buffer.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/loop.hpp>
#include <coyield/server/connections/arrival.hpp>
#include <coyield/server/connections/outgoing.hpp>
#include <coyield/server/connections/readiness.hpp>
#include <coyield/server/memory_budget.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace coyield::server {

namespace asio = boost::asio;

/// One client's socket, and all that its session waits for.
///
/// A session never has an operation of Asio's in its coroutine: it looks at the socket without blocking, asks
/// to be woken, and waits for `wake()`. Whatever happens sets that one event: bytes to read, room to write, a
/// deadline, an item, the server's draining. So a session waits for any of them at once, and can be destroyed
/// at any moment.
///
/// An idle connection holds no buffer. What the socket does not take stands in `unsent`.
class Connection
    : public boost::intrusive_ref_counter<Connection, boost::thread_unsafe_counter>,
      public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  /// Takes over a connected socket. Throws boost::system::system_error when it cannot be watched. What is
  /// held for the client counts in `holdings`.
  Connection(generators::Loop& loop, Readiness& readiness, Holdings& holdings, Arrival arrival);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  generators::Loop& loop() const noexcept { return loop_; }
  /// The client's address, for the log: its own, or what a proxy says.
  const std::string& peer() const noexcept { return client_ ? *client_ : peer_; }
  /// It came to a loopback address of this machine.
  bool loopback() const noexcept { return loopback_; }
  /// It may say for which client it asks.
  bool proxy() const noexcept { return proxy_; }
  /// It came to the admin address, for the one request that has brought it to this thread.
  bool handed_over() const noexcept { return handed_over_; }
  /// The client that a proxy asks for, and its place, until the next `speak_for_itself`.
  void speak_for(std::string client, AddressLimit::Place place);
  void speak_for_itself() noexcept;
  generators::Event& wake() noexcept { return wake_; }

  /// What has become possible on the socket, or has come to pass.
  struct Happened {
    bool readable;
    bool writable;
    bool ends;    ///< no more comes: there will be no further news of it
    bool broken;  ///< nor can anything be sent
  };
  /// By `Readiness` alone.
  void happened(Happened what) noexcept;

  // Reading.

  enum class ReadStatus : unsigned char { bytes, nothing, closed };
  struct Read {
    ReadStatus status;
    std::size_t size = 0;
  };
  /// Reads what is there. `closed` is the end, orderly or not.
  Read read_some(std::span<char> into);
  /// Gives back the last bytes of what was read, for lack of room: they are the first to be read again.
  void put_back(std::span<const char> bytes);
  /// Wakes the session once there is something to read (or the end). While it is `readable`, nothing is
  /// watched: read first, or what comes is not noticed.
  void watch_reading() noexcept { reading_ = true; }
  /// Whether there may be something; `read_some` that did not fill its room clears it.
  bool readable() const noexcept { return readable_; }
  /// For a session that does not read, for want of room: wakes it when the connection breaks.
  void watch_breaking() noexcept { breaking_ = true; }
  /// Whether the other side has gone, so that nothing can be sent to it. The orderly end of its sending,
  /// behind what it has sent, is for who reads.
  bool broken() const noexcept { return dropped_ || broken_; }

  // Writing.

  /// Sends, and keeps what the socket does not take. False: the client has left. Where batches are larger
  /// than its buffer, that is made larger, up to twice: what it does not take would be copied, and stand here
  /// instead.
  bool send(Outgoing bytes);
  bool send(std::string_view bytes) { return send(Outgoing(bytes)); }
  /// Tries again with what was kept.
  bool send_unsent();
  std::size_t unsent() const noexcept { return unsent_.size() - unsent_begin_; }
  /// Bytes that the socket has taken so far.
  std::uint64_t sent() const noexcept { return sent_; }

  // Time.

  /// Wakes the session at `due`, or earlier: it looks at the clock itself. A deadline that is later than the
  /// one that stands costs nothing.
  void wake_at(std::chrono::nanoseconds due);
  /// Wakes the session as soon as the others of its thread have had their turn.
  void wake_soon();

  // Memory.

  /// What is held for the client, each kind counted for itself.
  enum class Held : unsigned char { unsent, unread, request, message, inbox, coding, count };
  /// From now on it is so many bytes. Counted in pages, so that little things cost nothing.
  void hold(Held what, std::size_t bytes) {
    const auto pages = static_cast<std::uint32_t>(bytes / page);
    if (pages != held_[static_cast<std::size_t>(what)]) [[unlikely]]
      hold_pages(what, pages);
  }
  /// All of it, in bytes.
  std::size_t held() const noexcept;

  // Ending.

  /// Gives up the socket, as that of a client that comes to another thread, with what it has sent and nobody
  /// has answered. The session has to end.
  Arrival hand_over(generators::Buffer received);

  /// From now on, whatever closes the connection, be it the end of this process, cuts it as `reset` does.
  /// Nothing can be done about it on a Unix socket (`is_local`), where an end is all that there is.
  void cut_on_close(bool cut) noexcept;
  bool is_local() const noexcept { return local_; }
  /// No more will be sent; what was, arrives.
  void shutdown_sending() noexcept;
  /// Closes; what was sent arrives, if the client has sent nothing that was not read.
  void close() noexcept;
  /// Closes with a reset: what was not yet taken by the client is lost, and nobody can take this for an end.
  void reset() noexcept;
  bool is_open() const noexcept { return static_cast<bool>(socket_); }
  /// Resets it from outside of its session, which finds that its client has left; what was held is free at
  /// once.
  void drop() noexcept;
  bool dropped() const noexcept { return dropped_; }

 private:
  struct Alarm final : generators::Wakeup {
    explicit Alarm(Connection& owner) noexcept : connection(owner) {}
    void woken() override { connection.wake_.set(); }
    Connection& connection;
    std::chrono::nanoseconds due = std::chrono::nanoseconds::max();
  };

  static constexpr std::size_t page = 4096;

  Read read_put_back(std::span<char> into);
  void hold_pages(Held what, std::uint32_t pages);
  void make_room_for(std::size_t bytes) noexcept;
  long write_some(const Outgoing& bytes);

  generators::Loop& loop_;
  Readiness& readiness_;
  Holdings& holdings_;
  generators::FileDescriptor socket_;
  generators::Event wake_;
  Alarm alarm_;
  generators::Buffer put_back_;
  generators::Buffer unsent_;
  std::size_t unsent_begin_ = 0;
  std::uint64_t sent_ = 0;
  std::string peer_;
  std::unique_ptr<std::string> client_;  // that a proxy asks for
  AddressLimit::Place place_;
  std::array<std::uint32_t, static_cast<std::size_t>(Held::count)> held_ = {};  // pages
  bool loopback_;
  bool proxy_;
  bool local_;
  bool handed_over_;
  bool wide_ = false;  // its send buffer was made larger
  bool dropped_ = false;
  bool readable_ = false;
  bool ends_ = false;
  bool broken_ = false;
  bool reading_ = false;   // the session is to be woken by that
  bool writing_ = false;   // likewise; nothing can be sent before
  bool breaking_ = false;  // likewise
};

using ConnectionPtr = boost::intrusive_ptr<Connection>;

}  // namespace coyield::server
