#include <coyield/server/program/offline_run.hpp>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <coyield/config/problem.hpp>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/cleanup.hpp>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/endpoint_reader.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/observer.hpp>
#include <coyield/generators/operators/as_json.hpp>
#include <coyield/generators/pipeline.hpp>
#include <coyield/generators/programs.hpp>
#include <coyield/generators/standard_input.hpp>
#include <coyield/generators/testing/manual_clock.hpp>
#include <coyield/handlers/application.hpp>
#include <coyield/handlers/request_parameters.hpp>
#include <coyield/handlers/router.hpp>
#include <coyield/handlers/target.hpp>
#include <coyield/server/built_in.hpp>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <stdexcept>

namespace coyield::server {

namespace {

using namespace std::chrono_literals;
using config::Origin;
using generators::Item;

/// What a person has to mend in the command.
struct Misuse : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// ---- which endpoint, with which values

class Values final : public config::RequestValues {
 public:
  void set(Origin origin, std::string name, std::string value) {
    values_.insert_or_assign({origin, std::move(name)}, std::move(value));
  }
  std::optional<std::string> find(Origin origin, std::string_view name) const override {
    const auto found = values_.find({origin, std::string(name)});
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::map<std::pair<Origin, std::string>, std::string> values_;
};

const config::EndpointConfig& endpoint_at(const config::Configuration& configuration,
                                          const std::string& wanted, Values& values) {
  std::vector<std::string> patterns;
  handlers::Router router;
  for (const config::EndpointConfig& endpoint : configuration.endpoints) {
    if (endpoint.pattern.text == wanted) return endpoint;
    router.add(endpoint.pattern, patterns.size());
    patterns.push_back(endpoint.pattern.text);
  }
  const auto target = handlers::parse_target(wanted);
  const auto match = target ? router.find(target->segments) : std::nullopt;
  if (!match) {
    throw Misuse("there is no endpoint " + config::in_quotes(wanted) + "; " +
                 config::advise(wanted, patterns));
  }
  for (const auto& [name, value] : match->values) values.set(Origin::path, name, value);
  for (const auto& [name, value] : target->query) values.set(Origin::query, name, value);
  return configuration.endpoints[match->endpoint];
}

/// `n=5` is the path's where it has such a name, else whatever has it; `query.n=5` says so itself.
void set_parameter(const config::EndpointConfig& endpoint, const std::string& text, Values& values) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Misuse("--param " + config::in_quotes(text) + " is no name with a value; write --param n=5");
  const std::string name = text.substr(0, equals);
  std::vector<std::string> known;
  for (const handlers::RequestParameter& each : handlers::request_parameters(endpoint)) {
    const std::string whole = config::to_string(each.reference);
    known.push_back(name.find('.') == std::string::npos ? each.reference.name : whole);
    if (name != each.reference.name && name != whole) continue;
    values.set(each.reference.origin, each.reference.name, text.substr(equals + 1));
    return;
  }
  throw Misuse("--param " + config::in_quotes(name) + ": the endpoint has no such value; " +
               (known.empty() ? "it has none" : config::advise(name, known)));
}

config::ComponentConfig recorded(const OfflineRun& run, const generators::Registry& registry) {
  if (!std::ifstream(run.input)) throw Misuse(config::in_quotes(run.input) + " cannot be read");
  const generators::Source* replay = registry.find_source("replay");
  const auto made =
      config::ComponentConfig::make(replay->description, {{"path", run.input}, {"time", run.time}});
  if (!made) throw Misuse("--" + made.error().sentence);
  return *made;
}

// ---- what came

/// Where the items go.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void item(std::string_view json) = 0;
  /// Whether all is well.
  virtual bool end() = 0;
};

class Printer final : public Sink {
 public:
  explicit Printer(std::ostream& out) : out_(out) {}
  void item(std::string_view json) override { out_ << json << '\n' << std::flush; }
  bool end() override { return true; }

