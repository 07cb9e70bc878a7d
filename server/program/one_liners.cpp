#include <coyield/server/program/one_liners.hpp>

#include <algorithm>
#include <filesystem>

namespace coyield::server {

namespace {

std::string segment_of(const std::string& file) {
  std::string name = std::filesystem::path(file).filename().string();
  const auto usable = [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
    return letter || (c >= '0' && c <= '9') || std::string_view("._~-").find(c) != std::string_view::npos;
  };
  std::replace_if(name.begin(), name.end(), [&](char c) { return !usable(c); }, '_');
  return name.empty() || name.starts_with('.') ? "file" + name : name;
}

/// A `$` stands for itself.
std::string literal(const std::string& text) {
  std::string result;
  for (const char c : text) result.append(c == '$' ? 2 : 1, c);
  return result;
}

/// Who comes gets what there is to be replayed.
nlohmann::json share_of(const SharedOptions& options) {
  return {{"since", "earliest"}, {"replay", options.replay}, {"slow", options.slow}};
}

}  // namespace

std::vector<TailEndpoint> tail_endpoints(const std::vector<std::string>& files) {
  std::vector<TailEndpoint> endpoints;
  const auto taken = [&](const std::string& path) {
    return std::any_of(endpoints.begin(), endpoints.end(),
                       [&](const auto& other) { return other.path == path; });
  };
  for (const std::string& file : files) {
    const std::string first = "/" + segment_of(file);
    std::string path = first;
    for (int i = 2; taken(path); ++i) path = first + "-" + std::to_string(i);
    endpoints.push_back({file, path});
  }
  return endpoints;
}

std::string url_path(const TailEndpoint& endpoint) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : endpoint.path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      encoded += c;
    } else {
      encoded.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return encoded;
}

nlohmann::json tail_configuration(const TailOptions& options) {
  nlohmann::json endpoints = nlohmann::json::object();
  for (const TailEndpoint& endpoint : tail_endpoints(options.files)) {
    endpoints[endpoint.path] = {{"title", literal(endpoint.file)},
                                {"source",
                                 {{"file",
                                   {{"path", literal(endpoint.file)},
                                    {"follow", true},
                                    {"start", "${query.start:-" + options.start + "}"},
                                    {"decode", options.decode}}}}},
                                {"share", {{"since", "start"}, {"replay", 1000}}}};
  }
  return {{"endpoints", endpoints}};
}

nlohmann::json pipe_configuration(const PipeOptions& options) {
  nlohmann::json share = share_of(options.shared);
  share["start"] = "at_once";
  return {{"endpoints",
           {{"/",
             {{"title", "standard input"},
              {"source", {{"stdin", {{"decode", options.decode}}}}},
              {"share", std::move(share)}}}}}};
}

nlohmann::json exec_configuration(const ExecOptions& options) {
  nlohmann::json command = nlohmann::json::array();
  for (const std::string& argument : options.command) command.push_back(literal(argument));
  nlohmann::json endpoint = {
      {"title", literal(command_line_of(options.command))},
      {"source",
       {{"exec", {{"command", std::move(command)}, {"decode", options.decode}, {"stdin", options.input}}}}}};
  if (options.input) endpoint["input"] = true;
  if (!options.per_client) endpoint["share"] = share_of(options.shared);
  return {{"endpoints", {{"/", std::move(endpoint)}}}};
}

std::string command_line_of(const std::vector<std::string>& command) {
  const auto plain = [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
    return letter || (c >= '0' && c <= '9') ||
           std::string_view("%+,-./:=@_").find(c) != std::string_view::npos;
  };
  std::string line;
  for (const std::string& argument : command) {
    if (!line.empty()) line += ' ';
    if (!argument.empty() && std::all_of(argument.begin(), argument.end(), plain)) {
      line += argument;
      continue;
    }
    line += '\'';
    for (const char c : argument) line += c == '\'' ? std::string(R"('\'')") : std::string(1, c);
    line += '\'';
  }
  return line;
}

}  // namespace coyield::server
