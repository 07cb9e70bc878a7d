#include <coyield/server/publishing/sink.hpp>

#include <coyield/handlers/publishing.hpp>
#include <coyield/server/worker.hpp>
#include <utility>
#include <variant>

namespace coyield::server {

using generators::Failure;
using generators::Item;
using generators::PayloadKind;
using handlers::PublishedAs;

PublishingSink::PublishingSink(Worker& worker, Connection& connection,
                               std::unique_ptr<const handlers::Publication> publication)
    : worker_(worker), connection_(connection), publication_(std::move(publication)) {}

PublishingSink::~PublishingSink() { close(); }

void PublishingSink::push(PayloadKind kind, std::string_view payload) {
  if (refusal_) return;  // what comes behind it was sent by a client that did not know
  const PublishedAs as = kind == PayloadKind::bytes ? PublishedAs::bytes : publication_->as;
  auto taken = handlers::take_item(*publication_, as, payload);
  if (auto* failure = std::get_if<Failure>(&taken)) return refuse(std::move(*failure));
  try {
    if (!publisher_) {
      publisher_ = worker_.shares().publish(
          publication_->topic, connection_.wake(),
          {.client = publication_->client, .over_rate = generators::OverRate::waits});
    }
    publisher_->submit(std::get<Item>(std::move(taken)));
    connection_.hold(Connection::Held::inbox, publisher_->bytes());
  } catch (const Failure& no_topic) {
    refuse(no_topic);
  }
}

bool PublishingSink::full() const noexcept { return publisher_ && publisher_->full(); }

void PublishingSink::close() noexcept {
  publisher_.reset();
  connection_.hold(Connection::Held::inbox, 0);
}

bool PublishingSink::settled() {
  take_answers();
  return !publisher_ || publisher_->under_way() == 0;
}

std::optional<Failure> PublishingSink::refusal() {
  take_answers();
  return std::exchange(refusal_, std::nullopt);
}

void PublishingSink::take_answers() {
  if (!publisher_) return;
  while (auto published = publisher_->next()) {
    if (published->failure) {
      refuse(*std::move(published->failure));
    } else {
      worker_.roster().counters(publication_->number).published.add(1);
    }
  }
  connection_.hold(Connection::Held::inbox, publisher_->bytes());
}

void PublishingSink::refuse(Failure failure) {
  worker_.roster().counters(publication_->number).published_refused.add(1);
  if (!refusal_) refusal_.emplace(std::move(failure));
  connection_.wake_soon();
}

}  // namespace coyield::server
