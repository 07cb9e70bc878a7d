#include <algorithm>
#include <array>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/observer.hpp>
#include <coyield/generators/operators/merge.hpp>
#include <coyield/generators/programs.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/decoded.hpp>
#include <coyield/generators/sources/pipe_input.hpp>
#include <memory>
#include <stdexcept>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view stderr_event = "stderr";

/// What the arguments and the server say.
struct Job {
  ProgramOptions program;
  std::string decode;
  bool errors_are_items;
  SourceContext context;
};

/// Gives a program what the client sends: a text with a line feed behind it, bytes as they are.
class Feeder {
 public:
  Feeder(Loop& loop, FileDescriptor input, AsyncGenerator<Item> items)
      : consumer_(loop, feed(std::move(input), std::move(items))) {
    consumer_.poll();
  }

 private:
  static AsyncGenerator<Item> feed(FileDescriptor input, AsyncGenerator<Item> items) {
    Loop& loop = co_await this_loop();
    asio::posix::stream_descriptor pipe(loop.executor(), input.get());
    input.release();
    Buffer text;
    bool wanted = true;
    while (auto item = co_await items.next()) {
      text.clear();
      item->write_payload(text);
      if (item->kind() != PayloadKind::bytes) text.push_back('\n');
      std::string_view left = text.view();
      // Once it reads no more the client may still send, to no effect, as to any program in a pipe.
      while (wanted && !left.empty()) {
        const ssize_t n = ::write(pipe.native_handle(), left.data(), left.size());
        if (n >= 0) {
          left.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno == EAGAIN) {
          co_await pipe.async_wait(asio::posix::descriptor_base::wait_write, asio::deferred);
        } else if (errno != EINTR) {
          wanted = false;
        }
      }
    }
  }

  Consumer<Item> consumer_;
};

/// Tells the observer what a program writes to its standard error, line by line.
class ErrorLog {
 public:
  ErrorLog(Loop& loop, FileDescriptor errors, const SourceContext& context, std::string program, int pid)
      : observer_(*context.observer),
        endpoint_(context.endpoint),
        program_(std::move(program)),
        pid_(std::to_string(pid)),
        input_(loop.executor(), std::move(errors)),
        consumer_(loop, follow(*this)) {
    consumer_.poll();
  }
  ErrorLog(const ErrorLog&) = delete;
  ErrorLog& operator=(const ErrorLog&) = delete;
  ~ErrorLog() { consumer_.reset(); }

  /// What it has written last, when it has ended: whoever else has its standard error may go on writing.
  void finish() {
    for (int i = 0; i < most_reads && read() == Read::some; ++i) continue;
    if (!line_.empty()) tell(line_);
    line_.clear();
  }

 private:
  enum class Read { some, nothing_yet, end };
  static constexpr std::size_t longest_line = 8192;  // what is longer comes in pieces
  static constexpr int most_reads = 64;

  static AsyncGenerator<Item> follow(ErrorLog& log) {
    for (;;) {
      const Read read = log.read();
      if (read == Read::end) co_return;
      if (read == Read::nothing_yet) {
        co_await log.input_.more();
      } else {
        co_await yield_now();  // one that writes very much is not to keep the others waiting
      }
    }
  }
  Read read() {
    std::array<char, longest_line> block;
    const auto n = input_.read_now(block);
    if (!n) return Read::nothing_yet;
    if (*n == 0) return Read::end;
    cut(std::string_view(block.data(), *n));
    return Read::some;
  }
  void cut(std::string_view text) {
    for (;;) {
      const auto end = text.find('\n');
      line_ += text.substr(0, end);
      if (end == std::string_view::npos && line_.size() < longest_line) return;
      tell(line_);
      line_.clear();
      if (end == std::string_view::npos) return;
      text.remove_prefix(end + 1);
    }
  }
  void tell(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    observer_.note(stderr_event,
                   {{"endpoint", endpoint_}, {"program", program_}, {"pid", pid_}, {"line", line}});
  }

  Observer& observer_;
  std::string_view endpoint_;
  std::string program_;
  std::string pid_;
  PipeInput input_;
  std::string line_;
  Consumer<Item> consumer_;
};

