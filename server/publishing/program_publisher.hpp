#pragma once

#include <coyield/generators/event.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/task.hpp>
#include <coyield/generators/topic.hpp>
#include <coyield/server/shares.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace coyield::server {

class Worker;

/// Publishes what the program itself has to say, on one thread of the server.
///
/// It runs from `start` on until its thread has no loop any more. All of it is for that thread; whoever holds
/// it may let go of it earlier.
class ProgramPublisher {
 public:
  using Done = std::function<void(const generators::Published&)>;

  static std::shared_ptr<ProgramPublisher> start(Worker& worker);

  /// `done` is called once, with what has become of the item.
  void publish(const std::string& topic, generators::Item item, Done done);

 private:
  struct Outlet {
    PublisherPtr publisher;
    std::deque<Done> under_way = {};
  };

  /// More topics than that are let go when nothing is under way to them.
  static constexpr std::size_t most_kept = 256;

  explicit ProgramPublisher(Worker& worker) : worker_(worker) {}
  static generators::Task<void> run(std::shared_ptr<ProgramPublisher> self);
  void take_answers();

  Worker& worker_;
  generators::Event news_;
  std::map<std::string, Outlet> outlets_;
};

}  // namespace coyield::server