 private:
  std::ostream& out_;
};

/// By value: how JSON is written does not matter, nor the order of an object's members.
class Comparison final : public Sink {
 public:
  Comparison(const std::string& file, std::ostream& complaints) : lines_(file), complaints_(complaints) {
    if (!lines_) throw Misuse(config::in_quotes(file) + " cannot be read");
  }
  void item(std::string_view json) override {
    ++number_;
    if (differs_) return;
    const auto expected = next();
    if (!expected) return differ("nothing", json);
    const auto wanted = nlohmann::json::parse(*expected, nullptr, false);
    if (wanted.is_discarded())
      throw Misuse("line " + std::to_string(line_) + " of what is expected is not JSON");
    if (wanted != nlohmann::json::parse(json)) differ(*expected, json);
  }
  bool end() override {
    ++number_;
    if (const auto more = differs_ ? std::nullopt : next()) differ(*more, "the end");
    return !differs_;
  }

 private:
  std::optional<std::string> next() {
    std::string line;
    while (std::getline(lines_, line)) {
      ++line_;
      if (line.find_first_not_of(" \t\r") != std::string::npos) return line;
    }
    return std::nullopt;
  }
  void differ(std::string_view expected, std::string_view came) {
    differs_ = true;
    complaints_ << "item " << number_ << " is not as expected\n  expected: " << expected
                << "\n  came:     " << came << '\n';
  }

  std::ifstream lines_;
  std::ostream& complaints_;
  std::uint64_t number_ = 0;
  std::uint64_t line_ = 0;
  bool differs_ = false;
};

class Notes final : public generators::Observer {
 public:
  explicit Notes(std::ostream& out) noexcept : out_(out) {}
  void note(std::string_view event, std::initializer_list<Fact> facts) override {
    out_ << event;
    for (const auto& [name, value] : facts) out_ << ' ' << name << '=' << config::printable(value);
    out_ << '\n';
  }

 private:
  std::ostream& out_;
};

// ---- other endpoints

/// Each read has a generator of its own, also of an endpoint that is shared: nobody else is there.
class OfflineEndpoints final : public generators::EndpointReader {
 public:
  OfflineEndpoints(const config::Configuration& configuration, const generators::Registry& registry)
      : application_(configuration.server, handlers::all_formats()) {
    for (const config::EndpointConfig& endpoint : configuration.endpoints)
      application_.add(endpoint, pipeline_factory(endpoint, registry));
  }
  /// What their sources are started with.
  void use(generators::SourceContext context) { context_ = std::move(context); }

  generators::AsyncGenerator<Item> read(std::string target) override {
    handlers::Pull pull = application_.begin(target, context_.without_input());
    if (pull.subscription) pull.generator = alone(*pull.subscription);
    if (pull.operators) pull.generator = pull.operators(std::move(pull.generator));
    return std::move(pull.generator);
  }

 private:
  generators::AsyncGenerator<Item> alone(const handlers::Subscription& subscription) const {
    if (subscription.make) return subscription.make(context_.without_input());
    throw generators::Failure(generators::FailureKind::unavailable,
                              "what is published to the topic " + config::in_quotes(subscription.topic) +
                                  " comes from clients, and there are none");
  }

  handlers::Application application_;
  generators::SourceContext context_;
};

// ---- time

/// Lets time go by as far as it is not needed. All on one thread.
class Time {
 public:
  enum class Flow : bool { real_while_waiting, virtual_only };

  explicit Time(Flow flow) : flow_(flow), loop_(generators::Loop::of(context_.get_executor())) {
    loop_.use_manual_clock(clock_);
  }
  generators::Loop& loop() noexcept { return loop_; }

  /// Until something may have happened. False: nothing ever will.
  bool wait() {
    context_.restart();
    if (context_.poll_one() != 0) return true;
    const bool waits = !context_.stopped();  // for input or output
    const auto due = loop_.next_due();
    if (!waits && due == std::chrono::nanoseconds::max()) return false;
    if (!waits) {
      go_to(due);
    } else if (flow_ == Flow::virtual_only) {
      context_.run_one();
    } else {
      wait_for_real(due);
    }
    return true;
  }