AsyncGenerator<Item> run(Job job) {
  Loop& loop = co_await this_loop();
  const std::size_t max_item = job.context.max_item;
  const auto start = [&job] { return job.context.programs->start(job.program); };
  Program program = co_await job.context.blocking->run(start);
  std::optional<Feeder> feeder;
  if (program.input) feeder.emplace(loop, std::move(program.input), std::move(job.context.input));
  PipeInput output(loop.executor(), std::move(program.output));
  AsyncGenerator<Item> stream = decoded(std::move(output), job.decode, max_item);
  std::optional<ErrorLog> log;
  if (job.errors_are_items) {
    PipeInput pipe(loop.executor(), std::move(program.errors));
    auto errors = records_of(std::move(pipe), TextLines(max_item), stderr_event);
    stream = merge(std::move(stream), std::move(errors));
  } else if (program.errors) {
    log.emplace(loop, std::move(program.errors), job.context, job.program.command.front(), program.pid());
  }
  while (auto item = co_await stream.next()) co_yield std::move(*item);
  const ProgramEnding ending = co_await program.ended(loop.executor());
  if (log) log->finish();
  if (!ending.well()) throw Failure(FailureKind::upstream, "the program " + to_string(ending));
}

AsyncGenerator<Item> start(config::Arguments args, SourceContext context) {
  if (context.programs == nullptr || context.blocking == nullptr)
    throw std::logic_error("the source exec needs Programs and a BlockingPool");
  const auto& errors = args.get<std::string>("stderr");
  ProgramOptions program{.command = args.get<std::vector<std::string>>("command"),
                         .input = args.get<bool>("stdin"),
                         .errors = errors == "items" || (errors == "log" && context.observer != nullptr),
                         .grace = args.get<std::chrono::nanoseconds>("grace")};
  if (const auto* directory = args.find<std::string>("directory")) program.directory = *directory;
  if (const auto* environment = args.find<nlohmann::json>("env")) {
    for (const auto& [name, value] : environment->items())
      program.environment.emplace_back(name, value.get<std::string>());
  }
  return run({std::move(program), args.get<std::string>("decode"), errors == "items", std::move(context)});
}

// ---- what is checked

std::string_view name_of(std::string_view program) { return program.substr(program.rfind('/') + 1); }

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Whether a shell at `command[at]` would take a value of the request for what it is to do: the first word
/// that is no option is its program, or the file that has it. Values of a request are empty when the
/// configuration is read.
bool tells_shell(const std::vector<std::string>& command, std::size_t at) {
  for (std::size_t i = at + 1; i < command.size(); ++i) {
    const std::string& word = command[i];
    if (!word.starts_with('-') && !word.starts_with('+')) return word.empty();
    const bool takes_a_word =
        word.ends_with('o') || word.ends_with('O') || is_one_of(word, {"--rcfile", "--init-file"});
    if (takes_a_word && i + 1 < command.size() && !command[i + 1].empty()) ++i;
  }
  return false;
}

/// The same of other interpreters: what stands behind `-c`, `-e` and the like.
bool tells_interpreter(const std::vector<std::string>& command, std::size_t at) {
  for (std::size_t i = at + 1; i + 1 < command.size(); ++i) {
    const bool program_follows = is_one_of(command[i], {"-c", "-e", "-E", "-r", "-p", "--eval", "--print"});
    if (program_follows && command[i + 1].empty()) return true;
  }
  return false;
}

/// Whether the client would write a program. An interpreter may stand behind others: `env`, `busybox`,
/// `nice`. The first one counts: what comes behind its program is for that to read.
bool client_programs(const std::vector<std::string>& command) {
  for (std::size_t i = 0; i < command.size(); ++i) {
    const std::string_view name = name_of(command[i]);
    if (is_one_of(name, {"sh", "ash", "bash", "dash", "fish", "ksh", "zsh"})) return tells_shell(command, i);
    if (name.starts_with("python") || is_one_of(name, {"perl", "ruby", "node", "nodejs", "php", "lua"}))
      return tells_interpreter(command, i);
  }
  return false;
}

