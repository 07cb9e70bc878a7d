#include <coyield/server/publishing/program_publisher.hpp>

#include <boost/asio/detached.hpp>
#include <coyield/generators/spawn.hpp>
#include <coyield/server/worker.hpp>
#include <utility>

namespace coyield::server {

using generators::Failure;
using generators::Item;
using generators::Task;

std::shared_ptr<ProgramPublisher> ProgramPublisher::start(Worker& worker) {
  std::shared_ptr<ProgramPublisher> publisher(new ProgramPublisher(worker));
  generators::spawn(worker.loop().executor(), run(publisher), boost::asio::detached);
  return publisher;
}

Task<void> ProgramPublisher::run(std::shared_ptr<ProgramPublisher> self) {
  for (;;) {
    co_await self->news_.wait();
    self->take_answers();
  }
}

void ProgramPublisher::publish(const std::string& topic, Item item, Done done) {
  auto outlet = outlets_.find(topic);
  if (outlet == outlets_.end()) {
    if (outlets_.size() >= most_kept)
      std::erase_if(outlets_, [](const auto& each) { return each.second.under_way.empty(); });
    try {
      outlet = outlets_.emplace(topic, Outlet{worker_.shares().publish(topic, news_, {})}).first;
    } catch (const Failure& no_topic) {
      return done({.failure = no_topic});
    }
  }
  outlet->second.publisher->submit(std::move(item));
  outlet->second.under_way.push_back(std::move(done));
}

void ProgramPublisher::take_answers() {
  for (auto& [topic, outlet] : outlets_) {
    while (const auto published = outlet.publisher->next()) {
      const Done done = std::move(outlet.under_way.front());
      outlet.under_way.pop_front();
      done(*published);
    }
  }
}

}  // namespace coyield::server
