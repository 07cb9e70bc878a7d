#include <charconv>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/json_check.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/file_reader.hpp>
#include <coyield/generators/sources/line_buffer.hpp>
#include <stdexcept>

namespace coyield::generators {

namespace {

using Start = FileReader::Start;

std::optional<Start> parse_start(std::string_view text) {
  if (text == "begin") return Start{};
  if (text == "end") return Start{Start::From::end};
  Start start;
  const char* const end = text.data() + text.size();
  const auto [behind, error] = std::from_chars(text.data(), end, start.offset);
  if (error != std::errc() || behind != end || start.offset > INT64_MAX) return std::nullopt;
  return start;
}

/// What the arguments say, so that the coroutines need not look them up.
struct Job {
  FileName name;
  Start start;
  BlockingPool* pool;
  std::size_t max_item;
};

Task<void> fill(FileReader& reader, LineBuffer& lines) {
  const std::span<char> room = lines.room();
  const std::size_t n = co_await reader.read(room);
  if (n == 0) lines.end();
  lines.commit(n);
}

AsyncGenerator<Item> read_lines(Job job) {
  FileReader reader(*job.pool, job.name);
  co_await reader.open(job.start);
  LineBuffer lines(reader.offset(), job.max_item);
  while (!lines.ended()) {
    co_await fill(reader, lines);
    std::string_view line;
    while (lines.next(line)) co_yield Item::text(line);
  }
}

/// False where there is nothing but white space.
bool check_json(std::string_view line, const LineBuffer& lines) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return false;
  if (is_json(line)) return true;
  throw Failure(FailureKind::upstream, "line " + std::to_string(lines.number()) + " (at byte " +
                                           std::to_string(lines.offset()) + ") is not JSON");
}

AsyncGenerator<Item> read_json(Job job) {
  FileReader reader(*job.pool, job.name);
  co_await reader.open(job.start);
  LineBuffer lines(reader.offset(), job.max_item);
  while (!lines.ended()) {
    co_await fill(reader, lines);
    std::string_view line;
    while (lines.next(line)) {
      if (check_json(line, lines)) co_yield Item::json(line);
    }
  }
}

AsyncGenerator<Item> read_bytes(Job job) {
  FileReader reader(*job.pool, job.name);
  co_await reader.open(job.start);
  const std::size_t size = std::min(LineBuffer::block, job.max_item);
  const std::unique_ptr<char[]> memory(new char[size]);
  for (;;) {
    const std::size_t n = co_await reader.read(std::span(memory.get(), size));
    if (n == 0) co_return;
    co_yield Item::bytes({memory.get(), n});
  }
}

FileName name_of(const config::Arguments& args) {
  FileName name;
  name.path = args.get<std::string>("path");
  if (const auto* root = args.find<std::string>("root")) name.root = *root;
  name.chosen_by_client = args.from_request("path");
  return name;
}

AsyncGenerator<Item> start(config::Arguments args, SourceContext context) {
  if (context.blocking == nullptr) throw std::logic_error("the source file needs a BlockingPool");
  Job job{name_of(args), *parse_start(args.get<std::string>("start")), context.blocking, context.max_item};
  const auto& decode = args.get<std::string>("decode");
  if (decode == "bytes") return read_bytes(std::move(job));
  if (decode == "json") return read_json(std::move(job));
  return read_lines(std::move(job));
}

std::optional<config::ParameterMistake> check(const config::Arguments& args) {
  if (args.from_request("path") && args.find<std::string>("root") == nullptr) {
    return config::ParameterMistake{"root",
                                    {"is missing, and the client has a say in path",
                                     R"(write the directory to serve: "root": "/srv/files")"}};
  }
  const auto* from = args.find<std::string>("start");
  if (from == nullptr || parse_start(*from)) return std::nullopt;
  return config::ParameterMistake{"start",
                                  {config::in_quotes(*from) + " is no place in a file",
                                   R"(write "begin", "end", or an offset in bytes as "1000")"}};
}

}  // namespace

Source file_source() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "file",
           .summary = "A file: its lines, its lines of JSON, or its bytes.",
           .parameters = {{.name = "path",
                           .type = ParameterType::text,
                           .summary =
                               "Which file. It may have values of the request in it where there is a `root`.",
                           .required = true},
                          {.name = "root",
                           .type = ParameterType::text,
                           .summary = "The directory from which `path` goes out and which it cannot leave, "
                                      "by no \"..\", no leading "
                                      "slash and no symbolic link.",
                           .request_values = false},
                          {.name = "start",
                           .type = ParameterType::text,
                           .summary =
                               "Where to begin: \"begin\", \"end\", or an offset in bytes, as \"1000\".",
                           .default_value = "begin"},
                          {.name = "decode",
                           .type = ParameterType::choice,
                           .summary = "What an item is: each of its lines as a text, each of its lines as "
                                      "JSON, or whatever bytes "
                                      "come together.",
                           .default_value = "lines",
                           .choices = {"lines", "json", "bytes"}}},
           .main = "path",
           .example = R"({ "file": { "path": "${path.name}", "root": "/srv/files", "decode": "json" } })",
           .details =
               "Ends at the end of the file, with a last line that has no line feed too. A line ends with LF "
               "or "
               "CR LF, which are not part of the item; with an offset within a line the first item is its "
               "rest. "
               "With `decode` json, lines without anything but blanks are passed over, and one that is not "
               "JSON "
               "fails the stream. So does a line longer than `max_item`, and a file that becomes shorter "
               "while it "
               "is read. However large the file, the memory is that of the longest line and 64KiB.\n"
               "Fails with not_found, forbidden (no permission, or a path that leads out of the root) and "
               "invalid (a directory, a device or a FIFO; a start behind the end).",
           .check = &check},
      .start = &start};
}

}  // namespace coyield::generators
