#include "options.hpp"

#include <arpa/inet.h>
#include <getopt.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

namespace coyield::bench {
namespace {

const std::map<std::string, Mode, std::less<>> mode_names = {
    {"ndjson", Mode::ndjson},   {"websocket", Mode::websocket},
    {"short", Mode::shorts},    {"bytes", Mode::bytes},
    {"idle-ws", Mode::idle_ws}, {"file", Mode::file},
    {"hold", Mode::hold},       {"fan", Mode::fan},
    {"post", Mode::post},       {"publish", Mode::publish},
    {"resume", Mode::resume}};

[[noreturn]] void usage(const char* wrong) {
  std::fprintf(stderr,
               "%s\nusage: load ndjson|websocket|bytes|short|idle-ws|file|hold|fan|post|publish|resume "
               "ADDR:PORT PATH\n"
               "  --connections N   connections at a time (1)\n"
               "  --seconds S       how long is measured (5)\n"
               "  --warmup S        before it is measured (1)\n"
               "  --ramp S          open the connections over this time (0)\n"
               "  --pid PID         the server's process, for its CPU time and memory\n"
               "  --new-connections short: a new connection for each stream\n"
               "  --websocket       hold, fan, file, resume: WebSocket connections\n"
               "  --complete        fan: an item that is missing anywhere ends the run\n"
               "  --silent N        fan: so many of the connections never read (0)\n"
               "  --rate R          fan, resume: items a second that each ought to get\n"
               "  --feed PATH       fan, resume: publish the items there, one a request\n"
               "  --behind N        resume: so many items\n"
               "  --readers N       publish: so many read what is published (0)\n"
               "  --expect-items N  short, file: how many items a stream must have\n"
               "  --max-streams N   short, post, publish: stop after so many streams or items\n",
               wrong);
  std::exit(2);
}

sockaddr_in read_address(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) usage("the address needs a port");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1)));
  const std::string host = text.substr(0, colon);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) usage("the address must be an IPv4 address");
  return address;
}

double positive(const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || value < 0) usage("a number was expected");
  return value;
}

void set_option(Options& options, int which, const char* value) {
  switch (which) {
    case 'c':
      options.connections = static_cast<int>(positive(value));
      return;
    case 's':
      options.seconds = positive(value);
      return;
    case 'w':
      options.warmup = positive(value);
      return;
    case 'r':
      options.ramp = positive(value);
      return;
    case 'p':
      options.pid = static_cast<pid_t>(positive(value));
      return;
    case 'n':
      options.new_connections = true;
      return;
    case 'W':
      options.over_websocket = true;
      return;
    case 'C':
      options.complete = true;
      return;
    case 'S':
      options.silent = static_cast<int>(positive(value));
      return;
    case 'R':
      options.rate = positive(value);
      return;
    case 'f':
      options.feed = value;
      return;
    case 'b':
      options.behind = static_cast<std::uint64_t>(positive(value));
      return;
    case 'a':
      options.readers = static_cast<int>(positive(value));
      return;
    case 'e':
      options.expect_items = static_cast<std::uint64_t>(positive(value));
      return;
    case 'm':
      options.max_streams = static_cast<std::uint64_t>(positive(value));
      return;
    default:
      usage("unknown option");
  }
}

}  // namespace

Options read_options(int argc, char** argv) {
  static const option known[] = {
      {"connections", required_argument, nullptr, 'c'}, {"seconds", required_argument, nullptr, 's'},
      {"warmup", required_argument, nullptr, 'w'},      {"ramp", required_argument, nullptr, 'r'},
      {"pid", required_argument, nullptr, 'p'},         {"new-connections", no_argument, nullptr, 'n'},
      {"websocket", no_argument, nullptr, 'W'},         {"expect-items", required_argument, nullptr, 'e'},
      {"max-streams", required_argument, nullptr, 'm'}, {"complete", no_argument, nullptr, 'C'},
      {"silent", required_argument, nullptr, 'S'},      {"rate", required_argument, nullptr, 'R'},
      {"feed", required_argument, nullptr, 'f'},        {"behind", required_argument, nullptr, 'b'},
      {"readers", required_argument, nullptr, 'a'},     {nullptr, 0, nullptr, 0}};
  Options options;
  for (int which; (which = getopt_long(argc, argv, "", known, nullptr)) != -1;) {
    set_option(options, which, optarg);
  }
  if (argc - optind != 3) usage("MODE, ADDR:PORT and PATH are needed");
  const auto mode = mode_names.find(std::string_view(argv[optind]));
  if (mode == mode_names.end()) usage("no such mode");
  options.mode = mode->second;
  options.mode_name = mode->first;
  options.authority = argv[optind + 1];
  options.server = read_address(options.authority);
  options.path = argv[optind + 2];
  if (options.connections < 1) usage("at least one connection is needed");
  return options;
}

}  // namespace coyield::bench
