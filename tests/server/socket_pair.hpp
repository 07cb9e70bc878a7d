#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <coyield/server/connections/arrival.hpp>

namespace coyield::server {

/// A client's socket, and the other end of it as it arrives at a worker.
struct SocketPair {
  SocketPair() {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    client = generators::FileDescriptor(pair[0]);
    arrival.descriptor = generators::FileDescriptor(pair[1]);
    arrival.family = AF_UNIX;
    arrival.peer = "peer";
  }

  generators::FileDescriptor client;
  Arrival arrival;
};

}  // namespace coyield::server
