#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fan.hpp"
#include "handshake.hpp"
#include "producer.hpp"

namespace coyield::bench {

/// A server on bare epoll with nothing that a benchmark does not need: no limits, no time-outs, no errors
/// told. Serves /ndjson, /ws, /short, /tick, /quiet, /fan... and /file on 127.0.0.1, on one thread, for ever.
class Server {
 public:
  /// `file` is what /file sends. `producer` outlives the server.
  Server(Producer& producer, std::uint16_t port, std::string file);
  [[noreturn]] void run();

 private:
  enum class Kind { none, endless, file, waiting, fan };
  struct Client {
    int socket = -1;
    int file = -1;
    std::uint64_t id = 0;
    Kind kind = Kind::none;
    Framing framing = Framing::chunked;
    FileFormat format = FileFormat::text;
    bool close = false;
    bool wants_out = false;
    std::uint64_t next = 0;
    std::string in;
    std::string pending;  ///< what the socket did not take
    std::string carry;
    std::uint64_t offset = 0;  ///< in its fan
  };
  /// One stream that many read, and they.
  struct Audience {
    Fan fan;
    Framing framing;
    std::vector<int> sockets = {};
  };
  struct Tick {
    std::uint64_t due;
    int socket;
    std::uint64_t id;
  };

  void accept_all();
  void on_event(Client& client, std::uint32_t events);
  bool receive(Client& client);
  void answer(Client& client, const Request& request);
  void begin_stream(Client& client, const Request& request);
  void begin_file(Client& client, const Request& request);
  void send_first_item(Client& client, const Request& request);
  void begin_fan(Client& client, const Request& request);
  void send_fan(Audience& audience);
  bool send_behind(Client& client, const Fan& fan);
  void send_fans();
  void pump(Client& client);
  bool send_next(Client& client);
  std::string_view next_file_chunk(Client& client);
  bool send(Client& client, std::string_view bytes);
  bool flush(Client& client);
  void want_out(Client& client, bool on);
  void drop(Client& client);
  void send_due_ticks();
  int until_next_tick() const;

  Producer& producer_;
  std::string file_;
  int epoll_;
  int listener_;
  std::uint64_t last_id_ = 0;
  std::vector<std::unique_ptr<Client>> clients_;  ///< by socket number
  std::deque<Tick> ticks_;                        ///< all wait for one second, so they stay in order
  std::vector<char> read_buffer_;
  std::vector<Audience> audiences_;
};

/// The `main` of both: `PROGRAM PORT FILE`.
int serve(Producer& producer, int argc, char** argv);

}  // namespace coyield::bench
