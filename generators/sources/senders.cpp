#include <coyield/generators/sources/senders.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/integer_text.hpp>
#include <coyield/generators/json_text.hpp>
#include <coyield/generators/operators/flat_map.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/sources/decoded.hpp>
#include <coyield/generators/sources/json_line.hpp>
#include <coyield/generators/sources/pipe_input.hpp>
#include <cstring>
#include <memory>
#include <vector>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_datagram = 64 * 1024;
constexpr int receive_buffer = 4 * 1024 * 1024;  // the system gives what it allows

/// Ends where the items of one sender fail.
AsyncGenerator<Item> forgiving(AsyncGenerator<Item> items, std::shared_ptr<Complaints> complaints) {
  for (;;) {
    Next<Item> item(nullptr);
    bool failed = false;
    try {
      item = co_await items.next();
    } catch (const Failure& failure) {
      complaints->add(failure.what());
      failed = true;
    }
    if (failed || !item) co_return;
    co_yield std::move(*item);
  }
}

/// Cuts the line feed off that many senders of text put behind it.
std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

/// How many datagrams the system has dropped at a socket so far, as it says beside each that it gives.
class Received {
 public:
  explicit Received(int descriptor) : descriptor_(descriptor), bytes_(longest_datagram + Item::padding) {
    const int on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }

  /// False where there is none yet.
  bool next() {
    for (;;) {
      iovec part{bytes_.data(), longest_datagram};
      alignas(cmsghdr) char control[CMSG_SPACE(sizeof(std::uint32_t))];
      msghdr message{};
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      const ssize_t n = ::recvmsg(descriptor_, &message, 0);
      if (n >= 0) {
        size_ = static_cast<std::size_t>(n);
        count_dropped(message);
        return true;
      }
      if (errno == EAGAIN) return false;
      if (errno != EINTR && errno != ECONNREFUSED)
        throw Failure(FailureKind::upstream,
                      std::string("nothing can be received any more: ") + std::strerror(errno));
    }
  }
  std::string_view bytes() const noexcept { return {bytes_.data(), size_}; }
  /// How many are missing in front of it.
  std::uint32_t take_dropped() noexcept { return std::exchange(dropped_, 0); }

 private:
  void count_dropped(msghdr& message) noexcept {
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
      if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SO_RXQ_OVFL) continue;
      std::uint32_t total = 0;
      std::memcpy(&total, CMSG_DATA(each), sizeof total);
      dropped_ += total - known_;  // it may wrap around
      known_ = total;
    }
  }

  int descriptor_;
  std::vector<char> bytes_;
  std::size_t size_ = 0;
  std::uint32_t known_ = 0;
  std::uint32_t dropped_ = 0;
};

enum class Datagram : unsigned char { text, json, bytes };

Datagram kind_named(std::string_view decode) {
  return decode == "bytes" ? Datagram::bytes : decode == "json" ? Datagram::json : Datagram::text;
}

}  // namespace

void Complaints::add(std::string_view why) {
  ++since_last_;
  const auto now = loop_.now();
  if (observer_ == nullptr || now < not_before_) return;
  not_before_ = now + 1s;
  observer_->note(
      "sender",
      {{"endpoint", endpoint_}, {"failed", why}, {"count", std::to_string(std::exchange(since_last_, 0))}});
}

AsyncGenerator<Item> items_of_all(ListeningSocket socket, std::string decode, std::size_t most,
                                  SourceContext context) {
  Loop& loop = co_await this_loop();
  const auto complaints = std::make_shared<Complaints>(loop, context.observer, context.endpoint);
  const auto items_from = [&](FileDescriptor&& connection) {
    return forgiving(decoded(PipeInput(loop.executor(), std::move(connection)), decode, context.max_item),
                     complaints);
  };
  // At least two, since with one the next would only be heard when the one before has gone.
  AsyncGenerator<Item> all =
      flat_map(accepted_at(std::move(socket)), items_from, std::max<std::size_t>(most, 2));
  while (auto item = co_await all.next()) co_yield std::move(*item);
}

AsyncGenerator<Item> datagrams_of_all(ListeningSocket socket, std::string decode, SourceContext context) {
  Loop& loop = co_await this_loop();
  Complaints complaints(loop, context.observer, context.endpoint);
  Readable readable(loop.executor(), socket.descriptor());
  Received received(socket.descriptor());
  const Datagram kind = kind_named(decode);
  std::string gap;
  unsigned in_a_row = 0;
  for (;;) {
    if (!received.next()) {
      in_a_row = 0;
      co_await readable.wait();
      continue;
    }
    if (const std::uint32_t dropped = received.take_dropped(); dropped != 0) {
      gap = R"({"count":)" + std::to_string(dropped) + "}";
      co_yield Item::gap(gap);
    }
    std::string_view payload = received.bytes();
    if (kind != Datagram::bytes) payload = without_line_end(payload);
    const JsonLine json = kind == Datagram::json ? json_line(payload, 0) : JsonLine::json;
    if (payload.size() > context.max_item) {
      complaints.add("a datagram is longer than max_item");
    } else if (json == JsonLine::json) {
      in_a_row = 0;
      Item item;
      item.set(kind == Datagram::json   ? PayloadKind::json
               : kind == Datagram::text ? PayloadKind::text
                                        : PayloadKind::bytes,
               payload);
      co_yield std::move(item);
      continue;
    } else if (json != JsonLine::blank) {
      complaints.add("a datagram " + complaint_about(json));
    }
    if (++in_a_row % 64 == 0)
      co_await yield_now();  // whoever sends nothing but rubbish is not to stop the loop
  }
}

}  // namespace coyield::generators
