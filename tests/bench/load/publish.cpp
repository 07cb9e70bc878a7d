#include "publish.hpp"

#include <cstring>
#include <stdexcept>

#include "run.hpp"

namespace coyield::bench {
namespace {

constexpr double longest_filling = 60;

void refuse_errors(std::string_view answers) {
  if (memmem(answers.data(), answers.size(), R"("error")", 7) != nullptr)
    throw std::runtime_error("an item was refused: " + std::string(answers.substr(0, 500)));
}

/// Items of all connections but the first, which publishes.
std::uint64_t read_items(Crowd& crowd) { return crowd.items() - crowd.connections().front()->items(); }

}  // namespace

Plan publishing_plan(const Options& options, std::string_view path, ItemsToSend& items) {
  return {.server = options.server,
          .request = post_lines_request(options.authority, path),
          .check_items = false,
          .next_piece = [&items] { return items.next_chunk(); },
          .on_piece = refuse_errors};
}

void publish_items(const Options& options, std::string_view path, std::uint64_t count) {
  ItemsToSend items(count);
  const Plan plan = publishing_plan(options, path, items);
  Crowd crowd(plan, 1);
  const auto start = Clock::now();
  for (crowd.open_due(0); !crowd.connections().front()->done(); crowd.turn()) {
    if (seconds_since(start) > longest_filling) throw std::runtime_error("the items were not taken in time");
  }
  if (crowd.items() != count) throw std::runtime_error("not all items were answered");
}

/// One publisher, and whoever reads what it publishes.
void run_publish(const Options& options, Report& report) {
  ItemsToSend items(options.max_streams);
  const Plan publisher = publishing_plan(options, options.path, items);
  const Plan reader{.server = options.server,
                    .request = http_request(options.authority, options.path, false),
                    .numbers = Numbers::from_anywhere};
  const ServerProbe server(options.pid);
  Crowd crowd(publisher, 1);
  crowd.open_due(0);
  for (int i = 0; i < options.readers; ++i) crowd.add(reader);
  crowd.turn_for(options.warmup);
  const Connection& first = *crowd.connections().front();
  const Window window(server);
  const std::uint64_t answered_before = first.items(), read_before = read_items(crowd);
  crowd.turn_for(options.seconds);
  const double seconds = window.seconds();
  const std::uint64_t answered = first.items() - answered_before;
  window.report(report);
  report.add("items", answered);
  report.add("items_per_s", static_cast<double>(answered) / seconds);
  report.add("read_items_per_s", static_cast<double>(read_items(crowd) - read_before) / seconds);
}

}  // namespace coyield::bench
