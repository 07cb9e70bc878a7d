#include <coyield/server/server.hpp>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/standard_input.hpp>
#include <coyield/handlers/admin.hpp>
#include <coyield/handlers/application.hpp>
#include <coyield/handlers/formats/format.hpp>
#include <coyield/handlers/mounted.hpp>
#include <coyield/server/connections/acceptor.hpp>
#include <coyield/server/connections/admission.hpp>
#include <coyield/server/log.hpp>
#include <coyield/server/monitor.hpp>
#include <coyield/server/process.hpp>
#include <coyield/server/publishing/program_publisher.hpp>
#include <coyield/server/worker.hpp>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <thread>

namespace coyield::server {

namespace {

unsigned threads_of(const config::ServerConfig& config) {
  return config.threads != 0 ? config.threads : usable_processors();
}

/// The other half is for the program itself, for its sources, and for the kernel's buffers, which count too.
std::uint64_t memory_limit(const config::ServerConfig& config) {
  return config.memory.value_or(granted_memory() / 2);
}

}  // namespace

/// All that exists while the server is open. The first worker runs in the thread of `run`, and has the
/// acceptors and the signals.
class Server::Running {
 public:
  Running(const config::ServerConfig& config,
          std::vector<std::pair<config::EndpointConfig, handlers::StreamFactory>> endpoints);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  std::vector<std::string> addresses() const;
  void run();
  /// From any thread.
  void stop();
  void publish(std::string topic, generators::Item item, ProgramPublisher::Done done);
  const Log& log() const noexcept { return log_; }

 private:
  struct Deadline final : generators::Wakeup {
    explicit Deadline(Running& owner) noexcept : server(owner) {}
    void woken() override { server.end_now("drained", "time is up"); }
    Running& server;
  };

  void accept(Arrival arrival);
  Worker& least_loaded() const noexcept;
  void relieve();
  void start_at_once();
  void wait_for_signal();
  void begin_drain(const std::string& why);
  void end_now(std::string_view event, std::string_view why);
  Worker& first() noexcept { return *workers_.front(); }
  Shared shared_with(const handlers::Handler& handler);

  /// The admin address, on a thread of its own: it answers whatever the others are busy with, and until the
  /// last of them has gone. So no generator runs there: whoever asks for an endpoint is handed over.
  struct AdminSide {
    AdminSide(Running& running, const config::Admin& config);
    void start();
    void stop();

    handlers::Admin handler;
    Worker worker;
    Acceptor acceptor;
    std::jthread thread;
  };

