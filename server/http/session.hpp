#pragma once

#include <coyield/generators/buffer.hpp>
#include <coyield/generators/task.hpp>
#include <coyield/server/connections/connection.hpp>

namespace coyield::server {

class Worker;

/// What is to be run in the place of a session that has ended, on the same connection; empty: nothing, and
/// whoever runs it closes the connection. So a client that is streamed to for hours has in memory what that
/// takes, and nothing of how it came to it.
struct Session {
  generators::Task<Session> task = {};
};

/// Serves one client: reads requests, `kept` first, and answers each, until one of the two leaves. A stream
/// that does not end at once, and a WebSocket, are the next session.
generators::Task<Session> serve_connection(Worker& worker, ConnectionPtr connection,
                                           generators::Buffer kept = {});

}  // namespace coyield::server
