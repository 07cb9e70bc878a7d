#include <coyield/generators/gap.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/json_diff.hpp>

namespace coyield::generators {

namespace {

AsyncGenerator<Item> patches(AsyncGenerator<Item> upstream) {
  JsonDiff diff;
  unsigned dropped = 0;
  for (;;) {
    auto item = co_await upstream.next();
    if (!item) co_return;
    const bool gap = is_gap(*item);
    if (gap) diff.forget();
    if (gap || diff.apply(*item)) {
      dropped = 0;
      co_yield std::move(*item);
    } else if (++dropped == detail::drops_per_turn) {
      dropped = 0;
      co_await yield_now();
    }
  }
}

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments, OperatorContext) {
  return patches(std::move(upstream));
}

}  // namespace

Operator diff_operator() {
  return {
      .description =
          {.kind = config::ComponentKind::operator_,
           .name = "diff",
           .summary = "How each item differs from the one before, as a JSON Patch.",
           .example = R"({ "diff": {} })",
           .details =
               "Makes of each item a list of operations (RFC 6902) that make it out of the one before: add, "
               "remove and replace. The first one puts the whole item in the place of whatever was there: "
               "[{\"op\":\"replace\",\"path\":\"\",\"value\":...}]; so does the one behind a gap, and one "
               "that would be longer otherwise. For an item that is the same nothing is passed on. What is "
               "written is compared: numbers keep their digits, and 1 and 1.0 differ, but the order of "
               "members does not count. Elements of arrays are compared by place, but for those at the "
               "beginning and at the end that have stayed. A text item is a string, bytes are one in "
               "Base64. Ids and event names stay. A client needs all patches from a whole item on: put this "
               "into the pipeline of an endpoint without `share`, or let its `replay` keep all, since a "
               "client that comes later begins with what is kept. A stream cannot be resumed behind it."},
      .positions = Positions::lost,
      .apply = &apply};
}

}  // namespace coyield::generators
