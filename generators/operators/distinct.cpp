#include <coyield/generators/gap.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/filter.hpp>

namespace coyield::generators {

namespace {

/// Whether the payload differs from that of the item before. Compares text, and so needs no tree.
class Changed {
 public:
  bool operator()(const Item& item) {
    if (is_gap(item)) {
      known_ = false;  // what came before the next item, nobody knows
      return true;
    }
    current_.clear();
    item.write_payload(current_);
    if (known_ && item.kind() == kind_ && current_.view() == last_.view()) return false;
    std::swap(current_, last_);
    kind_ = item.kind();
    return known_ = true;
  }

 private:
  Buffer current_;
  Buffer last_;
  PayloadKind kind_ = PayloadKind::text;
  bool known_ = false;
};

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments) {
  return filter(std::move(upstream), Changed());
}

}  // namespace

Operator distinct_operator() {
  return {
      .description = {.kind = config::ComponentKind::operator_,
                      .name = "distinct",
                      .summary = "Only items that differ from the one before.",
                      .example = R"({ "distinct": {} })",
                      .details = "Compares the whole payload, as text: the same JSON object with its keys "
                                 "in another order differs. Ids and event names do not count. The first "
                                 "item of a stream that is resumed, and the one behind a gap, always "
                                 "pass."},
      .positions = Positions::kept,
      .apply = &apply};
}

}  // namespace coyield::generators
