#include <unistd.h>
#include <cerrno>
#include <coyield/config/detail/component_reader.hpp>
#include <coyield/config/detail/keys.hpp>
#include <coyield/config/load.hpp>
#include <cstring>
#include <fstream>
#include <iterator>

namespace coyield::config {
namespace {

/// Of the ways to name the wrong file, those that containers make easy.
std::string advice_for(int error) {
  switch (error) {
    case ENOENT:
      return "name a configuration that exists";
    case EISDIR:
      return "name a file; where one that is not there is mounted, container engines make a directory";
    case EACCES:
      return "let the user " + std::to_string(geteuid()) + ", as whom this runs, read it";
    default:
      return "";
  }
}

Problems unreadable(const std::string& path, int error) {
  Problems problems;
  problems.add({.file = path.empty() ? "\"\"" : path,
                .path = {},
                .what = std::string("cannot be read: ") + std::strerror(error),
                .advice = advice_for(error)});
  return problems;
}

}  // namespace

Loaded<Configuration> load(std::string_view text, std::string_view file_name, const Catalogue& catalogue,
                           const Environment& environment) {
  detail::Reading reading{.file = std::string(file_name), .catalogue = catalogue, .environment = environment};
  Configuration configuration;
  auto root = read_document(text, file_name, reading.problems);
  if (root) detail::read_object(detail::Scope(reading), *root, detail::configuration_keys(), configuration);
  if (!reading.problems.empty()) return std::move(reading.problems);
  return configuration;
}

Loaded<Configuration> load_file(const std::string& path, const Catalogue& catalogue,
                                const Environment& environment) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) return unreadable(path, errno);
  std::string text;
  // One byte more than is allowed is enough to know that it is too long, whatever the file is.
  for (char block[4096]; text.size() <= max_document_bytes && file;) {
    file.read(block, sizeof block);
    text.append(block, static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return unreadable(path, errno);
  return load(text, path, catalogue, environment);
}

Loaded<ComponentConfig> load_component(ComponentKind kind, std::string_view text, const Catalogue& catalogue,
                                       const Environment& environment) {
  detail::Reading reading{.file = {}, .catalogue = catalogue, .environment = environment};
  auto root = read_document(text, "", reading.problems);
  if (!root) return std::move(reading.problems);
  auto component = detail::read_component(detail::Scope(reading).key(kind_name(kind)), kind, *root);
  if (!component) return std::move(reading.problems);
  return std::move(*component);
}

}  // namespace coyield::config
