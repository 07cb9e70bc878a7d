#include <coyield/generators/sources/host_figures.hpp>

#include <fcntl.h>

#include <charconv>
#include <cmath>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/file_descriptor.hpp>
#include <coyield/generators/json_text.hpp>

namespace coyield::generators {

namespace {

/// The words of a text, one after the other.
class Words {
 public:
  explicit Words(std::string_view text) noexcept : rest_(text) {}

  /// Empty at the end.
  std::string_view next() noexcept {
    constexpr std::string_view blanks = " \t\n";
    rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size()));
    const std::string_view word = rest_.substr(0, rest_.find_first_of(blanks));
    rest_.remove_prefix(word.size());
    return word;
  }
  template <class Number>
  bool next(Number& number) noexcept {
    const std::string_view word = next();
    const char* const end = word.data() + word.size();
    const auto [behind, error] = std::from_chars(word.data(), end, number);
    return error == std::errc() && behind == end;
  }
  bool skip(int count) noexcept {
    while (count > 0 && !next().empty()) --count;
    return count == 0;
  }

 private:
  std::string_view rest_;
};

std::string_view take_line(std::string_view& text) noexcept {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

/// `MemTotal:       16303428 kB`
bool kibibytes_of(std::string_view text, std::string_view name, std::uint64_t& bytes) noexcept {
  while (!text.empty()) {
    Words words(take_line(text));
    if (words.next() != name) continue;
    if (!words.next(bytes) || words.next() != "kB") return false;
    bytes *= 1024;
    return true;
  }
  return false;
}

/// The whole of a small file; nothing where it cannot be read.
std::optional<std::string> text_of(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::string text;
  char block[4096];
  for (;;) {
    const ssize_t n = ::read(file.get(), block, sizeof block);
    if (n < 0) return std::nullopt;
    if (n == 0) return text;
    text.append(block, static_cast<std::size_t>(n));
  }
}

template <class Figures>
Figures read_figures(const std::string& path, std::optional<Figures> (*parse)(std::string_view)) {
  const auto text = text_of(path);
  if (!text) throw Failure(FailureKind::unavailable, path + ", which has the host's figures, cannot be read");
  const auto figures = parse(*text);
  if (!figures) throw Failure(FailureKind::unavailable, path + " is not what Linux writes there");
  return *figures;
}

/// What was added between two states of a counter; none where it has begun anew, as that of an interface
/// that went away.
std::uint64_t added(std::uint64_t earlier, std::uint64_t later) noexcept {
  return later > earlier ? later - earlier : 0;
}

double busy_per_cent(const ProcessorTime& earlier, const ProcessorTime& later) noexcept {
  const auto total = static_cast<double>(added(earlier.total, later.total));
  const auto busy = static_cast<double>(added(earlier.busy, later.busy));
  return total == 0 ? 0 : std::round(std::min(busy / total, 1.0) * 1000) / 10;
}

std::uint64_t per_second(std::uint64_t earlier, std::uint64_t later,
                         std::chrono::nanoseconds apart) noexcept {
  const double seconds = std::chrono::duration<double>(apart).count();
  if (seconds <= 0) return 0;
  return static_cast<std::uint64_t>(std::llround(static_cast<double>(added(earlier, later)) / seconds));
}

}  // namespace

std::optional<ProcessorTime> parse_stat(std::string_view text) {
  Words words(take_line(text));
  if (words.next() != "cpu") return std::nullopt;
  // user, nice, system, idle, iowait, irq, softirq, steal
  std::uint64_t spent[8] = {};
  ProcessorTime time;
  for (std::uint64_t& each : spent) {
    if (!words.next(each)) return std::nullopt;
    time.total += each;
  }
  time.busy = time.total - spent[3] - spent[4];
  return time;
}

std::optional<Memory> parse_meminfo(std::string_view text) {
  Memory memory;
  if (!kibibytes_of(text, "MemTotal:", memory.total)) return std::nullopt;
  if (!kibibytes_of(text, "MemAvailable:", memory.available)) return std::nullopt;
  return memory;
}

std::optional<Load> parse_loadavg(std::string_view text) {
  Words words(text);
  Load load = {};
  for (double& mean : load) {
    if (!words.next(mean) || !std::isfinite(mean)) return std::nullopt;
  }
  return load;
}

std::optional<Traffic> parse_net_dev(std::string_view text) {
  Traffic all;
  take_line(text);  // two lines of headings
  take_line(text);
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    if (Words(line.substr(0, colon)).next() == "lo") continue;
    // Of eight figures each, for what was received and what was sent, the first is the bytes.
    Words words(line.substr(colon + 1));
    Traffic one;
    if (!words.next(one.received) || !words.skip(7) || !words.next(one.sent)) return std::nullopt;
    all.received += one.received;
    all.sent += one.sent;
  }
  return all;
}

HostReading read_host(const std::string& directory) {
  HostReading reading;
  reading.processors = read_figures(directory + "/stat", &parse_stat);
  reading.memory = read_figures(directory + "/meminfo", &parse_meminfo);
  reading.load = read_figures(directory + "/loadavg", &parse_loadavg);
  reading.traffic = read_figures(directory + "/net/dev", &parse_net_dev);
  return reading;
}

void append_host_figures(Buffer& out, const HostReading& earlier, const HostReading& later,
                         std::chrono::nanoseconds apart) {
  out.append(R"({"cpu":)");
  append_number(out, busy_per_cent(earlier.processors, later.processors));
  out.append(R"(,"memory_total":)");
  append_integer(out, later.memory.total);
  out.append(R"(,"memory_available":)");
  append_integer(out, later.memory.available);
  out.append(R"(,"load_1":)");
  append_number(out, later.load[0]);
  out.append(R"(,"load_5":)");
  append_number(out, later.load[1]);
  out.append(R"(,"load_15":)");
  append_number(out, later.load[2]);
  out.append(R"(,"received":)");
  append_integer(out, per_second(earlier.traffic.received, later.traffic.received, apart));
  out.append(R"(,"sent":)");
  append_integer(out, per_second(earlier.traffic.sent, later.traffic.sent, apart));
  out.append("}");
}

}  // namespace coyield::generators
