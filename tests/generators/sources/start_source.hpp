#pragma once

#include <coyield/config/component_config.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/testing/collection.hpp>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coyield::generators {

using Given = std::vector<std::pair<std::string, config::Value>>;

inline Source source_named(std::string_view name) {
  for (Source& source : all_sources()) {
    if (source.description.name == name) return std::move(source);
  }
  throw std::logic_error("no such source");
}

/// Arguments as a configuration without values of a request gives them.
inline config::Resolved<config::Arguments> arguments_of(const Source& source, Given given) {
  auto configured = config::ComponentConfig::make(source.description, std::move(given));
  if (!configured) return configured.error();
  return configured->resolve(config::NoRequestValues());
}

inline AsyncGenerator<Item> start_source(std::string_view name, Given given = {},
                                         SourceContext context = {}) {
  const Source source = source_named(name);
  return source.start(arguments_of(source, std::move(given)).value(), std::move(context));
}

/// What the payload of each item comes to.
inline std::vector<std::string> payloads(const testing::Collection<Item>& seen) {
  std::vector<std::string> all;
  for (const auto& stamped : seen.stamped()) {
    Buffer out;
    stamped.item.write_payload(out);
    all.emplace_back(out.view());
  }
  return all;
}

}  // namespace coyield::generators
