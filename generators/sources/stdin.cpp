#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/json_line.hpp>
#include <coyield/generators/sources/line_buffer.hpp>
#include <coyield/generators/standard_input.hpp>
#include <stdexcept>

namespace coyield::generators {

namespace {

/// The lines of the standard input. What is left when the client leaves is the next one's.
class Lines {
 public:
  Lines(const SourceContext& context, const Executor& executor)
      : reader_(*context.standard_input, *context.blocking, executor),
        buffer_(reader_.position(), context.max_item),
        max_item_(context.max_item) {}
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  ~Lines() {
    const std::string_view rest = buffer_.unread();
    // The next client shall not fail for ever at a line that is too long.
    if (rest.size() > max_item_ && rest.find('\n') == std::string_view::npos) {
      reader_.skip_line();
    } else {
      reader_.give_back(rest);
    }
  }

  bool ended() const noexcept { return buffer_.ended(); }
  Task<void> fill() {
    const std::span<char> room = buffer_.room();
    const std::size_t n = co_await reader_.read(room);
    if (n == 0) buffer_.end();
    buffer_.commit(n);
  }
  bool next(std::string_view& line) { return buffer_.next(line); }
  std::uint64_t offset() const noexcept { return buffer_.offset(); }

 private:
  StandardInput::Reader reader_;
  LineBuffer buffer_;
  std::size_t max_item_;
};

AsyncGenerator<Item> read_lines(SourceContext context) {
  Loop& loop = co_await this_loop();
  Lines lines(context, loop.executor());
  while (!lines.ended()) {
    co_await lines.fill();
    std::string_view line;
    while (lines.next(line)) co_yield Item::text(line);
  }
}

AsyncGenerator<Item> read_json(SourceContext context) {
  Loop& loop = co_await this_loop();
  Lines lines(context, loop.executor());
  while (!lines.ended()) {
    co_await lines.fill();
    std::string_view line;
    while (lines.next(line)) {
      const JsonLine kind = json_line(line, lines.offset());
      if (kind == JsonLine::json) {
        co_yield Item::json(line);
      } else if (kind != JsonLine::blank) {
        throw Failure(FailureKind::upstream,
                      "the line at byte " + std::to_string(lines.offset()) + ' ' + complaint_about(kind));
      }
    }
  }
}

AsyncGenerator<Item> read_bytes(SourceContext context) {
  Loop& loop = co_await this_loop();
  StandardInput::Reader reader(*context.standard_input, *context.blocking, loop.executor());
  const std::size_t size = std::min(LineBuffer::block, context.max_item);
  const std::unique_ptr<char[]> memory(new char[size]);
  for (;;) {
    const std::span<char> room(memory.get(), size);
    const std::size_t n = co_await reader.read(room);
    if (n == 0) co_return;
    co_yield Item::bytes({memory.get(), n});
  }
}

AsyncGenerator<Item> start(config::Arguments args, SourceContext context) {
  if (context.standard_input == nullptr || context.blocking == nullptr)
    throw std::logic_error("the source stdin needs a StandardInput and a BlockingPool");
  const auto& decode = args.get<std::string>("decode");
  if (decode == "bytes") return read_bytes(std::move(context));
  if (decode == "json") return read_json(std::move(context));
  return read_lines(std::move(context));
}

}  // namespace

Source stdin_source() {
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "stdin",
           .summary = "The standard input of the server: its lines, its lines of JSON, or its bytes.",
           .parameters = {{.name = "decode",
                           .type = config::ParameterType::choice,
                           .summary = "What an item is: each of its lines as a text, each of its lines as "
                                      "JSON, or whatever bytes come together.",
                           .default_value = "lines",
                           .choices = {"lines", "json", "bytes"}}},
           .main = "decode",
           .example = R"({ "stdin": { "decode": "json" } })",
           .details =
               "Whatever is on the other side of `command | coyield serve FILE`, or a terminal, or a file. "
               "One client at a time can have it; another gets unavailable meanwhile. It is read only while "
               "there is a client, and as fast as that takes it: until then `command` waits, as it would "
               "for any program that does not read. Ends at the end of the input, and at once for every "
               "client after that.\n"
               "A line ends with LF or CR LF, which are not part of the item; the last may have none. With "
               "`decode` json, a byte order mark at the beginning and lines without anything but blanks are "
               "passed over, and one that is not JSON, or nested deeper than 512 levels, fails the stream. "
               "So does a line longer than `max_item`. The next client goes on behind it.",
           .position =
               "Items have no ids: a client goes on where the one before it has left. Shared, they have "
               "those of the share."},
      .start = &start};
}

}  // namespace coyield::generators
