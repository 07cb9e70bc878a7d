#include <coyield/handlers/topics.hpp>

#include <algorithm>
#include <coyield/config/mistake.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/handlers/sharing.hpp>
#include <optional>

namespace coyield::handlers {

namespace {

std::optional<generators::Rate> rate_of(const std::optional<config::Rate>& rate) {
  if (!rate) return std::nullopt;
  return generators::Rate{.items = rate->items, .within = rate->within};
}

}  // namespace

void TopicRules::add(const config::EndpointConfig& endpoint, std::size_t number) {
  if (endpoint.is_topic()) entries_.push_back({endpoint.source.text_of("name"), endpoint, number});
}

template <class Matches>
const TopicRules::Entry* TopicRules::find_first(std::string_view name, Matches matches) const {
  const config::Template literal = config::Template::literal(name);
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return matches(entry.endpoint) && config::may_be_equal(entry.names, literal);
  });
  return found != entries_.end() ? &*found : nullptr;
}

TopicRule TopicRules::find(std::string_view name) const {
  const Entry* says = find_first(name, [](const auto& endpoint) { return endpoint.is_plain_topic(); });
  if (says == nullptr) says = find_first(name, [](const auto&) { return true; });
  if (says == nullptr) {
    throw generators::Failure(generators::FailureKind::not_found,
                              "there is no topic " + config::in_quotes(name) + " here");
  }
  const config::Share share = says->endpoint.share.value_or(config::Share{});
  TopicRule rule{.number = says->number, .max_instances = share.max_instances};
  rule.options.replay = limits_of(share.replay);
  rule.options.queue = limits_of(share.queue);
  rule.options.slow = static_cast<generators::SlowPolicy>(share.slow);
  if (share.linger) rule.linger = *share.linger;
  if (const Entry* taken =
          find_first(name, [](const auto& endpoint) { return endpoint.publish.has_value(); })) {
    rule.options.rate = rate_of(taken->endpoint.publish->rate);
    rule.options.client_rate = rate_of(taken->endpoint.publish->client_rate);
  }
  return rule;
}

}  // namespace coyield::handlers
