#include <coyield/server/batch.hpp>

namespace coyield::server {

generators::Failure stopped_by_operator() {
  return {generators::FailureKind::unavailable, "stopped by the operator"};
}

}  // namespace coyield::server
