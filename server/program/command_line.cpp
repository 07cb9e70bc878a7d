#include <coyield/server/program/command_line.hpp>

#include <openssl/crypto.h>
#include <zlib.h>
#include <CLI/CLI.hpp>
#include <boost/version.hpp>
#include <charconv>
#include <coyield/config/describe.hpp>
#include <coyield/config/load.hpp>
#include <coyield/config/schema.hpp>
#include <coyield/generators/utf8.hpp>
#include <coyield/handlers/protocol.hpp>
#include <coyield/server/built_in.hpp>
#include <coyield/server/program/health.hpp>
#include <coyield/server/program/offline_run.hpp>
#include <coyield/server/program/one_liners.hpp>
#include <coyield/server/server.hpp>
#include <csignal>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#ifndef COYIELD_VERSION
#error "the build says COYIELD_VERSION"
#endif

namespace coyield::server {

namespace {

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;
constexpr int exit_configuration = 78;  // EX_CONFIG of sysexits.h

constexpr const char* default_file = "coyield.json";
constexpr const char* file_variable = "COYIELD_FILE";
constexpr std::string_view demonstration =
#include "demonstration.json.inc"
    ;

struct Options {
  std::vector<std::string> listen = {};
  std::string listen_said_by = {};  ///< the option, or the variable that stands for it
  std::string log_format = {};
  std::string file = {};
  std::string kind = {};
  std::string name = {};
  std::string url = {};
  bool protocol = false;
  TailOptions tail = {};
  PipeOptions pipe = {};
  ExecOptions exec = {};
  OfflineRun run = {};
};

/// An option, and the variable of the environment that stands for it.
struct OptionName {
  const char* option;
  const char* variable;
};
constexpr OptionName listen_name{"--listen", "COYIELD_LISTEN"};
constexpr OptionName log_format_name{"--log-format", "COYIELD_LOG_FORMAT"};
constexpr OptionName start_name{"--start", "COYIELD_START"};
constexpr OptionName decode_name{"--decode", "COYIELD_DECODE"};
constexpr OptionName replay_name{"--replay", "COYIELD_REPLAY"};
constexpr OptionName slow_name{"--slow", "COYIELD_SLOW"};

/// What a person has to change: the option if it was given, else the variable.
std::string said_by(const OptionName& name, int argc, char** argv) {
  const std::string option = name.option;
  const bool given = std::any_of(argv + 1, argv + argc, [&option](const std::string_view argument) {
    return argument == option || argument.starts_with(option + "=");
  });
  return given ? name.option : name.variable;
}

std::optional<config::Mistake> check_word(const std::string& word, const std::vector<std::string>& words) {
  if (word.empty() || std::find(words.begin(), words.end(), word) != words.end()) return std::nullopt;
  return config::Mistake{config::in_quotes(word) + " is none of the choices", config::advise(word, words)};
}

std::optional<config::Mistake> check_start(const std::string& start) {
  std::int64_t offset = 0;
  const char* const end = start.data() + start.size();
  const auto [behind, error] = std::from_chars(start.data(), end, offset);
  const bool is_offset = error == std::errc() && behind == end && !start.starts_with('-');
  if (start == "begin" || start == "end" || is_offset) return std::nullopt;
  return config::Mistake{config::in_quotes(start) + " is no place in a file",
                         "write begin, end, or an offset in bytes as 1000"};
}

std::optional<config::Mistake> check_listen(const std::vector<std::string>& addresses) {
  for (const std::string& text : addresses) {
    const auto address = config::parse_listen_address(text);
    if (!address) return address.error();
  }
  return std::nullopt;
}

std::optional<config::Mistake> check_slow(const SharedOptions& options) {
  return check_word(options.slow, {"disconnect", "drop_oldest", "drop_newest", "latest", "block"});
}

std::optional<std::string> check_exec(const ExecOptions& options) {
  if (options.command.front().empty()) return "no program is named; write coyield exec -- vmstat 1";
  const bool all_utf8 =
      std::all_of(options.command.begin(), options.command.end(),
                  [](const std::string& argument) { return generators::is_utf8(argument); });
  if (!all_utf8) return "an argument of the program is no UTF-8; give it in a script of yours";
  if (options.input && !options.per_client)
    return "--stdin: all clients would talk to one program; add --per-client";
  return std::nullopt;
}

/// The first mistake in what options and environment say, with the name of whoever says it. `command` is the
/// one that was given.
std::optional<std::string> check_options(const Options& options, std::string_view command, int argc,
                                         char** argv) {
  const auto named = [&](const OptionName& name, const std::optional<config::Mistake>& mistake) {
    return mistake ? std::optional(said_by(name, argc, argv) + ": " + config::to_string(*mistake))
                   : std::nullopt;
  };
  const bool tails = command == "tail";
  const bool pipes = command == "pipe";
  const bool runs = command == "exec";
  const bool serves = tails || pipes || runs || command == "serve";
  auto sentence = serves ? named(listen_name, check_listen(options.listen)) : std::nullopt;
  if (!sentence) sentence = named(log_format_name, check_word(options.log_format, {"text", "json"}));
  if (!sentence && tails) sentence = named(start_name, check_start(options.tail.start));
  if (!sentence && tails)
    sentence = named(decode_name, check_word(options.tail.decode, {"lines", "json", "csv"}));
  if (!sentence && (pipes || runs)) {
    const std::string& decode = pipes ? options.pipe.decode : options.exec.decode;
    sentence = named(decode_name, check_word(decode, {"lines", "json", "bytes"}));
  }
  if (!sentence && (pipes || runs))
    sentence = named(slow_name, check_slow(pipes ? options.pipe.shared : options.exec.shared));
  if (!sentence && runs) sentence = check_exec(options.exec);
  return sentence;
}

std::string version_text() {
  std::string boost = BOOST_LIB_VERSION;
  std::replace(boost.begin(), boost.end(), '_', '.');
  return std::string("coyield ") + COYIELD_VERSION + "\nBoost " + boost + ", nlohmann/json " +
         std::to_string(NLOHMANN_JSON_VERSION_MAJOR) + "." + std::to_string(NLOHMANN_JSON_VERSION_MINOR) +
         "." + std::to_string(NLOHMANN_JSON_VERSION_PATCH) + ", " + OpenSSL_version(OPENSSL_VERSION) +
         ", zlib " + zlibVersion();
}

int refuse_configuration(const config::Problems& problems) {
  std::cerr << problems;
  return exit_configuration;
}

/// An option beats the file.
void apply(const Options& options, config::ServerConfig& server) {
  if (!options.listen.empty()) server.listen.clear();
  for (const std::string& text : options.listen)
    server.listen.push_back(config::parse_listen_address(text).value());
  if (!options.log_format.empty()) {
    server.log.format = options.log_format == "json" ? config::LogFormat::json : config::LogFormat::text;
  }
}

/// What somebody who has started the program without a file of theirs may type next. `address` is one that
/// they can reach.
using Greeting = std::function<void(const std::string& address)>;

void greet_demonstration(const std::string& address) {
  std::cout << "coyield serves its demonstration. Try:\n\n"
            << "  curl -N http://" << address << "/count/5\n"
            << "  curl -N http://" << address << "/clock?format=sse\n"
            << "  http://" << address << "/clock            in a browser\n"
            << "  ws://" << address << "/echo               in any WebSocket client\n\n"
            << "Your own: coyield serve coyield.json; `coyield list sources` says what there is."
            << std::endl;
}

void greet_tail(const std::vector<TailEndpoint>& endpoints, const std::string& address) {
  for (const TailEndpoint& endpoint : endpoints) {
    std::cout << config::printable(endpoint.file) << ": http://" << address << url_path(endpoint) << '\n';
  }
  std::cout << std::flush;
}

int serve(const Options& options, config::Loaded<config::Configuration> loaded,
          const generators::Registry& registry, const Greeting& greet) {
  if (!loaded) return refuse_configuration(loaded.error());
  apply(options, loaded->server);
  std::signal(SIGPIPE, SIG_IGN);  // who reads the log may go; the streams go on
  Server server(loaded->server);
  add_endpoints(server, loaded->endpoints, registry);
  if (greet) {
    try {
      const std::vector<std::string> addresses = server.open();
      const auto tcp = std::find_if(addresses.begin(), addresses.end(),
                                    [](const std::string& address) { return !address.starts_with("unix:"); });
      if (tcp != addresses.end()) greet(*tcp);
    } catch (const std::exception& error) {
      std::cerr << error.what() << '\n';
      return exit_failure;
    }
  }
  return server.run();
}

int serve(const Options& options, const generators::Registry& registry, const config::Catalogue& catalogue) {
  std::string file = options.file;
  if (file.empty() && std::filesystem::exists(default_file)) file = default_file;
  if (!file.empty()) return serve(options, config::load_file(file, catalogue), registry, nullptr);
  return serve(options, config::load(demonstration, "demonstration", catalogue), registry,
               greet_demonstration);
}

/// Why a file cannot be followed.
std::optional<config::Mistake> check_file(const std::string& file) {
  std::error_code error;
  const std::string name = config::in_quotes(file);
  if (!std::filesystem::exists(file, error))
    return config::Mistake{name + " does not exist", "name the files to follow"};
  if (!std::filesystem::is_regular_file(file, error))
    return config::Mistake{name + " is no file", "name the files to follow"};
  if (!generators::is_utf8(file))
    return config::Mistake{"the name " + name + " is no UTF-8", "give it another name, or a link with one"};
  if (file.ends_with(".gz"))
    return config::Mistake{name + " is compressed, and nothing is added to such a file",
                           "name the file that is being written"};
  return std::nullopt;
}

int tail(const Options& options, const generators::Registry& registry, const config::Catalogue& catalogue) {
  for (const std::string& file : options.tail.files) {
    const auto mistake = check_file(file);
    if (!mistake) continue;
    std::cerr << config::to_string(*mistake) << '\n';
    return exit_usage;
  }
  const std::string text = tail_configuration(options.tail).dump();
  return serve(options, config::load(text, "tail", catalogue), registry,
               [&](const std::string& address) { greet_tail(tail_endpoints(options.tail.files), address); });
}

int pipe(const Options& options, const generators::Registry& registry, const config::Catalogue& catalogue) {
  const std::string text = pipe_configuration(options.pipe).dump();
  return serve(options, config::load(text, "pipe", catalogue), registry, [](const std::string& address) {
    std::cout << "standard input: http://" << address << "/" << std::endl;
  });
}

int exec(const Options& options, const generators::Registry& registry, const config::Catalogue& catalogue) {
  const std::string text = exec_configuration(options.exec).dump();
  return serve(options, config::load(text, "exec", catalogue), registry, [&](const std::string& address) {
    std::cout << config::printable(command_line_of(options.exec.command)) << ": http://" << address << "/"
              << std::endl;
  });
}

int check(const Options& options, const config::Catalogue& catalogue) {
  const auto loaded = config::load_file(options.file, catalogue);
  if (!loaded) return refuse_configuration(loaded.error());
  const std::size_t count = loaded->endpoints.size();
  std::cout << options.file << ": good, with " << count << (count == 1 ? " endpoint\n" : " endpoints\n");
  return 0;
}

int run(const Options& options, const generators::Registry& registry, const config::Catalogue& catalogue) {
  const auto loaded = config::load_file(options.file, catalogue);
  if (!loaded) return refuse_configuration(loaded.error());
  return run_offline(*loaded, registry, options.run, std::cout, std::cerr);
}

std::string stages(const config::EndpointConfig& endpoint) {
  std::string text = endpoint.source.name();
  for (const auto& op : endpoint.pipeline) text += " | " + op.name();
  return text;
}

int routes(const Options& options, const config::Catalogue& catalogue) {
  const auto loaded = config::load_file(options.file, catalogue);
  if (!loaded) return refuse_configuration(loaded.error());
  std::size_t width = 0;
  for (const auto& endpoint : loaded->endpoints) width = std::max(width, endpoint.pattern.text.size());
  for (const auto& endpoint : loaded->endpoints) {
    const std::string& pattern = endpoint.pattern.text;
    std::cout << pattern << std::string(width - pattern.size() + 2, ' ') << stages(endpoint);
    if (!endpoint.title.empty()) std::cout << "  # " << endpoint.title;
    std::cout << '\n';
  }
  return 0;
}

/// The configuration of the server whose health is asked for: of a file that was named, or that `serve` would
/// find.
config::Loaded<config::ServerConfig> configuration_to_ask(const Options& options,
                                                          const config::Catalogue& catalogue) {
  std::string file = options.file;
  if (file.empty() && std::filesystem::exists(default_file)) file = default_file;
  if (file.empty()) return config::ServerConfig();
  auto loaded = config::load_file(file, catalogue);
  if (!loaded) return loaded.error();
  return loaded->server;
}

int ask(const HealthTarget& target) { return ask_health(target, std::cout) ? 0 : exit_failure; }

int health(const Options& options, const config::Catalogue& catalogue) {
  std::string address = options.url;
  if (address.empty() && !options.listen.empty()) address = options.listen.front();
  if (address.empty()) {
    const auto server = configuration_to_ask(options, catalogue);
    return server ? ask(health_target(*server)) : refuse_configuration(server.error());
  }
  const auto target = parse_health_target(address);
  if (target) return ask(*target);
  std::cerr << (options.url.empty() ? options.listen_said_by + ": " : "") << config::to_string(target.error())
            << '\n';
  return exit_usage;
}

/// CLI11 only says that a command is wanted, and not that it was given one that is none, or an option.
std::optional<std::string> explain_command(const CLI::App& app) {
  const std::vector<std::string> unknown = app.remaining();
  if (unknown.empty() || !app.get_subcommands().empty()) return std::nullopt;
  const std::string& word = unknown.front();
  std::vector<std::string> names;
  if (word.starts_with('-')) {
    for (const CLI::Option* option : app.get_options()) names.push_back("--" + option->get_single_name());
    return "there is no option " + config::in_quotes(word) + "; " + config::advise(word, names);
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return "there is no command " + config::in_quotes(word) + "; " + config::advise(word, names);
}

int list(const Options& options, const config::Catalogue& catalogue) {
  using config::ComponentKind;
  const std::vector<std::pair<std::string, ComponentKind>> kinds = {{"sources", ComponentKind::source},
                                                                    {"operators", ComponentKind::operator_},
                                                                    {"formats", ComponentKind::format}};
  for (const auto& [plural, kind] : kinds) {
    if (!options.kind.empty() && options.kind != plural) continue;
    if (!options.name.empty()) {
      const auto component = catalogue.find(kind, options.name);
      if (!component) {
        std::cerr << "there is no " << config::kind_name(kind) << " " << config::in_quotes(options.name)
                  << "; " << config::advise(options.name, catalogue.names(kind)) << '\n';
        return exit_usage;
      }
      std::cout << config::describe(*component);
      continue;
    }
    if (options.kind.empty()) std::cout << plural << ":\n";
    std::cout << config::describe(catalogue, kind);
  }
  return 0;
}

int schema(const Options& options, const config::Catalogue& catalogue) {
  if (options.protocol) {
    std::cout << handlers::protocol_schema();
  } else {
    std::cout << config::schema(catalogue).dump(2) << '\n';
  }
  return 0;
}

}  // namespace

namespace {

void add_decode_option(CLI::App& command, std::string& decode) {
  command.add_option("--decode", decode, "What an item is: lines, json or bytes")
      ->envname(decode_name.variable)
      ->default_val("lines")
      ->type_name("DECODING");
}

void add_shared_options(CLI::App& command, SharedOptions& options) {
  command.add_option("--replay", options.replay, "How many items who comes later gets first")
      ->envname(replay_name.variable)
      ->default_val(1000)
      ->check(CLI::Range(0U, 1'000'000'000U))
      ->type_name("ITEMS");
  command
      .add_option(
          "--slow", options.slow,
          "What becomes of a client that is too far behind: disconnect, drop_oldest, drop_newest, latest, "
          "or block, so that the writer waits")
      ->envname(slow_name.variable)
      ->default_val("disconnect")
      ->type_name("POLICY");
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app{"A streaming server whose endpoints are async generators."};
  app.name("coyield");
  app.set_version_flag("--version", version_text());
  app.require_subcommand(1);
  app.fallthrough();
  Options options;
  app.add_option("--listen", options.listen,
                 "Where to listen: 127.0.0.1:8080, [::1]:8080, unix:/run/coyield.sock")
      ->envname(listen_name.variable)
      ->allow_extra_args(false)
      ->type_name("ADDR:PORT");
  app.add_option("--log-format", options.log_format, "text or json")
      ->envname(log_format_name.variable)
      ->type_name("FORMAT");
  std::map<const CLI::App*, std::string> files;  // by command: the environment fills in those of all commands
  CLI::App* serve_command =
      app.add_subcommand("serve", "Serve what FILE says; without one ./coyield.json, else a demonstration");
  serve_command->add_option("FILE", files[serve_command], "The configuration")->envname(file_variable);
  CLI::App* tail_command = app.add_subcommand("tail", "Serve files as they grow, without a configuration");
  tail_command->add_option("FILE", options.tail.files, "The files to follow")->required();
  tail_command
      ->add_option("--start", options.tail.start,
                   "Where a client begins that does not say ?start=: begin, end, or an offset in bytes")
      ->envname(start_name.variable)
      ->default_val("end")
      ->type_name("PLACE");
  tail_command->add_option("--decode", options.tail.decode, "What an item is: lines, json or csv")
      ->envname(decode_name.variable)
      ->default_val("lines")
      ->type_name("DECODING");
  CLI::App* pipe_command = app.add_subcommand("pipe", "Serve the standard input, for any number of clients");
  add_decode_option(*pipe_command, options.pipe.decode);
  add_shared_options(*pipe_command, options.pipe.shared);
  CLI::App* exec_command = app.add_subcommand(
      "exec",
      "Serve what a program writes, for any number of clients: exec [OPTIONS] -- PROGRAM ARGUMENTS...");
  exec_command->add_option("COMMAND", options.exec.command, "The program and its arguments, behind --")
      ->required();
  exec_command->add_flag("--per-client", options.exec.per_client,
                         "Run it for each client, instead of once for all");
  exec_command->add_flag("--stdin", options.exec.input,
                         "Give it the messages of its WebSocket client, a line each; with --per-client");
  add_decode_option(*exec_command, options.exec.decode);
  add_shared_options(*exec_command, options.exec.shared);
  CLI::App* check_command =
      app.add_subcommand("check", "Check a configuration, and say all that is wrong with it");
  check_command->add_option("FILE", files[check_command], "The configuration")
      ->envname(file_variable)
      ->required();
  CLI::App* run_command = app.add_subcommand(
      "run", "Run one endpoint without a server, and print or compare its items: to test a configuration");
  run_command->add_option("FILE", files[run_command], "The configuration")->required();
  run_command
      ->add_option("ENDPOINT", options.run.endpoint,
                   "Which one: as the configuration has it, or a path of its: /count/{n}, /count/5?every=1s")
      ->required();
  run_command
      ->add_option("--param", options.run.parameters,
                   "A value that a request would bring: n=5, or with where it comes from, query.n=5")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  run_command
      ->add_option(
          "--input", options.run.input,
          "Recorded JSON lines in the place of the source; time is then that of the lines, and takes none")
      ->type_name("FILE");
  run_command
      ->add_option("--time", options.run.time, "Where in a line of the input its time is, as a JSON Pointer")
      ->default_val("/ts")
      ->type_name("POINTER");
  run_command
      ->add_option(
          "--expect", options.run.expected,
          "JSON lines that have to come; where they do not, the first that differs is shown, and exit code 1")
      ->type_name("FILE");
  run_command->add_option("--items", options.run.most, "How many items to take, and then to end; 0 for all")
      ->default_val(0)
      ->type_name("NUMBER");
  CLI::App* routes_command = app.add_subcommand("routes", "Show the endpoints of a configuration");
  routes_command->add_option("FILE", files[routes_command], "The configuration")
      ->envname(file_variable)
      ->required();
  CLI::App* list_command = app.add_subcommand("list", "Show what there is: sources, operators, formats");
  list_command->add_option("KIND", options.kind, "sources, operators or formats")
      ->check(CLI::IsMember({"sources", "operators", "formats"}));
  list_command->add_option("NAME", options.name, "All about this one");
  CLI::App* schema_command = app.add_subcommand("schema", "Print the JSON Schema of the configuration");
  schema_command->add_flag("--protocol", options.protocol,
                           "Instead that of the messages of coyield.v1, for many streams on one WebSocket");
  CLI::App* health_command =
      app.add_subcommand("health", "Ask a server whether it takes new clients; for health checks");
  health_command->add_option("URL", options.url,
                             "Of the server: http://127.0.0.1:8080, 127.0.0.1:8080, unix:/run/coyield.sock. "
                             "Without it: where the configuration says");
  health_command
      ->add_option(
          "--config", files[health_command],
          "The server's configuration: its admin address is asked, else its first other one. Without "
          "it: ./coyield.json, else 127.0.0.1:8080")
      ->envname(file_variable)
      ->type_name("FILE");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (const auto sentence = explain_command(app)) {
      std::cerr << *sentence << '\n';
      return exit_usage;
    }
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  for (const auto& [command, file] : files) {
    if (command->parsed()) options.file = file;
  }
  options.listen_said_by = said_by(listen_name, argc, argv);
  const std::string command = app.get_subcommands().front()->get_name();
  if (const auto sentence = check_options(options, command, argc, argv)) {
    std::cerr << *sentence << '\n';
    return exit_usage;
  }
  const generators::Registry registry = built_in_components();
  const config::Catalogue catalogue = built_in_catalogue(registry);
  if (serve_command->parsed()) return serve(options, registry, catalogue);
  if (tail_command->parsed()) return tail(options, registry, catalogue);
  if (pipe_command->parsed()) return pipe(options, registry, catalogue);
  if (exec_command->parsed()) return exec(options, registry, catalogue);
  if (check_command->parsed()) return check(options, catalogue);
  if (run_command->parsed()) return run(options, registry, catalogue);
  if (routes_command->parsed()) return routes(options, catalogue);
  if (list_command->parsed()) return list(options, catalogue);
  if (schema_command->parsed()) {
    return schema(options, catalogue);
  }
  if (health_command->parsed()) return health(options, catalogue);
  return exit_usage;
}

}  // namespace coyield::server
