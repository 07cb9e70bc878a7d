#include <algorithm>
#include <cassert>
#include <coyield/generators/backoff.hpp>

namespace coyield::generators {

namespace {

using std::chrono::nanoseconds;

/// `part` of `whole`, and never more than `most`: a product that has no 64 bits is.
nanoseconds scaled(nanoseconds whole, double part, nanoseconds most) {
  const double product = static_cast<double>(whole.count()) * part;
  if (product >= static_cast<double>(most.count())) return most;
  return nanoseconds(static_cast<nanoseconds::rep>(product));
}

}  // namespace

Backoff::Backoff(const BackoffOptions& options)
    : options_(options),
      pause_(std::min(options.from, options.to)),
      random_(options.seed ? *options.seed : std::random_device()()) {
  assert(options.from >= nanoseconds::zero() && options.to >= nanoseconds::zero());
  assert(options.factor >= 1 && options.jitter >= 0 && options.jitter <= 1);
}

std::optional<nanoseconds> Backoff::next() {
  if (made_ >= options_.attempts) return std::nullopt;
  ++made_;
  const nanoseconds whole = pause_;
  pause_ = scaled(whole, options_.factor, options_.to);
  std::uniform_real_distribution<double> shorter(0, options_.jitter);
  return scaled(whole, 1 - shorter(random_), whole);
}

void Backoff::reset() noexcept {
  made_ = 0;
  pause_ = std::min(options_.from, options_.to);
}

}  // namespace coyield::generators
