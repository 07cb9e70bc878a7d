#pragma once

#include <compare>
#include <coyield/generators/endpoint_reader.hpp>
#include <coyield/generators/hub.hpp>
#include <coyield/generators/mirror.hpp>
#include <coyield/generators/publisher.hpp>
#include <coyield/generators/topic.hpp>
#include <coyield/handlers/monitor.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/handlers/topics.hpp>
#include <coyield/server/encoded_log.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// The streams that clients share, generators and topics, and where each of them is.
///
/// Each has a home, the thread of the client that asked for it first, where its log is, and its generator. On
/// every other thread that has subscribers of it there is a mirror of the log, so that nobody but the two
/// ends of a mirror ever crosses a thread. Which stream is at home where, all threads must agree on: that
/// stands in one directory, under a mutex that is taken when a thread gets its first subscriber of a stream,
/// and when it has lost its last.
namespace coyield::server {

class Worker;

/// A shared stream: its endpoint, and the values that it was asked for with, or a topic: the endpoint that
/// says what holds for it, and its name.
struct ShareKey {
  enum class Kind : unsigned char { generator, topic };

  std::size_t endpoint = 0;
  Kind kind = Kind::generator;
  std::string values = {};

  auto operator<=>(const ShareKey&) const = default;
};

/// Which thread each shared stream is at home on.
class ShareDirectory {
 public:
  /// The home of the stream: where it has none, `here` is it, and has to make it. Everybody else is counted
  /// until `release`. Throws Failure(unavailable) where it would be one more than `most` of its endpoint.
  Worker& find_or_settle(const ShareKey& key, Worker& here, unsigned most);
  /// Counts one more, until `release`, where the home is here.
  void hold(const ShareKey& key) noexcept;
  void release(const ShareKey& key) noexcept;
  /// By its home: where others can see how it goes, until it is forgotten.
  void show(const ShareKey& key, const generators::SharedLog& log, const generators::Trace& trace);
  /// By its home: whether it is forgotten, since nobody holds it.
  bool forget(const ShareKey& key) noexcept;
  /// Which threads have streams of the endpoint.
  std::set<Worker*> homes(std::size_t endpoint) const;
  /// All of them. `id` is of that one run: once it is forgotten, nobody else gets it.
  struct Listed {
    std::uint64_t id;
    ShareKey key;
    Worker* home;
    std::uint64_t items = 0;
    std::optional<std::chrono::nanoseconds> last_item = {};  ///< ago
    handlers::TraceInfo trace = {};
  };
  std::vector<Listed> list() const;
  /// How many streams of the endpoint there are, whoever reads them.
  unsigned generators(std::size_t endpoint) const;

 private:
  struct Entry {
    Worker* home = nullptr;
    std::uint64_t id = 0;
    std::size_t holds = 0;
    const generators::SharedLog* log = nullptr;
    const generators::Trace* trace = nullptr;
  };
  static Listed describe(const ShareKey& key, const Entry& entry, std::chrono::nanoseconds now);
  mutable std::mutex mutex_;
  std::map<ShareKey, Entry> entries_;
  std::map<std::size_t, unsigned> instances_;  // of each endpoint
  std::uint64_t last_id_ = 0;
};

/// A shared stream on one thread: its log there, and what has been made of it in each format.
class SharedStream {
 public:
  explicit SharedStream(std::shared_ptr<generators::SharedLog> log) : log_(std::move(log)) {}

  generators::SharedLog& log() const noexcept { return *log_; }
  const std::shared_ptr<generators::SharedLog>& log_pointer() const noexcept { return log_; }
  /// For all whose streams are treated the same.
  std::shared_ptr<EncodedLog> encoded(const handlers::StreamOptions& options);

 private:
  std::shared_ptr<generators::SharedLog> log_;
  std::vector<std::pair<const handlers::StreamOptions*, std::weak_ptr<EncodedLog>>> encoded_;
};

/// Lets go of a topic when its publisher has gone.
struct ReleaseTopic {
  ShareDirectory* directory = nullptr;
  ShareKey key = {};
  void operator()(generators::Publisher* publisher) const noexcept {
    delete publisher;
    directory->release(key);
  }
};
using PublisherPtr = std::unique_ptr<generators::Publisher, ReleaseTopic>;

/// The shared streams of one thread, for that thread alone.
class Shares final : public generators::TopicReader, public generators::EndpointReader {
 public:
  Shares(Worker& worker, ShareDirectory& directory);
  ~Shares() override;
  Shares(const Shares&) = delete;
  Shares& operator=(const Shares&) = delete;

  /// Finds the stream, or makes it. Throws Failure(unavailable) where there are too many.
  std::shared_ptr<SharedStream> open(const handlers::Subscription& subscription, std::size_t endpoint);
  /// The same for a topic. Throws Failure(not_found) where no endpoint is over it, too.
  std::shared_ptr<SharedStream> open_topic(const std::string& name);
  generators::AsyncGenerator<generators::Item> subscribe(
      std::string name, generators::SubscribeOptions options,
      std::shared_ptr<generators::StartPosition> start) override;
  generators::AsyncGenerator<generators::Item> read(std::string target) override;
  /// What a client gets of a shared stream, for operators of its own: it misses nothing unsaid.
  generators::AsyncGenerator<generators::Item> subscribe_to(
      std::unique_ptr<handlers::Subscription> subscription, std::size_t endpoint);
  /// One who publishes to a topic; `news` is set when there is an answer. Throws as `open_topic`.
  PublisherPtr publish(const std::string& topic, generators::Event& news,
                       generators::PublisherOptions options);
  /// Ends the generator of one that is at home here, if it still is, for all who read it.
  void stop(const ShareKey& key);

 private:
  struct Home;
  struct HubHome;
  struct TopicHome;

  Worker& find_or_settle_topic(const ShareKey& key, unsigned most);
  bool make_room(std::size_t endpoint);
  bool drop_dispensable(std::size_t endpoint);
  std::shared_ptr<SharedStream> find(const ShareKey& key) const;
  std::shared_ptr<SharedStream> settle(ShareKey key, const handlers::Subscription& subscription);
  std::shared_ptr<SharedStream> settle(ShareKey key, handlers::TopicRule rule);
  std::shared_ptr<SharedStream> follow(ShareKey key, Worker& home, const generators::LogOptions& options);
  /// The log of one that is at home here.
  std::shared_ptr<generators::SharedLog> at_home(const ShareKey& key) const;
  std::shared_ptr<generators::Topic> topic_at_home(const ShareKey& key) const;

  Worker& worker_;
  ShareDirectory& directory_;
  std::map<ShareKey, std::unique_ptr<Home>> homes_;
  std::map<ShareKey, std::weak_ptr<SharedStream>> mirrors_;
};

}  // namespace coyield::server
