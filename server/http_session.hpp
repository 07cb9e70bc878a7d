#pragma once

#include <coyield/generators/task.hpp>
#include <coyield/server/connection.hpp>

namespace coyield::server {

class Worker;

/// Serves one client: reads requests, answers each, streams, or goes over to WebSocket; until one of the two
/// leaves. Whoever runs it closes the connection afterwards.
generators::Task<void> serve_connection(Worker& worker, ConnectionPtr connection);

}  // namespace coyield::server
