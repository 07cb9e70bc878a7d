// What an item costs in the library, without sockets.
//     generator_bench                all cases: medians of 21, in CPU time, as a Markdown table
//     generator_bench CASE ITEMS     one case once, for `tests/bench/instructions`
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <coyield/config/load.hpp>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/operators/map.hpp>
#include <coyield/generators/pipeline.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "sync_generator.hpp"

namespace {

// All that the heap is asked for, to be seen from outside.
struct HeapUse {
  std::uint64_t calls = 0;
  std::uint64_t bytes = 0;
};
constinit HeapUse heap_use;

}  // namespace

// Not inlined: g++ takes an inlined half of the pair for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++heap_use.calls;
  heap_use.bytes += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace coyield::bench {
namespace {

using generators::AsyncGenerator;
using generators::Consumer;
using generators::Item;
using generators::Poll;

constexpr int runs = 21;
constexpr int items_per_run = 1'000'000;

/// The loop of the thread that measures.
generators::Loop& loop() {
  static boost::asio::io_context context(1);
  return generators::Loop::of(context.get_executor());
}

// The generators that are measured. Not inlined: a compiler that sees producer and consumer together makes a
// loop of them, which no stream of a real program is.

[[gnu::noinline]] SyncGenerator<int> sync_count(int items) {
  for (int i = 0; i < items; ++i) co_yield i;
}

[[gnu::noinline]] AsyncGenerator<int> count(int items) {
  for (int i = 0; i < items; ++i) co_yield i;
}

/// An operator as anybody would write it: a coroutine of its own.
[[gnu::noinline]] AsyncGenerator<int> plus_one(AsyncGenerator<int> upstream) {
  while (auto number = co_await upstream.next()) co_yield *number + 1;
}

AsyncGenerator<std::int64_t> sum(AsyncGenerator<int> numbers) {
  std::int64_t total = 0;
  while (auto number = co_await numbers.next()) total += *number;
  co_yield total;
}

AsyncGenerator<int> through_operators(int items, int operators) {
  AsyncGenerator<int> numbers = count(items);
  for (int i = 0; i < operators; ++i) numbers = plus_one(std::move(numbers));
  return numbers;
}

[[gnu::noinline]] AsyncGenerator<int> through_ten_fused(int items) {
  using generators::map;
  constexpr auto plus = [](int number) { return number + 1; };
  return count(items) | map(plus) | map(plus) | map(plus) | map(plus) | map(plus) | map(plus) | map(plus) |
         map(plus) | map(plus) | map(plus);
}

// How they are drained. Each gives something that depends on all items.

std::int64_t drain_within_chain(AsyncGenerator<int> numbers) {
  Consumer<std::int64_t> consumer(loop(), sum(std::move(numbers)));
  if (consumer.poll() != Poll::item) throw std::logic_error("a sum that waits");
  return *consumer.item();
}

std::int64_t drain_by_polling(AsyncGenerator<int> numbers) {
  std::int64_t total = 0;
  Consumer<int> consumer(loop(), std::move(numbers));
  while (consumer.poll() == Poll::item) total += *consumer.item();
  return total;
}

std::int64_t drain_sync(SyncGenerator<int> numbers) {
  std::int64_t total = 0;
  while (const int* number = numbers.next()) total += *number;
  return total;
}

/// A pipeline as an endpoint of the configuration has it.
class Configured {
 public:
  explicit Configured(std::string_view source, std::vector<std::string_view> operators = {}) {
    for (auto& known : generators::all_sources()) registry_.add(std::move(known));
    for (auto& known : generators::all_operators()) registry_.add(std::move(known));
    const config::Catalogue catalogue = registry_.catalogue();
    std::vector<config::ComponentConfig> stages;
    for (const auto text : operators) {
      stages.push_back(config::load_component(config::ComponentKind::operator_, text, catalogue).value());
    }
    const auto first = config::load_component(config::ComponentKind::source, source, catalogue).value();
    pipeline_ = std::make_unique<generators::Pipeline>(first, stages, registry_);
  }

  /// Polls so many items, as the pump does, and looks at each; gives how many there were.
  std::int64_t drain(int items) const {
    Consumer<Item> consumer(loop(), pipeline_->start(config::NoRequestValues{}, {}).value());
    std::int64_t total = 0;
    for (int i = 0; i < items && consumer.poll() == Poll::item; ++i) {
      total += consumer.item()->kind() != generators::PayloadKind::bytes;
    }
    if (total != items) throw std::logic_error("a pipeline that ends or waits");
    return total;
  }

 private:
  generators::Registry registry_;
  std::unique_ptr<generators::Pipeline> pipeline_;
};

/// Five members, 98 bytes.
constexpr std::string_view entry =
    R"({"ts":1700000000000000000,"level":"error","host":"web1","msg":"connection reset by peer","n":1234})";
static_assert(entry.size() == 98);

/// The entry again and again, borrowed as a source of lines does it.
[[gnu::noinline]] AsyncGenerator<Item> entries(int items) {
  for (int i = 0; i < items; ++i) co_yield Item::json(entry);
}

/// Entries through one operator as a pipeline of the configuration has it, which must pass them all on.
class Reshaped {
 public:
  Reshaped() = default;
  explicit Reshaped(std::string_view text) {
    generators::Registry registry;
    for (auto& known : generators::all_operators()) registry.add(std::move(known));
    config_ = config::load_component(config::ComponentKind::operator_, text, registry.catalogue()).value();
    apply_ = registry.find_operator(config_.name())->apply;
  }

  std::int64_t drain(int items) const {
    auto stream = entries(items);
    if (apply_ != nullptr)
      stream = apply_(std::move(stream), config_.resolve(config::NoRequestValues{}).value(), {});
    Consumer<Item> consumer(loop(), std::move(stream));
    std::int64_t bytes = 0;
    int passed = 0;
    for (; consumer.poll() == Poll::item; ++passed)
      bytes += static_cast<std::int64_t>(consumer.item()->payload().size());
    if (passed != items) throw std::logic_error("an operator that drops entries");
    return bytes;
  }

 private:
  config::ComponentConfig config_;
  AsyncGenerator<Item> (*apply_)(AsyncGenerator<Item>, config::Arguments,
                                 generators::OperatorContext) = nullptr;
};

struct Case {
  std::string_view name;
  std::string_view what;
  std::int64_t (*run)(int items);
};

constexpr Case cases[] = {
    {"sync", "a synchronous generator", [](int n) { return drain_sync(sync_count(n)); }},
    {"plain", "AsyncGenerator<int>, co_await next()", [](int n) { return drain_within_chain(count(n)); }},
    {"polled", "AsyncGenerator<int>, Consumer::poll()", [](int n) { return drain_by_polling(count(n)); }},
    {"one", "through 1 operator", [](int n) { return drain_within_chain(through_operators(n, 1)); }},
    {"three", "through 3 operators", [](int n) { return drain_within_chain(through_operators(n, 3)); }},
    {"ten", "through 10 operators", [](int n) { return drain_within_chain(through_operators(n, 10)); }},
    {"fused", "through 10 map, fused", [](int n) { return drain_within_chain(through_ten_fused(n)); }},
    {"counter", "Item: counter, configured",
     [](int n) {
       static const Configured pipeline(R"({"counter": {}})");
       return pipeline.drain(n);
     }},
    {"clock", "Item: clock of 0s, configured",
     [](int n) {
       static const Configured pipeline(R"({"clock": {"interval": "0s"}})");
       return pipeline.drain(n);
     }},
    {"pipeline", "Item: counter, skip, take, configured",
     [](int n) {
       static const Configured pipeline(R"({"counter": {}})", {R"({"skip": 5})", R"({"take": 2000000000})"});
       return pipeline.drain(n);
     }},
    {"entries", "Item: JSON of five members, 98 bytes", [](int n) { return Reshaped().drain(n); }},
    {"where", "of these: where, two members",
     [](int n) {
       static const Reshaped where(R"({"where": {"/level": "error", "/n": {"greater": 5}}})");
       return where.drain(n);
     }},
    {"select", "of these: select, two members",
     [](int n) {
       static const Reshaped select(R"({"select": ["/ts", {"text": "/msg"}]})");
       return select.drain(n);
     }},
    {"set", "of these: set, one member new and one changed",
     [](int n) {
       static const Reshaped set(R"({"set": {"/host": "web2", "/seen": true}})");
       return set.drain(n);
     }},
};

double cpu_nanoseconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

volatile std::int64_t kept;  // so that no work is optimised away

double nanoseconds_per_item(const Case& one) {
  std::vector<double> times;
  for (int run = 0; run <= runs; ++run) {
    const double start = cpu_nanoseconds();
    kept = one.run(items_per_run);
    if (run > 0) times.push_back((cpu_nanoseconds() - start) / items_per_run);
  }
  std::nth_element(times.begin(), times.begin() + runs / 2, times.end());
  return times[runs / 2];
}

/// What a million items allocate beyond what ten do.
double allocations_per_item(const Case& one) {
  kept = one.run(10);
  const auto before = heap_use.calls;
  kept = one.run(10);
  const auto start = heap_use.calls - before;
  kept = one.run(items_per_run);
  return static_cast<double>(heap_use.calls - before - 2 * start) / items_per_run;
}

/// Heap for one more frame, where many are held: in the frame pool's classes of 64 bytes.
template <typename Make>
double frame_bytes(Make make) {
  constexpr int frames = 10'000;
  std::vector<AsyncGenerator<int>> held;
  held.reserve(frames);
  for (int i = 0; i < 1'000; ++i) held.push_back(make());
  const auto before = heap_use.bytes;
  while (held.size() < frames) held.push_back(make());
  return static_cast<double>(heap_use.bytes - before) / (frames - 1'000);
}

void run_all() {
  std::printf("| case | | ns of CPU an item | of sync | allocations an item |\n|---|---|---|---|---|\n");
  const double sync = nanoseconds_per_item(cases[0]);
  for (const Case& one : cases) {
    const double cost = nanoseconds_per_item(one);
    std::printf("| %s | %s | %.2f | %.2f | %g |\n", one.name.data(), one.what.data(), cost, cost / sync,
                allocations_per_item(one));
  }
  const double source = frame_bytes([] { return count(1); });
  const double with_operator = frame_bytes([] { return plus_one(count(1)); });
  const double fused = frame_bytes([] { return through_ten_fused(1); });
  std::printf("\nBytes per frame: a source %.0f, an operator %.0f, ten fused %.0f.\n", source,
              with_operator - source, fused - source);
}

int run_one(std::string_view name, int items) {
  for (const Case& one : cases) {
    if (one.name != name) continue;
    kept = one.run(items);
    return 0;
  }
  std::fprintf(stderr, "no such case\n");
  return 2;
}

}  // namespace
}  // namespace coyield::bench

int main(int argc, char** argv) {
  if (argc == 3) return coyield::bench::run_one(argv[1], std::atoi(argv[2]));
  if (argc != 1) {
    std::fprintf(stderr, "usage: generator_bench [CASE ITEMS]\n");
    return 2;
  }
  coyield::bench::run_all();
}
