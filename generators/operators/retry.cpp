#include <coyield/generators/failure.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/retry.hpp>
#include <coyield/generators/source.hpp>
#include <memory>
#include <string>

namespace coyield::generators {

bool worth_retrying(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Failure& known) {
    const bool may_pass = known.kind() == FailureKind::unavailable || known.kind() == FailureKind::upstream;
    return may_pass && !known.permanent();
  } catch (...) {
    return true;
  }
}

std::chrono::nanoseconds asked_for(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Failure& known) {
    return std::clamp<std::chrono::nanoseconds>(known.retry_after(), std::chrono::nanoseconds(0),
                                                std::chrono::hours(1));
  } catch (...) {
    return std::chrono::nanoseconds(0);
  }
}

namespace {

using namespace std::chrono_literals;

/// Starts the upstream again and again: behind the last item where its id says where that is, from the place
/// where it began as long as none has come, else anew, and then says so in front of the next item, or of the
/// end.
class Restarts {
 public:
  explicit Restarts(UpstreamFactory upstream)
      : upstream_(std::move(upstream)), position_(upstream_.resume_after) {}

  AsyncGenerator<Item> operator()(const std::exception_ptr& failed) {
    if (failed && upstream_.trace) upstream_.trace->failed(failed);
    return follow(upstream_.start(place()), *this, !exact_);
  }

 private:
  /// As long as nothing has come, where the first one has begun: the end of a file has moved on since.
  const std::string& place() const noexcept {
    const bool at_begin = exact_ && position_.empty() && upstream_.begun != nullptr;
    return at_begin ? upstream_.begun->id : position_;
  }
  /// `restarts` stands in the frame of `retry`, which owns the generator too.
  static AsyncGenerator<Item> follow(AsyncGenerator<Item> stream, Restarts& restarts,
                                     bool something_missing) {
    for (;;) {
      auto item = co_await stream.next();
      if (std::exchange(something_missing, false)) co_yield Item::gap("{}");
      if (!item) co_return;
      restarts.remember(*item);
      co_yield std::move(*item);
    }
  }
  void remember(const Item& item) {
    if (is_gap(item)) return;
    exact_ = upstream_.resumable && !item.id().empty();
    if (exact_) position_ = item.id();
  }

  UpstreamFactory upstream_;
  std::string position_;
  bool exact_ = true;  // nothing has been given behind the position
};

RetryOptions options_of(const config::Arguments& arguments, bool resumable) {
  RetryOptions options;
  const auto* attempts = arguments.find<std::int64_t>("attempts");
  if (attempts != nullptr) options.backoff.attempts = static_cast<std::uint64_t>(*attempts);
  options.backoff.from = arguments.get<std::chrono::nanoseconds>("from");
  options.backoff.to = arguments.get<std::chrono::nanoseconds>("to");
  options.backoff.jitter = arguments.get<double>("jitter");
  // What begins anew gives its first items each time, and that is no progress.
  if (!resumable) options.healthy_after = options.backoff.to;
  return options;
}

AsyncGenerator<Item> apply(UpstreamFactory upstream, config::Arguments arguments) {
  if (!upstream.restartable) return upstream.start(upstream.resume_after);
  RetryOptions options = options_of(arguments, upstream.resumable);
  return retry(Restarts(std::move(upstream)), std::move(options));
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  const auto* from = arguments.find<std::chrono::nanoseconds>("from");
  const auto* to = arguments.find<std::chrono::nanoseconds>("to");
  if (from == nullptr || to == nullptr || *from <= *to) return {};
  const std::string least = config::in_quotes(config::format_duration(*from));
  config::Mistake shorter{
      config::in_quotes(config::format_duration(*to)) + " is less than \"from\", which is " + least,
      "write " + least + " or more"};
  return {{"to", std::move(shorter)}};
}

}  // namespace

Operator retry_operator() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::operator_,
           .name = "retry",
           .summary = "Starts what stands before it again when it fails.",
           .parameters =
               {{.name = "attempts",
                 .type = ParameterType::integer,
                 .summary = "How often in a row, with no attempt in between that went well, before "
                            "the failure is passed on. Without it: for as long as the client "
                            "stays.",
                 .minimum = 1},
                {.name = "from",
                 .type = ParameterType::duration,
                 .summary = "The pause before the first attempt; each further one is twice as long, "
                            "until an attempt goes well. None is shorter than upstream asks for "
                            "(Retry-After, an event stream's retry).",
                 .default_value = 100ms,
                 .minimum = 1ms,
                 .maximum = 24h},
                {.name = "to",
                 .type = ParameterType::duration,
                 .summary = "The longest pause; and how long a stream that begins anew each time has "
                            "to last to have gone well.",
                 .default_value = 30s,
                 .minimum = 1ms,
                 .maximum = 24h},
                {.name = "jitter",
                 .type = ParameterType::number,
                 .summary = "By up to which part a pause is shorter, at random, so that many streams "
                            "do not all come back at once.",
                 .default_value = 0.5,
                 .minimum = 0.0,
                 .maximum = 1.0}},
           .main = "attempts",
           .example = R"({ "retry": { "attempts": 10, "from": "100ms", "to": "30s" } })",
           .details =
               "Failures that are unavailable or upstream are tried again, and so is whatever is not known; "
               "not_found, invalid, forbidden, conflict and internal are passed on at once, and so is what "
               "is wrong in a file and stays there (a line that is not JSON). Where the source can be "
               "resumed, and no operator in between counts or groups, the stream goes on behind its last "
               "item and nothing is lost or doubled (but for the item that `distinct` in between lets pass "
               "again, having forgotten the one before). Otherwise it begins anew, and a gap says so in "
               "front of the next item: a format that has no way to say it is cut there. An attempt went "
               "well that gave an item behind the last one; where the stream begins anew, one that gave any "
               "and lasted as long as `to`. A source that reads what the client sends (echo) cannot be "
               "started again, and fails as without this.",
           .check = &check},
      .positions = Positions::kept,
      .apply_to_factory = &apply};
}

}  // namespace coyield::generators
