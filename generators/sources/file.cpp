#include <algorithm>
#include <charconv>
#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/file_path.hpp>
#include <coyield/generators/sources/file_stream.hpp>
#include <optional>
#include <stdexcept>

namespace coyield::generators {

namespace {

std::optional<FileStart> parse_start(std::string_view text) {
  if (text == "begin") return FileStart{};
  if (text == "end") return FileStart{FileStart::From::end};
  FileStart start;
  const char* const end = text.data() + text.size();
  const auto [behind, error] = std::from_chars(text.data(), end, start.offset);
  if (error != std::errc() || behind != end || start.offset > INT64_MAX) return std::nullopt;
  return start;
}

AsyncGenerator<Item> start(config::Arguments args, SourceContext context) {
  if (context.blocking == nullptr) throw std::logic_error("the source file needs a BlockingPool");
  const auto& decode = args.get<std::string>("decode");
  FileRequest request{.name = file_name(args),
                      .start = *parse_start(args.get<std::string>("start")),
                      .follow = args.get<bool>("follow"),
                      .decompress = decode != "bytes",
                      .resume_after = std::move(context.resume_after)};
  FileJob job{std::move(request), context.blocking, context.max_item, std::move(context.start)};
  if (decode == "bytes") return file_blocks(std::move(job));
  if (decode == "json") return file_json(std::move(job));
  if (decode == "csv") {
    const auto* columns = args.find<std::vector<std::string>>("columns");
    return file_rows(std::move(job), columns == nullptr ? std::vector<std::string>() : *columns);
  }
  return file_lines(std::move(job));
}

/// For checks: what a request fills in is not there when the configuration is read.
bool says(const config::Arguments& args, std::string_view parameter, std::string_view value) {
  const auto* given = args.find<std::string>(parameter);
  return given != nullptr && *given == value;
}

void check_start(const config::Arguments& args, config::ParameterMistakes& mistakes) {
  const auto* from = args.find<std::string>("start");
  if (from == nullptr || parse_start(*from)) return;
  mistakes.push_back({"start",
                      {config::in_quotes(*from) + " is no place in a file",
                       R"(write "begin", "end", or an offset in bytes as "1000")"}});
}

void check_columns(const config::Arguments& args, config::ParameterMistakes& mistakes) {
  const auto* columns = args.find<std::vector<std::string>>("columns");
  if (columns == nullptr) return;
  if (args.find<std::string>("decode") != nullptr && !says(args, "decode", "csv"))
    mistakes.push_back({"columns", {"are those of a CSV file", R"(add "decode": "csv", or leave them out)"}});
  for (auto name = columns->begin(); name != columns->end(); ++name) {
    if (std::find(columns->begin(), name, *name) == name) continue;
    mistakes.push_back({"columns", {config::in_quotes(*name) + " is listed twice", "keep one"}});
  }
}

void check_compressed(const config::Arguments& args, config::ParameterMistakes& mistakes) {
  const auto* path = args.find<std::string>("path");
  if (path == nullptr || !path->ends_with(".gz") || says(args, "decode", "bytes")) return;
  const auto* follow = args.find<bool>("follow");
  if (follow != nullptr && *follow)
    mistakes.push_back({"follow", {"cannot be true for a compressed file", "leave it out"}});
  if (args.find<std::string>("start") == nullptr || says(args, "start", "begin")) return;
  mistakes.push_back(
      {"start", {"has no meaning in a compressed file, which is read from its beginning", "leave it out"}});
}

config::ParameterMistakes check(const config::Arguments& args) {
  config::ParameterMistakes mistakes;
  check_file_path(args, mistakes);
  check_start(args, mistakes);
  check_columns(args, mistakes);
  check_compressed(args, mistakes);
  return mistakes;
}

}  // namespace

Source file_source() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "file",
           .summary = "A file: its lines, its lines of JSON, its rows of CSV, or its bytes; once, or as it "
                      "grows and is rotated.",
           .parameters =
               {file_path_parameter(),
                file_root_parameter(),
                {.name = "follow",
                 .type = ParameterType::boolean,
                 .summary = "Whether to wait for more at the end of the file, and to go on with the next one "
                            "when it is rotated. Such a stream has no end.",
                 .default_value = false},
                {.name = "start",
                 .type = ParameterType::text,
                 .summary = "Where to begin: \"begin\", \"end\", or an offset in bytes, as \"1000\".",
                 .default_value = "begin"},
                {.name = "decode",
                 .type = ParameterType::choice,
                 .summary = "What an item is: each of its lines as a text, each of its lines as JSON, each "
                            "row of CSV as a JSON object, or whatever bytes come together.",
                 .default_value = "lines",
                 .choices = {"lines", "json", "csv", "bytes"}},
                {.name = "columns",
                 .type = ParameterType::list,
                 .summary = "The names of the columns, for CSV without a first row that has them.",
                 .request_values = false}},
           .main = "path",
           .example = R"({ "file": { "path": "/var/log/app.jsonl", "follow": true, "decode": "json" } })",
           .details =
               "Ends at the end of the file, with a last line that has no line feed too. A line ends with "
               "LF or CR LF, which are not part of the item; with an offset within a line the first item is "
               "its rest. With `decode` json, a byte order mark at the beginning and lines without anything "
               "but blanks are passed over, and one that is not JSON, or nested deeper than 512 levels, "
               "fails the stream. So does a line longer than `max_item`, and a file that becomes shorter "
               "while it is read and not followed. However large the file, the memory is that of the "
               "longest line and 64KiB.\n"
               "A row of CSV (RFC 4180) becomes {\"name\":\"Ada\",\"born\":\"1815\"}: every value is a "
               "string, as it stands in the file. The first row of each file has the names, unless "
               "`columns` does. Rows without a character are passed over; one with another number of fields "
               "than there are names fails the stream.\n"
               "A file that begins as gzip does is decompressed while it is read, unless `decode` is bytes; "
               "it can neither be followed nor resumed.\n"
               "With `follow` a line is given once its line feed has come. A file that is renamed is read "
               "to its end, which has come when the new one of its name has its first byte, and then the "
               "new one from its beginning; a file that is cut is read from its beginning; one that is not "
               "there is waited for, unless the client has a say in its name or its directory is not there "
               "either. With `start` end a line that has begun already is passed over. It is the system "
               "that says what happens to the file (inotify): nothing is polled, and files of network file "
               "systems that other machines write to cannot be followed.\n"
               "Fails with not_found, forbidden (no permission, or a path that leads out of the root) and "
               "invalid (a directory, a device or a FIFO; a start behind the end; an id that is none).",
           .position =
               "The id of an item is a place in a file, by its number, the offset, and a checksum of what "
               "stands in front; a stream without an item yet has one too, that of the place where it "
               "began. A client that comes back with one gets exactly the rest: of that file, though it was "
               "renamed or copied (to app.log.1, app.log-20261123, app-2026-11-23.log) as long as it is in "
               "its directory, and with `follow` of those that came after it. Where it is gone, a gap is "
               "announced and the present file given from its beginning. So it is with a file that was "
               "copied and cut (copytruncate) where fewer than 32 bytes stand in front of the place, which "
               "another file may begin with too. The very beginning of a file has nothing in front: it is "
               "known by the file's number alone, and what such a file has lost by being cut goes "
               "unnoticed.",
           .check = &check},
      .start = &start,
      .resuming = Resuming::exact};
}

}  // namespace coyield::generators
