#include <algorithm>
#include <boost/asio/post.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/server/pump.hpp>
#include <coyield/server/shares.hpp>
#include <coyield/server/worker.hpp>

namespace coyield::server {

namespace {

using generators::Failure;
using generators::FailureKind;

/// How long the log of a stream is kept that nobody reads, where its generator can go on: clients come back.
constexpr std::chrono::seconds remembered(60);

std::string text_of(const std::exception_ptr& failure) {
  if (!failure) return "by itself";
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "not an exception";
  }
}

}  // namespace

// ---- the directory

Worker& ShareDirectory::find_or_settle(const ShareKey& key, Worker& here, unsigned most) {
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(key); found != entries_.end()) {
    if (found->second.home != &here) ++found->second.holds;
    return *found->second.home;
  }
  unsigned& instances = instances_[key.endpoint];
  if (instances >= most) {
    throw Failure(FailureKind::unavailable, "there are " + std::to_string(most) +
                                                " streams here, each for other values, and no more may be")
        .retry_after(std::chrono::seconds(1));
  }
  ++instances;
  entries_.emplace(key, Entry{.home = &here, .id = ++last_id_});
  return here;
}

void ShareDirectory::hold(const ShareKey& key) noexcept {
  const std::lock_guard lock(mutex_);
  ++entries_.find(key)->second.holds;
}

void ShareDirectory::release(const ShareKey& key) noexcept {
  const std::lock_guard lock(mutex_);
  --entries_.find(key)->second.holds;
}

bool ShareDirectory::forget(const ShareKey& key) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found->second.holds != 0) return false;
  entries_.erase(found);
  --instances_[key.endpoint];
  return true;
}

std::set<Worker*> ShareDirectory::homes(std::size_t endpoint) const {
  const std::lock_guard lock(mutex_);
  std::set<Worker*> homes;
  for (const auto& [key, entry] : entries_) {
    if (key.endpoint == endpoint) homes.insert(entry.home);
  }
  return homes;
}

std::vector<ShareDirectory::Listed> ShareDirectory::list() const {
  std::vector<Listed> all;
  const std::lock_guard lock(mutex_);
  const std::chrono::nanoseconds now = std::chrono::steady_clock::now().time_since_epoch();
  for (const auto& [key, entry] : entries_) all.push_back(describe(key, entry, now));
  return all;
}

ShareDirectory::Listed ShareDirectory::describe(const ShareKey& key, const Entry& entry,
                                                std::chrono::nanoseconds now) {
  Listed one{.id = entry.id, .key = key, .home = entry.home};
  if (entry.log != nullptr) {
    const auto& figures = entry.log->figures();
    one.items = figures.end.value();
    const std::uint64_t newest = figures.newest.value();
    if (newest != 0) one.last_item = now - std::chrono::nanoseconds(newest);
  }
  if (entry.trace != nullptr) one.trace = server::describe(*entry.trace);
  return one;
}

void ShareDirectory::show(const ShareKey& key, const generators::SharedLog& log,
                          const generators::Trace& trace) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.find(key)->second;
  entry.log = &log;
  entry.trace = &trace;
}

unsigned ShareDirectory::generators(std::size_t endpoint) const {
  const std::lock_guard lock(mutex_);
  const auto found = instances_.find(endpoint);
  return found != instances_.end() ? found->second : 0;
}

// ---- one thread

std::shared_ptr<EncodedLog> SharedStream::encoded(const handlers::StreamOptions& options) {
  const auto same = [&options](const auto& each) { return each.first == &options; };
  auto found = std::find_if(encoded_.begin(), encoded_.end(), same);
  if (found == encoded_.end()) found = encoded_.insert(found, {&options, {}});
  std::shared_ptr<EncodedLog> log = found->second.lock();
  if (!log) {
    log = std::make_shared<EncodedLog>();
    found->second = log;
  }
  return log;
}

/// One that is at home here. It stays while anybody has to do with it, here or elsewhere, and for a while
/// longer where those who come back could go on.
struct Shares::Home : generators::Wakeup {
  Home(Shares& owner, ShareKey of) : shares(owner), key(std::move(of)) {}
  virtual ~Home() = default;

  virtual bool idle() const = 0;
  virtual std::shared_ptr<generators::SharedLog> log() const = 0;
  /// Its generator, for all who read it. What has none goes on.
  virtual void stop() {}
  /// It is idle, and may go for others to have a place.
  virtual bool dispensable() { return false; }

  void woken() override {
    if (!idle()) return;
    if (shares.directory_.forget(key)) {
      shares.homes_.erase(ShareKey(key));  // destroys this
    } else {
      shares.worker_.loop().after(std::chrono::seconds(1), *this);  // somebody elsewhere is about to follow
    }
  }

  Shares& shares;
  const ShareKey key;
  std::shared_ptr<SharedStream> stream;
};

