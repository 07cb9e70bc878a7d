// What the operator jq costs an item: the time that goes by, and the processor time of the thread that the
// stream is on and of the processes that run jq.
//
//   jq_bench [OPERATOR [ITEMS]]        jq_bench '{"jq": ".tags[]"}' 100000
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <coyield/config/load.hpp>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/registry.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <vector>

namespace {

using namespace coyield;
using generators::AsyncGenerator;
using generators::Item;
using generators::Poll;

constexpr std::string_view entry =
    R"({"i":1,"ts":1700000000000000000,"level":"error","msg":"connection reset by peer","host":"web1.example.net","tags":["a","b"]})";

AsyncGenerator<Item> entries(int items) {
  for (int i = 0; i < items; ++i) co_yield Item::json(entry);
}

double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}
double seconds_of_ended_processes() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

class Bench {
 public:
  explicit Bench(std::string_view text) {
    for (auto& known : generators::all_operators()) registry_.add(std::move(known));
    config_ = config::load_component(config::ComponentKind::operator_, text, registry_.catalogue()).value();
  }

  using Figures = std::array<double, 3>;  ///< microseconds an item: in all, of the thread, of the processes
  Figures run(int items) const {
    const double processes_before = seconds_of_ended_processes();
    double all = 0;
    double thread = 0;
    {
      generators::asio::io_context context;
      drain(context, 1000);  // starts the process
      all = seconds_of(CLOCK_MONOTONIC);
      thread = seconds_of(CLOCK_THREAD_CPUTIME_ID);
      drain(context, items);
      all = seconds_of(CLOCK_MONOTONIC) - all;
      thread = seconds_of(CLOCK_THREAD_CPUTIME_ID) - thread;
    }
    const double processes = seconds_of_ended_processes() - processes_before;
    const double each = 1e6 / items;
    return {all * each, thread * each, processes * each};
  }

 private:
  void drain(generators::asio::io_context& context, int items) const {
    const auto* op = registry_.find_operator(config_.name());
    auto arguments = config_.resolve(config::NoRequestValues{}).value();
    generators::Consumer<Item> consumer(context.get_executor(),
                                        op->apply(entries(items), std::move(arguments), {}));
    for (;;) {
      if (consumer.poll() == Poll::pending) {
        context.restart();
        context.run_one();
      } else if (!consumer.item()) {
        return;
      }
    }
  }

  generators::Registry registry_;
  config::ComponentConfig config_;
};

}  // namespace

int main(int count, char** arguments) {
  const char* text = count > 1 ? arguments[1] : R"({ "jq": "{ts, msg}" })";
  const int items = count > 2 ? std::atoi(arguments[2]) : 500'000;
  try {
    const Bench bench(text);
    std::array<std::vector<double>, 3> all;
    for (int i = 0; i < 7; ++i) {
      const auto figures = bench.run(items);
      for (std::size_t each = 0; each < all.size(); ++each) all[each].push_back(figures[each]);
    }
    for (auto& figures : all) std::nth_element(figures.begin(), figures.begin() + 3, figures.end());
    std::printf("%s, us an item (medians of 7): %.2f go by, %.2f of the thread, %.2f of the processes\n",
                text, all[0][3], all[1][3], all[2][3]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