  config::ServerConfig config_;
  Log log_;
  generators::BlockingPool blocking_;
  Counters counters_;
  generators::StandardInput standard_input_;
  generators::Programs programs_;
  generators::Cleanup cleanup_;
  AddressLimit addresses_;
  MemoryBudget memory_;
  ShareDirectory shares_;
  Failures failures_;
  handlers::Application application_;
  handlers::Mounted mounted_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::shared_ptr<ProgramPublisher> publisher_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::optional<Admission> admission_;
  Monitor monitor_;
  std::unique_ptr<AdminSide> admin_;
  std::unique_ptr<asio::signal_set> signals_;
  Deadline deadline_;
  bool draining_ = false;
};

Server::Running::Running(const config::ServerConfig& config,
                         std::vector<std::pair<config::EndpointConfig, handlers::StreamFactory>> endpoints)
    : config_(config),
      log_(config.log),
      programs_(config.limits.max_programs),
      addresses_(config.limits.max_connections_per_address),
      memory_(memory_limit(config), threads_of(config), [this] { relieve(); }),
      application_(config, handlers::all_formats()),
      mounted_(application_),
      monitor_(application_, counters_, shares_, failures_, workers_, acceptors_),
      deadline_(*this) {
  for (auto& [endpoint, factory] : endpoints) application_.add(std::move(endpoint), std::move(factory));
  const unsigned threads = threads_of(config_);
  const std::size_t served = application_.endpoints().size();
  for (unsigned i = 0; i < threads; ++i)
    workers_.push_back(std::make_unique<Worker>(shared_with(application_), i, served));
  publisher_ = ProgramPublisher::start(first());
  for (const config::ListenAddress& address : config_.listen) {
    acceptors_.push_back(std::make_unique<Acceptor>(first().loop(), address, log_, config_.timeouts.write,
                                                    [this](Arrival arrival) { accept(std::move(arrival)); }));
  }
  if (config_.admin) admin_ = std::make_unique<AdminSide>(*this, *config_.admin);
}

/// What the threads share that let `handler` answer.
Shared Server::Running::shared_with(const handlers::Handler& handler) {
  return Shared{.config = config_,
                .handler = handler,
                .log = log_,
                .blocking = blocking_,
                .counters = counters_,
                .standard_input = standard_input_,
                .programs = programs_,
                .cleanup = cleanup_,
                .addresses = addresses_,
                .memory = memory_,
                .shares = shares_,
                .topics = application_.topics(),
                .application = application_,
                .failures = failures_,
                .mounted = mounted_,
                .hand_over = [this](Arrival arrival) { least_loaded().adopt(std::move(arrival)); }};
}

Server::Running::AdminSide::AdminSide(Running& running, const config::Admin& config)
    : handler(config, running.config_.hosts, running.application_, running.monitor_),
      worker(running.shared_with(handler), 0, 0),
      acceptor(worker.loop(), config.listen, running.log_, running.config_.timeouts.write,
               [this](Arrival arrival) { worker.adopt(std::move(arrival)); }) {}

void Server::Running::AdminSide::start() {
  acceptor.start();
  thread = std::jthread([this] { worker.run(); });
}

void Server::Running::AdminSide::stop() {
  asio::post(worker.io(), [this] {
    acceptor.stop();
    worker.begin_stop();
  });
  thread.join();
}

Server::Running::~Running() {
  deadline_.cancel();
  signals_.reset();
  acceptors_.clear();
}

std::vector<std::string> Server::Running::addresses() const {
  std::vector<std::string> all;
  all.reserve(acceptors_.size());
  for (const auto& acceptor : acceptors_) all.push_back(config::to_string(acceptor->address()));
  return all;
}

void Server::Running::accept(Arrival arrival) {
  std::size_t open = 0;
  for (const auto& worker : workers_) open += worker->load();
  auto admitted = admission_->admit(std::move(arrival), open);
  if (admitted) least_loaded().adopt(*std::move(admitted));
}

/// From any thread.
Worker& Server::Running::least_loaded() const noexcept {
  return **std::min_element(workers_.begin(), workers_.end(),
                            [](const auto& a, const auto& b) { return a->load() < b->load(); });
}

void Server::Running::relieve() {
  for (const auto& worker : workers_) worker->begin_relief();
}

void Server::Running::run() {
  admission_.emplace(first().loop(), config_, raise_descriptor_limit(), log_, counters_, addresses_);
  signals_ = std::make_unique<asio::signal_set>(first().io(), SIGTERM, SIGINT);
  wait_for_signal();
  for (const auto& acceptor : acceptors_) {
    acceptor->start();
    log_.info("listening", {{"address", config::to_string(acceptor->address())}});
  }
  log_.info("limits", {{"connections", std::to_string(admission_->most_connections())},
                       {"memory", memory_.limit() == 0 ? "none" : std::to_string(memory_.limit())}});
  start_at_once();
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < workers_.size(); ++i) {
    first().hold();  // it has the signals and the deadline, and so stays to the last
    threads.emplace_back([this, worker = workers_[i].get()] {
      worker->run();
      asio::post(first().io(), [this] { first().release(); });
    });
  }
  if (admin_) {
    admin_->start();
    log_.info("listening", {{"address", config::to_string(admin_->acceptor.address())}, {"for", "admin"}});
  }
  first().run();
  threads.clear();
  if (admin_) admin_->stop();
  log_.info("stopped", {});
}

/// Shared generators that run whether somebody reads or not.
void Server::Running::start_at_once() {
  for (std::size_t i = 0; i < application_.endpoints().size(); ++i) {
    auto subscription = application_.endpoints()[i]->start_at_once();
    if (!subscription) continue;
    asio::post(first().io(),
               [this, i, wanted = *std::move(subscription)] { first().shares().open(wanted, i); });
  }
}

void Server::Running::wait_for_signal() {
  signals_->async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (draining_) {
      end_now("stopping", "a second signal");
      signals_->clear();  // a third one is not for us any more: it ends the process
      return;
    }
    begin_drain(signal == SIGTERM ? "SIGTERM" : "SIGINT");
    wait_for_signal();
  });
}

