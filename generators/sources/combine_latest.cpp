#include <algorithm>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <coyield/generators/sources/nested.hpp>
#include <list>
#include <optional>

namespace coyield::generators {

namespace {

/// One of the streams, and its newest item.
class Input {
 public:
  Input(Loop& loop, AsyncGenerator<Item> stream, Event& changed)
      : upstream_(loop, std::move(stream), changed) {}

  bool ended() const noexcept { return ended_; }
  const std::optional<Item>& newest() const noexcept { return newest_; }
  /// Takes one item, if one is ready: nothing where none is. A gap it gives back, valid until the next call.
  std::optional<Next<Item>> take() {
    if (ended_ || upstream_.poll() == Poll::pending) return std::nullopt;
    auto item = upstream_.item();
    if (!item) {
      ended_ = true;
      upstream_.close();
    } else if (!is_gap(*item)) {
      newest_ = item->own();
    }
    return item;
  }

 private:
  detail::Upstream<Item> upstream_;
  std::optional<Item> newest_;
  bool ended_ = false;
};

class Inputs {
 public:
  Inputs(Loop& loop, std::vector<AsyncGenerator<Item>> streams, Event& changed) {
    for (AsyncGenerator<Item>& stream : streams) inputs_.emplace_back(loop, std::move(stream), changed);
    next_ = inputs_.begin();
  }
  /// Of the next in turn that has something to say.
  std::optional<Next<Item>> take() {
    for (std::size_t tried = 0; tried < inputs_.size(); ++tried) {
      Input& input = *next_;
      if (++next_ == inputs_.end()) next_ = inputs_.begin();
      if (auto taken = input.take()) return taken;
    }
    return std::nullopt;
  }
  /// Nothing more will come: all have ended, or one that has given nothing.
  bool over() const {
    bool all_ended = true;
    for (const Input& input : inputs_) {
      if (input.ended() && !input.newest()) return true;
      all_ended &= input.ended();
    }
    return all_ended;
  }
  bool complete() const {
    return std::all_of(inputs_.begin(), inputs_.end(),
                       [](const Input& input) { return input.newest().has_value(); });
  }
  Item combine(Combination& combination) const {
    combination.begin();
    for (const Input& input : inputs_) combination.add(*input.newest());
    return combination.end();
  }

 private:
  std::list<Input> inputs_;
  std::list<Input>::iterator next_;
};

AsyncGenerator<Item> combine(std::vector<AsyncGenerator<Item>> streams, Combination combination) {
  Loop& loop = co_await this_loop();
  Event changed;
  Inputs inputs(loop, std::move(streams), changed);
  unsigned taken = 0;
  for (;;) {
    auto item = inputs.take();
    const bool is_item = item && *item;
    if (is_item && is_gap(**item)) {
      co_yield std::move(**item);
    } else if (inputs.over()) {
      co_return;
    } else if (!item) {
      co_await changed.wait();
    } else if (is_item && inputs.complete()) {
      taken = 0;
      co_yield inputs.combine(combination);
    } else if (++taken % detail::items_per_look == 0) {
      co_await yield_now();
    }
  }
}

AsyncGenerator<Item> start(config::Arguments arguments, SourceContext context) {
  return combine(start_streams(arguments, context), Combination(arguments, context.max_item));
}

}  // namespace

Source combine_latest_source() {
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "combine_latest",
           .summary = "The newest items of several sources, whenever one of them has a new one.",
           .parameters = {streams_parameter(), names_parameter()},
           .main = "streams",
           .example = R"({ "combine_latest": { "streams": [{ "endpoint": "/price" }, )"
                      R"({ "endpoint": "/stock" }], "names": ["price", "stock"] } })",
           .details =
               "Begins when each has given one; what an impatient one gave before its last by then is "
               "forgotten. Text is a string, bytes are a string in Base64. Ends when all have ended, or as "
               "soon as one ends that has given nothing. A gap in one of them is passed on at once. While "
               "the client is busy none is asked for anything.",
           .check = &check_streams},
      .start = &start};
}

}  // namespace coyield::generators
