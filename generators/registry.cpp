#include <coyield/generators/registry.hpp>

#include <stdexcept>
#include <utility>

namespace coyield::generators {

namespace {

template <class Component>
void insert(std::map<std::string, Component, std::less<>>& into, Component component) {
  std::string name = component.description.name;
  if (!into.emplace(name, std::move(component)).second) {
    throw std::logic_error("there is a \"" + name + "\" already");
  }
}

template <class Component>
const Component* find(const std::map<std::string, Component, std::less<>>& in, std::string_view name) {
  const auto found = in.find(name);
  return found == in.end() ? nullptr : &found->second;
}

constexpr const char* without_ids = "Items have no ids: a client that comes back begins anew.";
constexpr const char* retried_and_shared =
    " Behind what it has given already, `retry` announces a gap. Where the endpoint is shared they have ids "
    "of the share: as far as its \"replay\" has it, a client gets exactly the rest, else a gap.";
constexpr const char* forgets_positions =
    "A client cannot come back with the id of an item (409): what counts or groups them would come out "
    "differently. Where the endpoint is shared, with this in its pipeline, it can.";

}  // namespace

void Registry::add(Source source) {
  std::string& position = source.description.position;
  if (position.empty() && source.resuming_of == nullptr && source.resuming == Resuming::never) {
    position = without_ids;
    if (!source.description.reads_input) position += retried_and_shared;
  }
  insert(sources_, std::move(source));
}
void Registry::add(Operator op) {
  std::string& position = op.description.position;
  if (position.empty() && op.positions_of == nullptr && op.positions == Positions::lost)
    position = forgets_positions;
  insert(operators_, std::move(op));
}

const Source* Registry::find_source(std::string_view name) const { return find(sources_, name); }
const Operator* Registry::find_operator(std::string_view name) const { return find(operators_, name); }

config::Catalogue Registry::catalogue() const {
  config::Catalogue all;
  for (const auto& [name, source] : sources_) all.add(source.description);
  for (const auto& [name, op] : operators_) all.add(op.description);
  return all;
}

}  // namespace coyield::generators
