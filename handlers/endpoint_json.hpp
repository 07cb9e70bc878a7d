#pragma once

#include <coyield/handlers/application.hpp>
#include <coyield/handlers/monitor.hpp>
#include <string>

namespace coyield::handlers {

/// What is served, as a JSON text: where, in which formats, and for each endpoint what it is, what a request
/// may bring, and how it is to be read. It stays the same while the server runs. It names no value that is
/// fixed in the configuration: paths, addresses and commands of sources stay there.
std::string endpoints_json(const Application& application, const Monitor& monitor);

}  // namespace coyield::handlers