 private:
  void go_to(std::chrono::nanoseconds time) {
    clock_->set(time);
    loop_.fire_until(time);
  }
  void wait_for_real(std::chrono::nanoseconds due) {
    const auto before = std::chrono::steady_clock::now();
    context_.run_one_for(std::clamp<std::chrono::nanoseconds>(due - loop_.now(), 0ns, 1s));
    go_to(std::min(due, loop_.now() + (std::chrono::steady_clock::now() - before)));
  }

  Flow flow_;
  boost::asio::io_context context_;
  std::shared_ptr<testing::ManualClock> clock_ = std::make_shared<testing::ManualClock>();
  generators::Loop& loop_;
};

/// Gives all items to `sink`; what the generator throws comes out.
void drain(Time& time, generators::AsyncGenerator<Item> stream, std::uint64_t most, Sink& sink,
           std::ostream& complaints) {
  generators::Consumer<Item> consumer(time.loop(), std::move(stream));
  generators::Buffer text;
  for (std::uint64_t count = 0; most == 0 || count < most;) {
    const generators::Poll status = consumer.poll();
    if (status == generators::Poll::pending) {
      if (time.wait()) continue;
      throw std::runtime_error("it waits for what will never come: something that clients send, or publish");
    }
    const auto item = consumer.item();
    if (!item) return;
    if (generators::is_gap(*item)) {
      complaints << "gap: " << item->payload() << '\n';
      continue;
    }
    text.clear();
    generators::append_as_json(text, *item);
    sink.item(text.view());
    ++count;
  }
}

int run_checked(const config::Configuration& configuration, const generators::Registry& registry,
                const OfflineRun& run, std::ostream& out, std::ostream& complaints) {
  Values values;
  const config::EndpointConfig& endpoint = endpoint_at(configuration, run.endpoint, values);
  for (const std::string& parameter : run.parameters) set_parameter(endpoint, parameter, values);
  if (run.input.empty() && endpoint.is_topic())
    throw Misuse("what is published to a topic comes from clients; give a file of it: --input FILE");
  const config::ComponentConfig source = run.input.empty() ? endpoint.source : recorded(run, registry);
  const generators::Pipeline pipeline(source, endpoint.pipeline, registry);
  std::unique_ptr<Sink> sink;
  if (run.expected.empty()) {
    sink = std::make_unique<Printer>(out);
  } else {
    sink = std::make_unique<Comparison>(run.expected, complaints);
  }

  // What lives longer than any source stands in front.
  generators::BlockingPool blocking;
  generators::StandardInput standard_input;
  generators::Programs programs(configuration.server.limits.max_programs);
  generators::Cleanup cleanup;
  Notes notes(complaints);
  OfflineEndpoints endpoints(configuration, registry);
  Time time(run.input.empty() ? Time::Flow::real_while_waiting : Time::Flow::virtual_only);
  generators::SourceContext context{.blocking = &blocking,
                                    .standard_input = &standard_input,
                                    .endpoints = &endpoints,
                                    .programs = &programs,
                                    .cleanup = &cleanup,
                                    .observer = &notes,
                                    .endpoint = endpoint.pattern.text,
                                    .max_item = configuration.server.limits.max_item};
  endpoints.use(context.without_input());
  auto stream = pipeline.start(values, std::move(context));
  if (!stream) throw Misuse(stream.error().sentence);
  drain(time, *std::move(stream), run.most, *sink, complaints);
  return sink->end() ? 0 : 1;
}

}  // namespace

int run_offline(const config::Configuration& configuration, const generators::Registry& registry,
                const OfflineRun& run, std::ostream& out, std::ostream& complaints) {
  try {
    return run_checked(configuration, registry, run, out, complaints);
  } catch (const Misuse& misuse) {
    complaints << misuse.what() << '\n';
    return 2;
  } catch (const std::exception& failure) {
    complaints << "failed: " << config::printable(failure.what()) << '\n';
    return 1;
  }
}

}  // namespace coyield::server
