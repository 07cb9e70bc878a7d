#include <coyield/server/publishing/outlets.hpp>

#include <algorithm>
#include <coyield/handlers/publishing.hpp>
#include <coyield/server/http/exchange.hpp>
#include <coyield/server/worker.hpp>
#include <utility>
#include <variant>

namespace coyield::server {

using generators::Failure;
using generators::Item;
using handlers::Publication;
using handlers::PublishedAs;
using handlers::Response;

namespace {

void count(Worker& worker, std::size_t endpoint, bool taken) noexcept {
  EndpointCounters& counters = worker.roster().counters(endpoint);
  (taken ? counters.published : counters.published_refused).add(1);
}

}  // namespace

void Outlets::publish(handlers::Publish&& message) {
  Response response = ask_for(message);
  const auto* publication = std::get_if<Publication>(&response.body);
  if (publication == nullptr) return answer(std::move(message.ref), response);
  auto taken = handlers::take_item(*publication, PublishedAs::json, message.data);
  if (const auto* failure = std::get_if<Failure>(&taken)) {
    count(worker_, publication->number, false);
    return answer(std::move(message.ref), handlers::problem(*failure));
  }
  try {
    Outlet& outlet = outlet_for(*publication);
    if (outlet.publisher->full() || held_bytes() >= most_bytes) {
      count(worker_, publication->number, false);
      return answer(std::move(message.ref),
                    handlers::problem(429, "too much is under way to the topic; wait for the answers"));
    }
    outlet.publisher->submit(std::get<Item>(std::move(taken)), publication->key);
    outlet.refs.push_back(std::move(message.ref));
  } catch (const Failure& no_topic) {
    answer(std::move(message.ref), handlers::problem(no_topic));
  }
}

Response Outlets::ask_for(const handlers::Publish& message) const {
  std::vector<handlers::Field> fields = head_.fields({});
  fields.push_back({"Content-Type", "application/json"});
  if (!message.key.empty()) fields.push_back({"Idempotency-Key", message.key});
  const handlers::Request request{.method = handlers::Method::post,
                                  .method_text = "POST",
                                  .target = message.target,
                                  .draining = worker_.draining(),
                                  .loopback = connection_.loopback(),
                                  .fields = fields,
                                  .client = connection_.peer()};
  return respond_to(worker_, request, worker_.source_context());
}

Outlets::Outlet& Outlets::outlet_for(const Publication& publication) {
  const auto same = [&](const Outlet& each) {
    return each.topic == publication.topic && each.number == publication.number;
  };
  const auto found = std::find_if(outlets_.begin(), outlets_.end(), same);
  if (found != outlets_.end()) {
    outlets_.splice(outlets_.begin(), outlets_, found);
    return outlets_.front();
  }
  if (outlets_.size() >= most_kept && outlets_.back().refs.empty()) outlets_.pop_back();
  outlets_.push_front({.topic = publication.topic,
                       .number = publication.number,
                       .publisher = worker_.shares().publish(publication.topic, connection_.wake(),
                                                             {.client = publication.client})});
  return outlets_.front();
}

void Outlets::answer(std::string ref, const Response& problem) {
  Answer refused{.ref = std::move(ref)};
  if (const auto* document = std::get_if<std::string>(&problem.body)) refused.problem = *document;
  answers_.push_back(std::move(refused));
  connection_.wake().set();
}

bool Outlets::has_answer() const noexcept {
  return !answers_.empty() || std::any_of(outlets_.begin(), outlets_.end(),
                                          [](const Outlet& each) { return each.publisher->has_answer(); });
}

std::optional<Outlets::Answer> Outlets::next() {
  if (!answers_.empty()) {
    std::optional<Answer> first(std::move(answers_.front()));
    answers_.pop_front();
    return first;
  }
  for (Outlet& outlet : outlets_) {
    auto published = outlet.publisher->next();
    if (!published) continue;
    count(worker_, outlet.number, !published->failure);
    Answer answered{.ref = std::move(outlet.refs.front()), .id = std::move(published->id)};
    outlet.refs.pop_front();
    if (published->failure) {
      Response refused = handlers::problem(*published->failure);
      answered.problem = std::get<std::string>(std::move(refused.body));
    }
    return answered;
  }
  return std::nullopt;
}

std::size_t Outlets::held_bytes() const noexcept {
  std::size_t bytes = answers_.size() * sizeof(Answer);
  for (const Outlet& outlet : outlets_) bytes += outlet.publisher->bytes();
  return bytes;
}

}  // namespace coyield::server
