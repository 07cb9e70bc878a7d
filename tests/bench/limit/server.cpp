#include "server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <system_error>
#include <utility>

#include "digits.hpp"

namespace coyield::bench {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t millisecond = 1'000'000;
// Blocks that one client gets before the others have their turn.
constexpr int turn_blocks = 4;

int listen_on(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(socket, 4096) != 0) {
    throw std::system_error(errno, std::system_category(), "listen");
  }
  return socket;
}

void watch(int epoll, int operation, int socket, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = socket;
  epoll_ctl(epoll, operation, socket, &event);
}

std::string one_item(Framing framing, bool sse, std::uint64_t i, std::uint64_t ts) {
  char text[max_item_bytes];
  const std::string item(text, write_item(text, i, ts));
  if (framing == Framing::frames) return std::string{'\x81', static_cast<char>(item.size())} + item;
  const std::string line = sse ? "data: " + item + "\n\n" : item + "\n";
  char head[chunk_head_bytes];
  write_chunk_head(head, line.size());
  return std::string(head, sizeof(head)) + line + "\r\n";
}

}  // namespace

std::uint64_t wall_clock() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * second + static_cast<std::uint64_t>(time.tv_nsec);
}

Server::Server(Producer& producer, std::uint16_t port, std::string file)
    : producer_(producer),
      file_(std::move(file)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      listener_(listen_on(port)),
      read_buffer_(block_bytes) {
  watch(epoll_, EPOLL_CTL_ADD, listener_, EPOLLIN);
}

void Server::run() {
  epoll_event events[256];
  for (;;) {
    const int count = epoll_wait(epoll_, events, 256, until_next_tick());
    for (int i = 0; i < count; ++i) {
      const int socket = events[i].data.fd;
      if (socket == listener_) {
        accept_all();
      } else if (auto& client = clients_[static_cast<std::size_t>(socket)]) {
        on_event(*client, events[i].events);
      }
    }
    send_due_ticks();
    send_fans();
  }
}

void Server::accept_all() {
  for (int socket; (socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const auto index = static_cast<std::size_t>(socket);
    if (clients_.size() <= index) clients_.resize(2 * index + 1);
    clients_[index] = std::make_unique<Client>();
    clients_[index]->socket = socket;
    clients_[index]->id = ++last_id_;
    watch(epoll_, EPOLL_CTL_ADD, socket, EPOLLIN);
  }
}

void Server::on_event(Client& client, std::uint32_t events) {
  if ((events & ~EPOLLOUT) != 0 && !receive(client)) return drop(client);
  if (client.kind == Kind::none) {
    const auto end = client.in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string head = client.in.substr(0, end + 4);
    client.in.erase(0, end + 4);
    return answer(client, read_request(head));
  }
  if ((events & EPOLLOUT) != 0) pump(client);
}

bool Server::receive(Client& client) {
  char bytes[4096];
  const auto got = recv(client.socket, bytes, sizeof(bytes), 0);
  // What a client says while it is streamed to is of no interest.
  if (got > 0 && client.kind == Kind::none) client.in.append(bytes, static_cast<std::size_t>(got));
  return got > 0 || (got < 0 && errno == EAGAIN);
}

void Server::answer(Client& client, const Request& request) {
  client.close = request.close;
  if (request.path == "/short") {
    if (!send(client, producer_.ten_items())) return;
    if (client.close && client.pending.empty()) drop(client);
  } else if (request.path == "/ndjson" || request.path == "/ws") {
    begin_stream(client, request);
  } else if (request.path == "/tick" || request.path == "/quiet") {
    send_first_item(client, request);
  } else if (request.path.starts_with("/fan")) {
    begin_fan(client, request);
  } else if (request.path == "/file") {
    begin_file(client, request);
  } else {
    send(client, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  }
}

void Server::begin_stream(Client& client, const Request& request) {
  const bool upgrade = !request.websocket_key.empty();
  client.kind = Kind::endless;
  client.framing = upgrade ? Framing::frames : Framing::chunked;
  if (!send(client, upgrade ? accept_websocket(request.websocket_key) : std::string(stream_head))) return;
  want_out(client, true);
}

void Server::send_first_item(Client& client, const Request& request) {
  const bool upgrade = !request.websocket_key.empty();
  const auto now = wall_clock();
  client.kind = Kind::waiting;
  client.framing = upgrade ? Framing::frames : Framing::chunked;
  const std::string head = upgrade ? accept_websocket(request.websocket_key) : std::string(stream_head);
  const bool sse = request.query.find("format=sse") != std::string::npos;
  if (!send(client, head + one_item(client.framing, sse, client.next++, now))) return;
  if (request.path == "/tick") ticks_.push_back({now + second, client.socket, client.id});
}

// /fan100 and /fan1000 have as many items a second, /fan as many as its slowest client takes, /fan-quiet
// none.
void Server::begin_fan(Client& client, const Request& request) {
  const bool upgrade = !request.websocket_key.empty();
  client.kind = Kind::fan;
  client.framing = upgrade ? Framing::frames : Framing::chunked;
  if (!send(client, upgrade ? accept_websocket(request.websocket_key) : std::string(stream_head))) return;
  if (request.path == "/fan-quiet") return;
  const std::uint64_t rate = std::strtoull(request.path.c_str() + 4, nullptr, 10);
  const std::uint64_t period = rate == 0 ? 0 : second / rate;
  auto found = audiences_.begin();
  while (found != audiences_.end() && (found->fan.period() != period || found->framing != client.framing))
    ++found;
  if (found == audiences_.end()) {
    audiences_.push_back({Fan(period), client.framing});
    found = audiences_.end() - 1;
  }
  client.offset = found->fan.end();
  found->sockets.push_back(client.socket);
}

void Server::send_fans() {
  for (Audience& audience : audiences_) {
    if (audience.fan.period() != 0) audience.fan.write_due(audience.framing, wall_clock());
    send_fan(audience);
  }
}

// What has come meanwhile leaves with the next write to each. Those whose sockets are full wait in `pending`.
void Server::send_fan(Audience& audience) {
  std::uint64_t least = audience.fan.end();
  for (const int socket : audience.sockets) {
    Client* client = clients_[static_cast<std::size_t>(socket)].get();
    if (client == nullptr || client->kind != Kind::fan) continue;
    if (audience.fan.period() != 0) audience.fan.write_due(audience.framing, wall_clock());
    if (client->pending.empty() && !send_behind(*client, audience.fan)) continue;
    least = std::min(least, client->offset);
  }
  audience.fan.forget(least);
  if (audience.fan.period() == 0 && least == audience.fan.end() && !audience.sockets.empty())
    audience.fan.write_block(audience.framing, wall_clock());
}

bool Server::send_behind(Client& client, const Fan& fan) {
  const std::string_view bytes = fan.behind(client.offset);
  if (bytes.empty()) return true;
  client.offset = fan.end();
  return send(client, bytes);
}

void Server::begin_file(Client& client, const Request& request) {
  const bool ndjson = request.query.find("format=text") == std::string::npos;
  client.format = ndjson ? FileFormat::ndjson : FileFormat::text;
  if (!producer_.offers(client.format)) {
    send(client, "HTTP/1.1 406 Not Acceptable\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  client.file = open(file_.c_str(), O_RDONLY | O_CLOEXEC);
  client.kind = Kind::file;
  if (send(client, stream_head)) want_out(client, true);
}

void Server::pump(Client& client) {
  if (!flush(client)) return;
  for (int i = 0; i < turn_blocks && client.pending.empty(); ++i) {
    if (!send_next(client)) return;
  }
}

// False: there is nothing more to send for now, or no client.
bool Server::send_next(Client& client) {
  if (client.kind == Kind::endless) return send(client, producer_.endless(client.framing, client.next));
  if (client.kind == Kind::file) return send(client, next_file_chunk(client));
  want_out(client, false);
  if (client.kind == Kind::none && client.close) drop(client);
  return false;
}

std::string_view Server::next_file_chunk(Client& client) {
  const auto got = read(client.file, read_buffer_.data(), read_buffer_.size());
  const std::string_view bytes(read_buffer_.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  if (!bytes.empty() || !client.carry.empty())
    return producer_.file_chunk(client.format, bytes, client.carry);
  close(std::exchange(client.file, -1));
  client.kind = Kind::none;
  return last_chunk;
}

bool Server::send(Client& client, std::string_view bytes) {
  const auto sent = ::send(client.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent == static_cast<ssize_t>(bytes.size())) return true;
  if (sent < 0 && errno != EAGAIN) {
    drop(client);
    return false;
  }
  client.pending.assign(bytes.substr(sent < 0 ? 0 : static_cast<std::size_t>(sent)));
  want_out(client, true);
  return true;
}

bool Server::flush(Client& client) {
  if (client.pending.empty()) return true;
  const auto sent = ::send(client.socket, client.pending.data(), client.pending.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) {
    drop(client);
    return false;
  }
  client.pending.erase(0, sent < 0 ? 0 : static_cast<std::size_t>(sent));
  return client.pending.empty();
}

void Server::want_out(Client& client, bool on) {
  if (std::exchange(client.wants_out, on) == on) return;
  watch(epoll_, EPOLL_CTL_MOD, client.socket, on ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void Server::drop(Client& client) {
  if (client.file >= 0) close(client.file);
  close(client.socket);
  clients_[static_cast<std::size_t>(client.socket)].reset();
}

void Server::send_due_ticks() {
  if (ticks_.empty()) return;
  for (const auto now = wall_clock(); !ticks_.empty() && ticks_.front().due <= now;) {
    const Tick tick = ticks_.front();
    ticks_.pop_front();
    auto& client = clients_[static_cast<std::size_t>(tick.socket)];
    if (!client || client->id != tick.id) continue;
    if (!send(*client, one_item(client->framing, false, client->next++, tick.due))) continue;
    ticks_.push_back({tick.due + second, tick.socket, tick.id});
  }
}

int Server::until_next_tick() const {
  const auto now = wall_clock();
  std::uint64_t next = ticks_.empty() ? 0 : ticks_.front().due;
  for (const Audience& audience : audiences_) {
    if (audience.fan.period() == 0) return 0;
    if (next == 0 || audience.fan.due() < next) next = audience.fan.due();
  }
  if (next == 0) return -1;
  if (next <= now) return 0;
  return static_cast<int>((next - now + millisecond - 1) / millisecond);
}

int serve(Producer& producer, int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s PORT FILE\n", argv[0]);
    return 2;
  }
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  Server server(producer, static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2]);
  server.run();
}

}  // namespace coyield::bench
