#include "sample.hpp"

#include <coyield/config/arguments.hpp>

namespace coyield::config::sample {
namespace {

using namespace std::chrono_literals;

Component counter() {
  return {.kind = ComponentKind::source,
          .name = "counter",
          .summary = "Whole numbers, one after the other.",
          .parameters = {{.name = "from",
                          .type = ParameterType::integer,
                          .summary = "The first number.",
                          .default_value = 1},
                         {.name = "to",
                          .type = ParameterType::integer,
                          .summary = "The last number; without it there is none.",
                          .maximum = 1'000'000},
                         {.name = "interval",
                          .type = ParameterType::duration,
                          .summary = "The time between two numbers.",
                          .default_value = 0s,
                          .maximum = 1h}},
          .main = "to",
          .example = R"({ "counter": { "from": 1, "to": 5, "interval": "500ms" } })",
          .details = "Yields the first number at once. Ends after `to`.",
          .position = "Each number is the id of itself."};
}

Component topic() {
  return {.kind = ComponentKind::source,
          .name = "topic",
          .summary = "What is published.",
          .parameters = {{.name = "name", .summary = "Its name.", .required = true}},
          .main = "name",
          .example = R"({ "topic": "room.${path.room}" })",
          .is_topic = true};
}

Component file() {
  auto needs_root = [](const Arguments& args) -> ParameterMistakes {
    if (!args.from_request("path") || args.find<std::string>("root")) return {};
    return {{"root", {"missing, and a path from a request needs it", "write \"root\": \"/srv/files\""}}};
  };
  return {.kind = ComponentKind::source,
          .name = "file",
          .summary = "The lines of a file.",
          .parameters = {{.name = "path", .summary = "The file to read.", .required = true},
                         {.name = "root",
                          .summary = "A folder that `path` cannot leave.",
                          .request_values = false},
                         {.name = "follow",
                          .type = ParameterType::boolean,
                          .summary = "Whether to wait for more.",
                          .default_value = false},
                         {.name = "decode",
                          .type = ParameterType::choice,
                          .summary = "What a line is.",
                          .default_value = "lines",
                          .choices = {"lines", "json", "bytes"}},
                         {.name = "block",
                          .type = ParameterType::size,
                          .summary = "How much to read at a time.",
                          .default_value = Size{65536},
                          .minimum = Size{512},
                          .maximum = Size{1 << 20}}},
          .main = "path",
          .example = R"({ "file": { "path": "/var/log/app.jsonl", "follow": true, "decode": "json" } })",
          .check = needs_root};
}

Component exec() {
  return {.kind = ComponentKind::source,
          .name = "exec",
          .summary = "What a program prints.",
          .parameters = {{.name = "command",
                          .type = ParameterType::list,
                          .summary = "The program and its arguments.",
                          .required = true}},
          .main = "command",
          .example = R"({ "exec": ["tail", "-f", "/var/log/syslog"] })"};
}

Component program() {
  return {.kind = ComponentKind::source,
          .name = "program",
          .summary = "What a program prints, more carefully.",
          .parameters = {{.name = "command",
                          .type = ParameterType::list,
                          .summary = "The program and its arguments.",
                          .required = true,
                          .filling = Filling::argument},
                         {.name = "stdin",
                          .type = ParameterType::boolean,
                          .summary = "Whether it gets what clients send.",
                          .default_value = false}},
          .main = "command",
          .example = R"({ "program": ["tail", "-f", "/var/log/syslog"] })",
          .reads_input_if = "stdin"};
}

Component http() {
  return {.kind = ComponentKind::source,
          .name = "http",
          .summary = "What another server answers.",
          .parameters =
              {{.name = "url", .summary = "What to ask for.", .required = true, .filling = Filling::url}},
          .main = "url",
          .example = R"({ "http": "https://example.com/events" })"};
}

Component echo() {
  return {.kind = ComponentKind::source,
          .name = "echo",
          .summary = "What the client sends.",
          .example = R"("echo")"};
}

Component speaker() {
  return {.kind = ComponentKind::source,
          .name = "speaker",
          .summary = "What the client sends, louder.",
          .example = R"("speaker")",
          .reads_input = true};
}

Component take() {
  return {.kind = ComponentKind::operator_,
          .name = "take",
          .summary = "The first items alone.",
          .parameters = {{.name = "items",
                          .type = ParameterType::integer,
                          .summary = "How many.",
                          .required = true,
                          .minimum = 0}},
          .main = "items",
          .example = R"({ "take": 5 })",
          .for_clients = true};
}

Component where() {
  return {.kind = ComponentKind::operator_,
          .name = "where",
          .summary = "Items that have certain values.",
          .parameters = {{.name = "values",
                          .type = ParameterType::json,
                          .summary = "Values by JSON pointer.",
                          .required = true}},
          .main = "values",
          .example = R"({ "where": { "/level": "error" } })"};
}

Component sample_operator() {
  return {.kind = ComponentKind::operator_,
          .name = "sample",
          .summary = "A part of the items.",
          .parameters = {{.name = "share",
                          .type = ParameterType::number,
                          .summary = "How large a part.",
                          .default_value = 0.5,
                          .minimum = 0.0,
                          .maximum = 1.0}},
          .example = R"({ "sample": { "share": 0.1 } })"};
}

}  // namespace

Catalogue catalogue() {
  Catalogue all;
  for (auto make : {counter, topic, file, exec, program, http, echo, speaker, take, where, sample_operator})
    all.add(make());
  all.add({.kind = ComponentKind::format, .name = "ndjson", .summary = "One JSON text a line."});
  all.add({.kind = ComponentKind::format, .name = "sse", .summary = "Server-sent events."});
  return all;
}

std::shared_ptr<const Component> component(std::string_view name) {
  const auto all = catalogue();
  auto source = all.find(ComponentKind::source, name);
  return source ? source : all.find(ComponentKind::operator_, name);
}

}  // namespace coyield::config::sample
