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

}  // namespace

void Registry::add(Source source) { insert(sources_, std::move(source)); }
void Registry::add(Operator op) { insert(operators_, std::move(op)); }

const Source* Registry::find_source(std::string_view name) const { return find(sources_, name); }
const Operator* Registry::find_operator(std::string_view name) const { return find(operators_, name); }

config::Catalogue Registry::catalogue() const {
  config::Catalogue all;
  for (const auto& [name, source] : sources_) all.add(source.description);
  for (const auto& [name, op] : operators_) all.add(op.description);
  return all;
}

}  // namespace coyield::generators