struct Shares::HubHome final : Home {
  using Home::Home;
  ~HubHome() override {
    if (hub) hub->on_idle([] {});  // somebody may still hold it
  }
  bool idle() const override { return hub->idle() && !starts_at_once; }
  std::shared_ptr<generators::SharedLog> log() const override { return hub; }
  void stop() override {
    const std::shared_ptr<generators::Hub> kept = hub;
    kept->fail(std::make_exception_ptr(stopped_by_operator()));
  }

  bool starts_at_once = false;
  const generators::TracePtr trace = generators::Trace::make();
  std::shared_ptr<generators::Hub> hub;
};

struct Shares::TopicHome final : Home {
  TopicHome(Shares& owner, ShareKey of, handlers::TopicRule rule)
      : Home(owner, std::move(of)),
        linger(rule.linger),
        topic(generators::Topic::make(owner.worker_.loop(), std::move(rule.options))) {
    stream = std::make_shared<SharedStream>(topic);
    topic->on_idle([this] { become_idle(); });
  }
  ~TopicHome() override {
    topic->on_idle([] {});
  }
  bool idle() const override { return topic->idle(); }
  std::shared_ptr<generators::SharedLog> log() const override { return topic; }
  bool dispensable() override { return idle() && topic->forgettable(); }
  /// Whoever has read it knows a place in it, though there may be nothing in it.
  void become_idle() { shares.worker_.loop().after(linger, *this); }

  const std::chrono::nanoseconds linger;
  const std::shared_ptr<generators::Topic> topic;
};

Shares::Shares(Worker& worker, ShareDirectory& directory) : worker_(worker), directory_(directory) {}
/// Generators that read what is shared here go first.
Shares::~Shares() { homes_.clear(); }

std::shared_ptr<SharedStream> Shares::find(const ShareKey& key) const {
  if (const auto home = homes_.find(key); home != homes_.end()) return home->second->stream;
  const auto mirror = mirrors_.find(key);
  return mirror != mirrors_.end() ? mirror->second.lock() : nullptr;
}

std::shared_ptr<SharedStream> Shares::open(const handlers::Subscription& subscription, std::size_t endpoint) {
  if (!subscription.topic.empty()) return open_topic(subscription.topic);
  ShareKey key{.endpoint = endpoint, .values = subscription.key};
  if (auto stream = find(key)) return stream;
  const handlers::Sharing& sharing = *subscription.sharing;
  Worker& home = directory_.find_or_settle(key, worker_, sharing.max_instances);
  return &home == &worker_ ? settle(std::move(key), subscription)
                           : follow(std::move(key), home, generators::log_options(sharing.options));
}

Worker& Shares::find_or_settle_topic(const ShareKey& key, unsigned most) {
  try {
    return directory_.find_or_settle(key, worker_, most);
  } catch (const Failure&) {
    if (!make_room(key.endpoint)) throw;
  }
  return directory_.find_or_settle(key, worker_, most);
}

/// Lets topics go that nobody would miss: here, and soon on other threads. Whether there was one here.
bool Shares::make_room(std::size_t endpoint) {
  for (Worker* home : directory_.homes(endpoint)) {
    if (home != &worker_)
      boost::asio::post(home->io(), [home, endpoint] { home->shares().drop_dispensable(endpoint); });
  }
  return drop_dispensable(endpoint);
}

bool Shares::drop_dispensable(std::size_t endpoint) {
  const auto dispensable = [this, endpoint](const auto& each) {
    return each.first.endpoint == endpoint && each.second->dispensable() && directory_.forget(each.first);
  };
  return std::erase_if(homes_, dispensable) != 0;
}

std::shared_ptr<SharedStream> Shares::open_topic(const std::string& name) {
  handlers::TopicRule rule = worker_.shared().topics.find(name);
  ShareKey key{.endpoint = rule.number, .kind = ShareKey::Kind::topic, .values = name};
  if (auto stream = find(key)) return stream;
  Worker& home = find_or_settle_topic(key, rule.max_instances);
  if (&home == &worker_) return settle(std::move(key), std::move(rule));
  const generators::TopicOptions& options = rule.options;
  return follow(std::move(key), home,
                {.replay = options.replay, .queue = options.queue, .slow = options.slow});
}

/// The stream is held with what is read of it.
generators::AsyncGenerator<generators::Item> Shares::subscribe(
    std::string name, generators::SubscribeOptions options,
    std::shared_ptr<generators::StartPosition> start) {
  const std::shared_ptr<SharedStream> stream = open_topic(name);
  auto items = stream->log().subscribe(std::move(options), std::move(start));
  while (auto item = co_await items.next()) co_yield std::move(*item);
}

generators::AsyncGenerator<generators::Item> Shares::read(std::string target) {
  handlers::Pull pull = worker_.shared().application.begin(target, worker_.source_context());
  if (pull.subscription) {
    pull.generator = subscribe_to(std::move(pull.subscription), pull.options->number);
    if (pull.operators) pull.generator = pull.operators(std::move(pull.generator));
  }
  while (auto item = co_await pull.generator.next()) co_yield std::move(*item);
}

