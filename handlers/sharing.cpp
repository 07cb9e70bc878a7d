#include <algorithm>
#include <charconv>
#include <coyield/config/since.hpp>
#include <coyield/config/units.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/handlers/params.hpp>
#include <coyield/handlers/sharing.hpp>

namespace coyield::handlers {

namespace {

using generators::Failure;
using generators::FailureKind;

void append_sized(std::string& key, std::string_view text) {
  key += std::to_string(text.size());
  key += ':';
  key += text;
}

/// What `append_sized` has written at the beginning of `key`, which goes.
std::string_view take_sized(std::string_view& key) {
  std::size_t size = 0;
  const char* const end = std::from_chars(key.data(), key.data() + key.size(), size).ptr;
  const std::string_view text = key.substr(static_cast<std::size_t>(end - key.data()) + 1, size);
  key.remove_prefix(static_cast<std::size_t>(text.data() + text.size() - key.data()));
  return text;
}

}  // namespace

generators::LogLimits limits_of(const config::Reach& reach) {
  generators::LogLimits limits;
  if (reach.items) limits.items = *reach.items;
  if (reach.bytes) limits.bytes = *reach.bytes;
  if (reach.age) limits.age = *reach.age;
  return limits;
}

Sharing sharing_of(const config::EndpointConfig& endpoint) {
  const config::Share& share = *endpoint.share;
  // The words stand in the same order.
  return {.endpoint = endpoint.pattern.text,
          .options = {.replay = limits_of(share.replay),
                      .queue = limits_of(share.queue),
                      .slow = static_cast<generators::SlowPolicy>(share.slow),
                      .start = static_cast<generators::SharedStart>(share.start),
                      .linger = share.linger.value_or(std::chrono::nanoseconds(0)),
                      .restart = static_cast<generators::Restart>(share.restart),
                      .resumable = endpoint.resumable,
                      .own_ids = endpoint.resumable},
          .max_instances = share.max_instances};
}

KeptValues::KeptValues(const std::vector<config::Reference>& references,
                       const config::RequestValues& values) {
  for (const config::Reference& reference : references)
    keep(reference.origin, reference.name, values.find(reference.origin, reference.name));
}

KeptValues::KeptValues(const Target& target, const Router::PathValues& path) {
  for (const auto& [name, value] : path) keep(config::Origin::path, name, value);
  for (const auto& [name, value] : target.query) {
    const auto& own = config::reserved_query_names();
    if (std::find(own.begin(), own.end(), name) == own.end()) keep(config::Origin::query, name, value);
  }
  std::sort(values_.begin(), values_.end());
}

void KeptValues::keep(config::Origin origin, std::string name, std::optional<std::string> value) {
  values_.emplace_back(config::Reference{origin, std::move(name)}, std::move(value));
}

std::optional<std::string> KeptValues::find(config::Origin origin, std::string_view name) const {
  const auto same = [&](const auto& each) { return each.first.origin == origin && each.first.name == name; };
  const auto found = std::find_if(values_.begin(), values_.end(), same);
  return found != values_.end() ? found->second : std::nullopt;
}

std::string KeptValues::key() const {
  std::string key;
  for (const auto& [reference, value] : values_) {
    append_sized(key, config::to_string(reference));
    key += value ? '=' : '-';
    if (value) append_sized(key, *value);
  }
  return key;
}

std::optional<std::chrono::nanoseconds> wait_of(const config::RequestValues& values) {
  constexpr std::chrono::minutes longest(10);
  const auto text = values.find(config::Origin::query, "wait");
  if (!text) return std::nullopt;
  const auto wait = config::parse_duration(*text);
  if (wait && *wait <= longest) return *wait;
  throw Failure(FailureKind::invalid,
                "the query parameter \"wait\": " + (wait ? config::in_quotes(*text) + " is more than \"10m\""
                                                         : config::to_string(wait.error())));
}

std::vector<std::pair<std::string, std::string>> values_of_key(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> values;
  while (!key.empty()) {
    const std::string_view name = take_sized(key);
    const bool has_value = key.starts_with('=');
    key.remove_prefix(1);
    if (has_value) values.emplace_back(name, take_sized(key));
  }
  return values;
}

generators::OnGap on_gap_of(const config::RequestValues& values) {
  const std::string on_gap = values.find(config::Origin::query, "on_gap").value_or("tell");
  if (on_gap == "fail") return generators::OnGap::fail;
  if (on_gap == "tell") return generators::OnGap::tell;
  throw Failure(FailureKind::invalid, "the query parameter \"on_gap\": " + config::in_quotes(on_gap) +
                                          " is neither \"tell\" nor \"fail\"");
}

generators::SubscribeOptions begin_of(const config::RequestValues& values, std::uint64_t since,
                                      bool catches_up) {
  if (const auto wanted = values.find(config::Origin::query, "since")) {
    const auto parsed = config::parse_since(*wanted);
    if (!parsed) {
      throw Failure(FailureKind::invalid,
                    "the query parameter \"since\": " + config::to_string(parsed.error()));
    }
    since = *parsed;
  }
  return {.resume_after = last_event_id(values),
          .on_gap = on_gap_of(values),
          .catches_up = catches_up,
          .from_start = since == config::Share::start_of_source,
          .last = since};
}

generators::AsyncGenerator<generators::Item> fail_on_gap(
    generators::AsyncGenerator<generators::Item> stream) {
  while (auto item = co_await stream.next()) {
    if (generators::is_gap(*item)) {
      throw Failure(FailureKind::gone,
                    "items are missing here, and on_gap=fail was asked for: " + std::string(item->payload()));
    }
    co_yield std::move(*item);
  }
}

}  // namespace coyield::handlers
