#pragma once

#include <coyield/generators/source.hpp>
#include <coyield/handlers/request.hpp>
#include <coyield/handlers/response.hpp>

namespace coyield::handlers {

/// Whatever answers requests: what a session asks, without knowing what it serves.
class Handler {
 public:
  virtual ~Handler() = default;

  /// Does no I/O and runs no generator. `context` is taken for the source that is started, if one is. May be
  /// called from all threads at once.
  virtual Response handle(const Request& request, generators::SourceContext&& context) const = 0;
};

}  // namespace coyield::handlers