void check_command(const config::Arguments& args, config::ParameterMistakes& mistakes) {
  const auto* command = args.find<std::vector<std::string>>("command");
  if (command == nullptr) return;
  if (command->empty() || command->front().empty()) {
    mistakes.push_back({"command", {"names no program", R"(write "command": ["vmstat", "1"])"}});
    return;
  }
  for (const std::string& argument : *command) {
    if (argument.find('\0') == std::string::npos) continue;
    mistakes.push_back({"command", {"an argument cannot hold a NUL character", "leave it out"}});
  }
  if (!args.from_request("command") || !client_programs(*command)) return;
  mistakes.push_back(
      {"command",
       {"the client would write what the interpreter is to do",
        R"(give its value behind that: ["sh", "-c", "grep -e \"$1\" log", "sh", "${query.x}"])"}});
}

void check_environment(const config::Arguments& args, config::ParameterMistakes& mistakes) {
  const auto* environment = args.find<nlohmann::json>("env");
  if (environment == nullptr) return;
  if (!environment->is_object()) {
    mistakes.push_back({"env", {"is not an object of texts", R"(write { "NAME": "value" })"}});
    return;
  }
  for (const auto& [name, value] : environment->items()) {
    const nlohmann::json::json_pointer place = nlohmann::json::json_pointer() / name;
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos)
      mistakes.push_back({"env", {config::in_quotes(name) + " is no name of a variable", "give it another"}});
    if (!value.is_string()) {
      mistakes.push_back({"env", {value.dump() + " is no text", "write it in double quotes"}, place});
    } else if (value.get_ref<const std::string&>().find('\0') != std::string::npos) {
      mistakes.push_back({"env", {"a variable cannot hold a NUL character", "leave it out"}, place});
    }
  }
}

config::ParameterMistakes check(const config::Arguments& args) {
  config::ParameterMistakes mistakes;
  const auto* directory = args.find<std::string>("directory");
  if (directory != nullptr && directory->find('\0') != std::string::npos)
    mistakes.push_back({"directory", {"a path cannot hold a NUL character", "leave it out"}});
  check_command(args, mistakes);
  check_environment(args, mistakes);
  return mistakes;
}

}  // namespace

Source exec_source() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "exec",
           .summary = "What a program writes to its standard output: its lines, its lines of JSON, or its "
                      "bytes.",
           .parameters =
               {{.name = "command",
                 .type = ParameterType::list,
                 .summary = "The program, and its arguments. A value of the request is one argument as a "
                            "whole, whatever it holds, and must not begin with \"-\".",
                 .required = true,
                 .filling = config::Filling::argument},
                {.name = "decode",
                 .type = ParameterType::choice,
                 .summary = "What an item is: each line as a text, each line as JSON, or whatever bytes come "
                            "together.",
                 .default_value = "lines",
                 .choices = {"lines", "json", "bytes"}},
                {.name = "stdin",
                 .type = ParameterType::boolean,
                 .summary = "Whether messages of a WebSocket client go to its standard input, a text with a "
                            "line feed behind it, bytes as they are. Without it, that is empty.",
                 .default_value = false,
                 .request_values = false},
                {.name = "stderr",
                 .type = ParameterType::choice,
                 .summary = "Where its standard error goes: each line to the log, into the stream as an item "
                            "whose event is \"stderr\", or nowhere.",
                 .default_value = "log",
                 .choices = {"log", "items", "nowhere"},
                 .request_values = false},
                {.name = "env",
                 .type = ParameterType::json,
                 .summary = "Variables for its environment, beside those of the server: "
                            "{ \"NAME\": \"value\" }."},
                {.name = "directory",
                 .type = ParameterType::text,
                 .summary = "Where it runs. Without it, where the server does.",
                 .request_values = false},
                {.name = "grace",
                 .type = ParameterType::duration,
                 .summary = "How long it has to end when it is told to, before it is killed.",
                 .default_value = 5s,
                 .minimum = 0s,
                 .maximum = 1h,
                 .request_values = false}},
           .main = "command",
           .example = R"({ "exec": ["vmstat", "1"] })",
           .details =
               "Each stream runs the program once; an endpoint that is shared runs it once for all. No "
               "shell is involved: the program is looked for in PATH where its name has no slash, and gets "
               "the arguments as they are. It has a process group of its own, none of the server's "
               "descriptors, and signals as at login. A server runs as many programs as "
               "`limits.max_programs` says, and answers unavailable beyond that.\n"
               "Ends when its output has ended and it has: with status 0 as any stream does, otherwise as a "
               "failure (upstream) that says the status or the signal. A program that cannot be started is "
               "a failure (internal). When the client leaves, and when the stream fails, the program's "
               "group gets SIGTERM, and after `grace` SIGKILL; what a program that has ended by itself "
               "leaves running in its group is ended likewise.\n"
               "A client that takes nothing holds the program back, as a pipe to any other would: many "
               "programs write in blocks, and not line by line, when they do not write to a terminal "
               "(`stdbuf -oL` helps some, and an option of theirs others).\n"
               "A line ends with LF or CR LF, which are not part of the item; the last may have none. With "
               "`decode` json, lines with nothing but blanks are passed over, and one that is not JSON, or "
               "nested deeper than 512 levels, fails the stream. So does a line longer than `max_item`.",
           .reads_input_if = "stdin",
           .check = &check},
      .start = &start};
}

}  // namespace coyield::generators
