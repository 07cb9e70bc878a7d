// What is to be had of a program's output: reads its pipe and sends what came as a chunk, in blocking calls,
// to one client at a time. It has no items, and copies nothing but through the kernel.
//     limit_pipe PORT FILE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>
#include <vector>

#include "producer.hpp"

namespace coyield::bench {
namespace {

constexpr int pipe_bytes = 256 * 1024;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::system_category(), what); }

int listen_on(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 || listen(socket, 16) != 0)
    fail("listen");
  return socket;
}

/// `yes`, and the reading end of the pipe to which it writes.
struct Child {
  pid_t pid = 0;
  int output = -1;
};

Child start_yes() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe2");
  fcntl(ends[1], F_SETPIPE_SZ, pipe_bytes);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  char name[] = "yes";
  char* arguments[] = {name, nullptr};
  Child child{.output = ends[0]};
  errno = posix_spawnp(&child.pid, name, &actions, nullptr, arguments, environ);
  if (errno != 0) fail("posix_spawnp");
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  return child;
}

void end(const Child& child) {
  close(child.output);
  kill(child.pid, SIGTERM);
  waitpid(child.pid, nullptr, 0);
}

/// False: the client has left.
bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool read_request(int socket) {
  std::string head;
  char bytes[4096];
  while (head.find("\r\n\r\n") == std::string::npos) {
    const auto got = recv(socket, bytes, sizeof(bytes), 0);
    if (got <= 0) return false;
    head.append(bytes, static_cast<std::size_t>(got));
  }
  return true;
}

/// Until the client leaves.
void send_output(int socket, int output) {
  std::vector<char> chunk(chunk_head_bytes + block_bytes + 2);
  if (!send_all(socket, stream_head)) return;
  for (;;) {
    const auto got = read(output, chunk.data() + chunk_head_bytes, block_bytes);
    if (got <= 0) return;
    const auto size = static_cast<std::size_t>(got);
    write_chunk_head(chunk.data(), size);
    chunk[chunk_head_bytes + size] = '\r';
    chunk[chunk_head_bytes + size + 1] = '\n';
    if (!send_all(socket, {chunk.data(), chunk_head_bytes + size + 2})) return;
  }
}

[[noreturn]] void serve(std::uint16_t port) {
  const int listener = listen_on(port);
  for (;;) {
    const int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (read_request(socket)) {
      const Child child = start_yes();
      send_output(socket, child.output);
      end(child);
    }
    close(socket);
  }
}

}  // namespace
}  // namespace coyield::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s PORT FILE\n", argv[0]);
    return 2;
  }
  coyield::bench::serve(static_cast<std::uint16_t>(std::atoi(argv[1])));
}
