#pragma once

#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/item.hpp>
#include <string>

namespace coyield::generators {

/// The endpoints of a process, for a source that reads one.
class EndpointReader {
 public:
  virtual ~EndpointReader() = default;
  /// What a client gets that asks for `target`, the path of an endpoint with its query, percent-encoded: a
  /// generator of its own, or the one that all share. Who may read it does not matter here. On the thread of
  /// whoever calls. Throws what cannot be had when it is pulled.
  virtual AsyncGenerator<Item> read(std::string target) = 0;
};

}  // namespace coyield::generators