void Server::Running::publish(std::string topic, generators::Item item, ProgramPublisher::Done done) {
  asio::post(first().io(), [publisher = publisher_, name = std::move(topic), kept = item.own(),
                            told = std::move(done)]() mutable {
    publisher->publish(name, std::move(kept), std::move(told));
  });
}

void Server::Running::stop() {
  asio::post(first().io(), [this] { begin_drain("stop"); });
}

void Server::Running::begin_drain(const std::string& why) {
  if (std::exchange(draining_, true)) return;
  monitor_.begin_drain();
  log_.info("draining", {{"why", why}});
  for (const auto& acceptor : acceptors_) acceptor->stop();
  admission_->stop();
  first().loop().after(config_.drain, deadline_);
  for (const auto& worker : workers_) worker->begin_drain();
}

void Server::Running::end_now(std::string_view event, std::string_view why) {
  log_.info(event, {{"why", why}});
  for (const auto& worker : workers_) worker->begin_stop();
}

Server::Server(config::ServerConfig config) : config_(std::move(config)) {}
Server::~Server() = default;

Server& Server::stream_items(std::string_view pattern, handlers::StreamFactory factory,
                             config::EndpointConfig options) {
  options.pattern = config::parse_route_pattern(pattern).value();
  for (const auto& [other, unused] : endpoints_) {
    if (config::same_paths(other.pattern, options.pattern)) {
      throw std::invalid_argument("\"" + other.pattern.text + "\" answers to the paths of \"" +
                                  options.pattern.text + "\" already");
    }
  }
  endpoints_.emplace_back(std::move(options), std::move(factory));
  return *this;
}

namespace {

/// The paths of `pattern`, with the values of a request.
config::Template path_template(const config::RoutePattern& pattern) {
  std::string text;
  for (const auto& segment : pattern.segments) {
    text += '/';
    if (segment.kind != config::RoutePattern::Segment::Kind::literal) {
      text += "${path." + segment.text + "}";
      continue;
    }
    for (const char c : segment.text) text.append(c == '$' ? 2 : 1, c);
  }
  return config::Template::parse(text.empty() ? "/" : text).value();
}

/// The source of the topics whose names are the paths of `pattern`.
config::ComponentConfig topic_named_by(const config::RoutePattern& pattern) {
  const auto sources = generators::all_sources();
  const auto topic = std::find_if(sources.begin(), sources.end(),
                                  [](const auto& source) { return source.description.is_topic; });
  auto component = std::make_shared<const config::Component>(topic->description);
  config::Template name = path_template(pattern);
  if (name.constant()) return config::ComponentConfig(component, {name.text()}, {}, {}, {});
  config::ArgumentTemplate from_request;
  from_request.parts.push_back({.place = nlohmann::json::json_pointer(), .text = std::move(name)});
  return config::ComponentConfig(component, {config::Value()}, {std::move(from_request)}, {}, {});
}

}  // namespace

Server& Server::topic(std::string_view pattern, config::EndpointConfig options) {
  options.source = topic_named_by(config::parse_route_pattern(pattern).value());
  options.pipeline.clear();
  const auto no_generator =
      [](const config::RequestValues&,
         generators::SourceContext) -> config::Resolved<generators::AsyncGenerator<generators::Item>> {
    throw std::logic_error("a topic has no generator");
  };
  return stream_items(pattern, no_generator, std::move(options));
}

void Server::publish(std::string topic, generators::Item item,
                     std::function<void(const generators::Published&)> done) {
  if (!running_) throw std::logic_error("nothing can be published before the server is open");
  if (!done) done = [](const generators::Published&) {};
  running_->publish(std::move(topic), std::move(item), std::move(done));
}

Server& Server::listen(std::string_view address) {
  if (!std::exchange(own_addresses_, true)) config_.listen.clear();
  config_.listen.push_back(config::parse_listen_address(address).value());
  return *this;
}

std::vector<std::string> Server::open() {
  if (!running_) running_ = std::make_unique<Running>(config_, std::move(endpoints_));
  return running_->addresses();
}

int Server::run() {
  try {
    open();
  } catch (const std::exception& error) {
    Log(config_.log).error("start", {{"error", error.what()}});
    return 1;
  }
  running_->run();
  return 0;
}

void Server::stop() {
  if (running_) running_->stop();
}

}  // namespace coyield::server
