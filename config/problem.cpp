#include <algorithm>
#include <array>
#include <coyield/config/problem.hpp>
#include <limits>
#include <numeric>
#include <optional>
#include <ostream>
#include <stdexcept>

namespace coyield::config {
namespace {

constexpr std::size_t most_to_list = 20;
constexpr std::size_t long_word = 6;  // of which two letters may be missing

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

/// The least number of letters to add, remove, replace or swap with their neighbour (Damerau and Levenshtein,
/// in the form that touches no place twice). Three rows of the table are enough.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t differs = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + differs});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string list_in_words(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += in_quotes(words[i]);
  }
  return out;
}

/// What other programs call what is called something else here.
constexpr auto other_words = std::to_array<std::pair<std::string_view, std::string_view>>({
    // the server
    {"address", "listen"},
    {"addr", "listen"},
    {"auth", "access"},
    {"authentication", "access"},
    {"authorization", "access"},
    {"bind", "listen"},
    {"host", "listen"},
    {"logging", "log"},
    {"origin", "origins"},
    {"port", "listen"},
    {"shutdown_timeout", "drain"},
    {"timeout", "timeouts"},
    {"token", "access"},
    {"tokens", "access"},
    {"workers", "threads"},
    // endpoints
    {"compression", "deflate"},
    {"operator", "pipeline"},
    {"operators", "pipeline"},
    {"processors", "pipeline"},
    {"routes", "endpoints"},
    {"streams", "endpoints"},
    {"transform", "pipeline"},
    // sources
    {"cron", "clock"},
    {"generate", "counter"},
    {"range", "counter"},
    {"tail", "file"},
    {"ticker", "clock"},
    {"timer", "clock"},
    // operators and their parameters
    {"aggregate", "window"},
    {"anonymize", "redact"},
    {"average", "mean"},
    {"avg", "mean"},
    {"catch", "on_error"},
    {"chunk", "batch"},
    {"deduplicate", "dedupe"},
    {"drop", "skip"},
    {"filter", "where"},
    {"first", "take"},
    {"head", "take"},
    {"limit", "take"},
    {"map", "select"},
    {"mapping", "select"},
    {"mask", "redact"},
    {"median", "p50"},
    {"offset", "skip"},
    {"order_by", "sort"},
    {"patch", "diff"},
    {"prefetch", "buffer"},
    {"project", "select"},
    {"rate_limit", "throttle"},
    {"unique", "distinct"},
    {"every", "interval"},
    {"period", "interval"},
    // formats
    {"event-stream", "sse"},
    {"eventsource", "sse"},
    {"jsonl", "ndjson"},
    {"jsonlines", "ndjson"},
    {"plain", "text"},
});

/// One of `candidates` that means what `word` means elsewhere.
std::optional<std::string> own_word(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string plain = lower_case(word);
  for (const auto& [other, own] : other_words) {
    if (other == plain && std::ranges::find(candidates, own) != candidates.end()) return std::string(own);
  }
  return std::nullopt;
}

}  // namespace

std::string to_string(const Problem& problem) {
  std::string out = problem.file;
  if (problem.line > 0) out += ":" + std::to_string(problem.line);
  if (problem.line > 0 && problem.path.empty()) out += ":" + std::to_string(problem.column);
  if (!out.empty()) out += ": ";
  if (!problem.path.empty()) out += problem.path + ": ";
  out += to_string(Mistake{problem.what, problem.advice});
  // Keys and words of the file are in it as they stand there, and a terminal would obey some.
  return printable(out);
}

void Problems::add(Problem problem) {
  auto later = [](const Problem& a, const Problem& b) {
    return Position{a.line, a.column} < Position{b.line, b.column};
  };
  list_.insert(std::upper_bound(list_.begin(), list_.end(), problem, later), std::move(problem));
}

std::string Problems::text() const {
  std::string out;
  for (const auto& problem : list_) out += to_string(problem) + "\n";
  return out;
}

std::ostream& operator<<(std::ostream& out, const Problems& problems) { return out << problems.text(); }

void throw_exception_from_error(const Problems& problems, const boost::source_location&) {
  throw std::invalid_argument(problems.text());
}

std::string suggest(std::string_view word, const std::vector<std::string>& candidates) {
  if (const auto known = own_word(word, candidates)) return "it is called " + in_quotes(*known) + " here";
  constexpr std::size_t longest_word = 64;  // the time grows with the product of the lengths
  if (word.empty() || word.size() > longest_word) return {};
  const std::size_t tolerance = std::max<std::size_t>(1, word.size() / 3);
  const std::string* best = nullptr;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const auto& candidate : candidates) {
    const std::size_t slips = distance(lower_case(word), lower_case(candidate));
    const bool lacks_two = slips == 2 && candidate.size() == word.size() + 2 && candidate.size() >= long_word;
    // As many slips as letters would be another word.
    if (slips < least && (slips <= tolerance || lacks_two) &&
        slips < std::min(word.size(), candidate.size())) {
      least = slips;
      best = &candidate;
    }
  }
  return best ? "did you mean " + in_quotes(*best) + "?" : std::string{};
}

std::string advise(std::string_view word, const std::vector<std::string>& candidates) {
  auto suggestion = suggest(word, candidates);
  if (!suggestion.empty() || candidates.empty() || candidates.size() > most_to_list) return suggestion;
  return "write " + list_in_words(candidates);
}

}  // namespace coyield::config
