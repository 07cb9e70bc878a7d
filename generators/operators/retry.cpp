#include <coyield/generators/failure.hpp>
#include <coyield/generators/operators/retry.hpp>

namespace coyield::generators {

bool worth_retrying(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Failure& known) {
    return known.kind() == FailureKind::unavailable || known.kind() == FailureKind::upstream;
  } catch (...) {
    return true;
  }
}

}  // namespace coyield::generators
