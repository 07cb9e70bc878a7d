#pragma once

#include <coyield/config/network.hpp>
#include <coyield/generators/buffer.hpp>
#include <coyield/generators/file_descriptor.hpp>
#include <coyield/server/connections/address_limit.hpp>
#include <optional>
#include <string>

namespace coyield::server {

/// A client that has just connected, on its way from the acceptor to the worker that will serve it. Its
/// socket is closed if it does not arrive there.
struct Arrival {
  generators::FileDescriptor descriptor = {};
  int family = 0;
  std::string peer = {};                          ///< its address and port, for the log
  std::optional<config::IpAddress> address = {};  ///< none for a Unix socket
  bool loopback = false;                          ///< it came to a loopback address of this machine
  bool proxy = false;                             ///< it may say for which client it asks
  bool handed_over = false;                       ///< it came to the admin address, and asks for an endpoint
  AddressLimit::Place place = {};                 ///< its own, of those that its address may have
  generators::Buffer received = {};               ///< what it has sent already
};

}  // namespace coyield::server
