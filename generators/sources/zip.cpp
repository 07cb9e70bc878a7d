#include <coyield/generators/gap.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <coyield/generators/sources/nested.hpp>
#include <list>

namespace coyield::generators {

namespace {

/// One of the streams, up to its next item, which it holds until all have one.
class Input {
 public:
  Input(Loop& loop, AsyncGenerator<Item> stream, Event& changed)
      : upstream_(loop, std::move(stream), changed) {}

  Poll poll() {
    if (item_) return Poll::item;
    const Poll status = upstream_.poll();
    if (status == Poll::pending) return status;
    item_ = upstream_.item();
    return item_ ? Poll::item : Poll::done;
  }
  bool at_gap() const { return item_ && is_gap(*item_); }
  Item take() { return std::move(*std::exchange(item_, Next<Item>(nullptr))); }

 private:
  detail::Upstream<Item> upstream_;
  Next<Item> item_{nullptr};
};

class Inputs {
 public:
  Inputs(Loop& loop, std::vector<AsyncGenerator<Item>> streams, Event& changed) {
    for (AsyncGenerator<Item>& stream : streams) inputs_.emplace_back(loop, std::move(stream), changed);
  }
  /// Asks those that have no item: whether all have one, one has ended, or else one is waited for.
  Poll poll() {
    Poll all = Poll::item;
    for (Input& input : inputs_) {
      const Poll status = input.poll();
      if (status == Poll::done) return status;
      if (status == Poll::pending) all = status;
    }
    return all;
  }
  Input* at_gap() {
    for (Input& input : inputs_) {
      if (input.at_gap()) return &input;
    }
    return nullptr;
  }
  Item combine(Combination& combination) {
    combination.begin();
    for (Input& input : inputs_) combination.add(input.take());
    return combination.end();
  }

 private:
  std::list<Input> inputs_;
};

AsyncGenerator<Item> zip_streams(std::vector<AsyncGenerator<Item>> streams, Combination combination) {
  Loop& loop = co_await this_loop();
  Event changed;
  Inputs inputs(loop, std::move(streams), changed);
  for (;;) {
    const Poll status = inputs.poll();
    if (Input* input = inputs.at_gap()) {
      co_yield input->take();
    } else if (status == Poll::done) {
      co_return;
    } else if (status == Poll::pending) {
      co_await changed.wait();
    } else {
      co_yield inputs.combine(combination);
    }
  }
}

AsyncGenerator<Item> start(config::Arguments arguments, SourceContext context) {
  return zip_streams(start_streams(arguments, context), Combination(arguments, context.max_item));
}

}  // namespace

Source zip_source() {
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "zip",
           .summary = "One item of the first items of several sources, one of the second, and so on.",
           .parameters = {streams_parameter(), names_parameter()},
           .main = "streams",
           .example = R"({ "zip": { "streams": [{ "file": "/lines" }, { "clock": "1s" }], )"
                      R"("names": ["line", "at"] } })",
           .details =
               "All are asked at once, so that an item takes as long as the slowest. Text is a string in "
               "it, bytes are a string in Base64. Ends with the first source that ends; what the others had "
               "ready is not given. A gap in one of them is passed on at once.",
           .check = &check_streams},
      .start = &start};
}

}  // namespace coyield::generators
