#pragma once

#include <gtest/gtest.h>

#include <coyield/generators/event.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/hub.hpp>
#include <coyield/generators/testing.hpp>
#include <memory>
#include <string>
#include <vector>

namespace coyield::generators {

using Texts = std::vector<std::string>;

/// What a generator is told to do by a test, whenever it likes.
class Feed {
 public:
  /// Gives `values` together, then waits for more. A negative one is a gap.
  void say(std::initializer_list<int> values) {
    state_->values.insert(state_->values.end(), values);
    state_->news.set();
  }
  void end() {
    state_->ended = true;
    state_->news.set();
  }
  void fail(const char* message) {
    state_->failure = message;
    end();
  }
  /// The next generator goes on.
  void recover() {
    state_->failure.clear();
    state_->ended = false;
  }
  /// A generator of it. They share what is said.
  AsyncGenerator<Item> play() { return run(state_); }
  Hub::Factory factory() {
    return [this](const std::string& resume_after) {
      ++started;
      resumed = resume_after;
      return play();
    };
  }
  /// Has each item say an id of its own.
  void give_ids() { state_->ids = true; }

  int started = 0;
  std::string resumed;
  int running() const { return state_->running; }
  std::size_t given() const { return state_->given; }

 private:
  struct State {
    std::vector<int> values;
    std::size_t given = 0;
    Event news;
    std::string failure;
    bool ended = false;
    bool ids = false;
    int running = 0;
  };
  struct Life {
    explicit Life(State& of) : state(of) { ++state.running; }
    Life(const Life&) = delete;
    Life& operator=(const Life&) = delete;
    ~Life() { --state.running; }
    State& state;
  };
  static AsyncGenerator<Item> run(std::shared_ptr<State> state) {
    const Life life(*state);
    for (;;) {
      while (state->given < state->values.size()) {
        const int value = state->values[state->given++];
        if (value < 0) {
          co_yield Item::gap("{}");
          continue;
        }
        const std::string text = std::to_string(value);
        const std::string id = "own" + text;
        Item item = Item::json(text);
        if (state->ids) item.set_id(id);
        co_yield std::move(item);
      }
      if (!state->failure.empty()) throw Failure(FailureKind::upstream, state->failure);
      if (state->ended) co_return;
      co_await state->news.wait();
    }
  }

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

inline std::string text_of(const Item& item) {
  Buffer text;
  if (is_gap(item)) text.append("gap ");
  item.write_payload(text);
  return std::string(text.view());
}
inline Texts texts(const testing::Collection<Item>& seen) {
  Texts all;
  for (const auto& each : seen.stamped()) all.push_back(text_of(each.item));
  return all;
}
inline Texts ids(const testing::Collection<Item>& seen) {
  Texts all;
  for (const auto& each : seen.stamped()) all.emplace_back(each.item.id());
  return all;
}

/// A client that counts: numbers as they come, and those that it was told are missing.
struct Client {
  std::string last_id;
  std::uint64_t next = 0;  // the number that comes next, if nothing is missing
  bool holes = false;

  /// Checks each item against the model: the n-th item is n.
  void take(const Item& item) {
    if (is_gap(item)) {
      const std::string text(item.payload());
      const std::size_t at = text.find("\"count\":");
      ASSERT_NE(at, std::string::npos) << text;
      next += std::stoull(text.substr(at + 8));
      return;
    }
    ASSERT_EQ(text_of(item), std::to_string(next)) << "behind " << last_id;
    last_id = item.id();
    ++next;
  }
};

}  // namespace coyield::generators
