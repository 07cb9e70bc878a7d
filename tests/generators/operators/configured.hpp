#pragma once

#include <coyield/config/load.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/registry.hpp>
#include <coyield/generators/testing.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The operators that the configuration can name, as it names them, and items as texts.
namespace coyield::generators {

using Texts = std::vector<std::string>;
using Times = std::vector<std::chrono::nanoseconds>;

class ConfiguredOperators {
 public:
  ConfiguredOperators() {
    for (Operator& op : all_operators()) registry_.add(std::move(op));
  }
  config::Loaded<config::ComponentConfig> load(std::string_view text) const {
    return config::load_component(config::ComponentKind::operator_, text, registry_.catalogue());
  }
  /// What is wrong with it, without the file and the line; empty if nothing is.
  Texts mistakes_in(std::string_view text) const {
    Texts all;
    const auto loaded = load(text);
    if (loaded) return all;
    for (const auto& problem : loaded.error()) {
      std::string place = problem.path;
      place += ": " + problem.what;
      all.push_back(problem.advice.empty() ? place : place + "; " + problem.advice);
    }
    return all;
  }
  AsyncGenerator<Item> apply(std::string_view text, AsyncGenerator<Item> upstream,
                             OperatorContext context = {}) const {
    const auto loaded = load(text);
    if (!loaded) throw std::invalid_argument(loaded.error().text());
    context.registry = &registry_;
    return registry_.find_operator(loaded->name())
        ->apply(std::move(upstream), loaded->resolve(config::NoRequestValues()).value(), context);
  }
  Positions positions(std::string_view name) const { return registry_.find_operator(name)->positions; }

 private:
  Registry registry_;
};

/// What the payload of each item comes to.
inline Texts payloads(const testing::Collection<Item>& seen) {
  Texts all;
  for (const auto& stamped : seen.stamped()) {
    Buffer out;
    stamped.item.write_payload(out);
    all.emplace_back(out.view());
  }
  return all;
}

inline Item json_item(std::string_view text) { return Item::json(text).own(); }

/// JSON items at `interval`, the first at once. `gap` stands for a gap.
inline constexpr std::string_view gap_text = R"({"count":7})";
inline AsyncGenerator<Item> items_of(Texts given, std::chrono::nanoseconds interval = {}) {
  for (const std::string& text : given) {
    if (text == gap_text) {
      co_yield Item::gap(text);
    } else {
      co_yield Item::json(text);
    }
    co_await sleep_for(interval);
  }
}

/// What comes of items that are there at once.
inline Texts through(const ConfiguredOperators& operators, std::string_view text, Texts given,
                     OperatorContext context = {}) {
  testing::TestLoop loop;
  auto seen = loop.collect(operators.apply(text, items_of(std::move(given)), context));
  loop.advance(std::chrono::hours(1));
  seen.rethrow_failure();
  return payloads(seen);
}

}  // namespace coyield::generators
