#pragma once

#include <coyield/handlers/protocol.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/server/http/kept_head.hpp>
#include <coyield/server/shares.hpp>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <vector>

namespace coyield::server {

class Connection;
class Worker;

/// Where the client of one connection publishes, by any number of endpoints (`publish` of `coyield.v1`).
///
/// Each message is asked for as a POST of its own would be, with the header that the connection began with.
/// What is more than may be under way is refused: the client may have to say something else before its topic
/// goes on. While answers are `full`, nothing more is to be read from it. On the thread of the connection,
/// which it wakes when there is an answer.
class Outlets {
 public:
  /// `head` must outlive it.
  Outlets(Worker& worker, Connection& connection, const KeptHead& head) noexcept
      : worker_(worker), connection_(connection), head_(head) {}

  /// What has become of a message, by its `ref`: an id, or a problem document.
  struct Answer {
    std::string ref = {};
    std::string id = {};
    std::string problem = {};  ///< empty: there is none
  };

  void publish(handlers::Publish&& message);
  bool full() const noexcept { return answers_.size() >= most_answers; }
  /// Whether `next` has an answer.
  bool has_answer() const noexcept;
  std::optional<Answer> next();
  /// Bytes that are held for what is under way.
  std::size_t held_bytes() const noexcept;

 private:
  /// One topic, through one endpoint.
  struct Outlet {
    std::string topic;
    std::size_t number;  // of the endpoint
    PublisherPtr publisher;
    std::deque<std::string> refs = {};  // of what is under way, the oldest first
  };

  /// Refusals whose answers are not sent yet.
  static constexpr std::size_t most_answers = 256;
  /// Bytes that are under way to all topics together.
  static constexpr std::size_t most_bytes = 1024 * 1024;
  /// More topics than that are let go when nothing is under way to them.
  static constexpr std::size_t most_kept = 16;

  handlers::Response ask_for(const handlers::Publish& message) const;
  Outlet& outlet_for(const handlers::Publication& publication);
  void answer(std::string ref, const handlers::Response& problem);

  Worker& worker_;
  Connection& connection_;
  const KeptHead& head_;
  std::list<Outlet> outlets_;   // the one that was used last is the first
  std::deque<Answer> answers_;  // of what was not taken
};

}  // namespace coyield::server
