#pragma once

#include <coyield/generators/task.hpp>
#include <coyield/server/connection.hpp>

namespace coyield::server {

class Worker;

/// Serves one client: reads requests, answers each, streams; until one of the two leaves, or the client goes
/// over to WebSocket: then gives what is to be run in the place of this, so that nothing of HTTP is held for
/// it. Whoever runs it closes the connection afterwards.
generators::Task<generators::Task<void>> serve_connection(Worker& worker, ConnectionPtr connection);

}  // namespace coyield::server