generators::AsyncGenerator<generators::Item> Shares::subscribe_to(
    std::unique_ptr<handlers::Subscription> subscription, std::size_t endpoint) {
  const std::shared_ptr<SharedStream> stream = open(*subscription, endpoint);
  const auto alone = [this, make = std::move(subscription->make)](const std::string& resume_after) {
    return make(worker_.source_context(resume_after));
  };
  auto items = stream->log().subscribe(std::move(subscription->begin), nullptr, alone);
  while (auto item = co_await items.next()) co_yield std::move(*item);
}

PublisherPtr Shares::publish(const std::string& topic, generators::Event& news,
                             generators::PublisherOptions options) {
  handlers::TopicRule rule = worker_.shared().topics.find(topic);
  const ShareKey key{.endpoint = rule.number, .kind = ShareKey::Kind::topic, .values = topic};
  Worker& home = find_or_settle_topic(key, rule.max_instances);
  if (&home == &worker_) {
    if (!find(key)) settle(key, std::move(rule));
    directory_.hold(key);
  }
  const auto find_topic = [&home, key] { return home.shares().topic_at_home(key); };
  PublisherPtr publisher(nullptr, ReleaseTopic{&directory_, key});
  publisher.reset(new generators::Publisher(worker_.loop(), home.loop().executor(), find_topic, news,
                                            std::move(options)));
  return publisher;
}

void Shares::stop(const ShareKey& key) {
  const auto home = homes_.find(key);
  if (home == homes_.end()) return;
  home->second->stop();
}

std::shared_ptr<generators::SharedLog> Shares::at_home(const ShareKey& key) const {
  const auto home = homes_.find(key);
  if (home == homes_.end()) throw Failure(FailureKind::unavailable, "the stream is going away; try again");
  return home->second->log();
}

std::shared_ptr<generators::Topic> Shares::topic_at_home(const ShareKey& key) const {
  return std::static_pointer_cast<generators::Topic>(at_home(key));
}

std::shared_ptr<SharedStream> Shares::settle(ShareKey key, handlers::TopicRule rule) {
  auto home = std::make_unique<TopicHome>(*this, key, std::move(rule));
  auto stream = home->stream;
  homes_.emplace(std::move(key), std::move(home));
  return stream;
}

std::shared_ptr<SharedStream> Shares::settle(ShareKey key, const handlers::Subscription& subscription) {
  auto home = std::make_unique<HubHome>(*this, key);
  generators::Loop& loop = worker_.loop();
  home->starts_at_once = subscription.sharing->options.start == generators::SharedStart::at_once;
  const auto begun = std::make_shared<generators::StartPosition>();
  home->hub = generators::Hub::make(
      loop,
      [this, make = subscription.make, begun, trace = home->trace](const std::string& resume_after) {
        generators::SourceContext context = worker_.source_context(resume_after);
        context.start = begun;
        context.trace = trace;
        return make(std::move(context));
      },
      subscription.sharing->options);
  home->hub->begun(begun);
  home->hub->trace(home->trace);
  directory_.show(key, *home->hub, *home->trace);
  home->stream = std::make_shared<SharedStream>(home->hub);
  home->hub->on_idle([&loop, kept = home.get()] {
    // With ids of their own, those who come back go on without it.
    if (kept->hub->can_go_on() && !kept->hub->options().own_ids) {
      loop.after(remembered, *kept);
    } else {
      loop.soon(*kept);
    }
  });
  home->hub->on_over([this, number = key.endpoint, sharing = subscription.sharing, trace = home->trace](
                         const std::exception_ptr& failure, bool again) {
    if (failure) trace->failed(failure);
    if (again) worker_.roster().counters(number).restarts.add(1);
    if (!again && !failure) return;
    if (failure) worker_.shared().failures.add(sharing->endpoint, {}, "failed", text_of(failure));
    worker_.shared().log.warning("shared", {{"endpoint", sharing->endpoint},
                                            {failure ? "failed" : "ended", text_of(failure)},
                                            {"restart", again ? "yes" : "no"}});
  });
  auto stream = home->stream;
  homes_.emplace(std::move(key), std::move(home));
  return stream;
}

std::shared_ptr<SharedStream> Shares::follow(ShareKey key, Worker& home,
                                             const generators::LogOptions& options) {
  const auto find = [&home, key] { return home.shares().at_home(key); };
  auto mirror = generators::Mirror::make(worker_.loop(), home.loop().executor(), find, options);
  // Before the mirror lets go of the log: whoever comes next must not find it gone in between.
  const auto end = [this, key](SharedStream* stream) {
    mirrors_.erase(key);
    directory_.release(key);
    delete stream;
  };
  std::shared_ptr<SharedStream> stream(new SharedStream(std::move(mirror)), end);
  mirrors_[std::move(key)] = stream;
  return stream;
}

}  // namespace coyield::server
