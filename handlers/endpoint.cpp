#include <coyield/handlers/endpoint.hpp>

#include <algorithm>
#include <coyield/generators/idempotency.hpp>
#include <coyield/handlers/access.hpp>
#include <coyield/handlers/formats/envelope.hpp>
#include <coyield/handlers/formats/sse.hpp>
#include <coyield/handlers/multiplex.hpp>
#include <coyield/handlers/page.hpp>
#include <coyield/handlers/params.hpp>
#include <coyield/handlers/protocol.hpp>
#include <coyield/handlers/publishing.hpp>
#include <utility>

namespace coyield::handlers {

namespace {

constexpr std::string_view publishing_methods = "GET, HEAD, OPTIONS, POST";

/// The values of a request for the templates of a configuration.
class ValuesOfRequest final : public config::RequestValues {
 public:
  ValuesOfRequest(const Request& request, const Target& target, const Router::PathValues& path)
      : request_(request), target_(target), path_(path) {}

  std::optional<std::string> find(config::Origin origin, std::string_view name) const override {
    if (origin == config::Origin::path) {
      for (const auto& [key, value] : path_) {
        if (key == name) return value;
      }
    } else if (origin == config::Origin::query) {
      if (const std::string* value = target_.find_query(name)) return *value;
    } else if (origin == config::Origin::header) {
      if (const auto value = request_.find(name)) return std::string(*value);
    }
    return std::nullopt;
  }

 private:
  const Request& request_;
  const Target& target_;
  const Router::PathValues& path_;
};

StreamOptions stream_options(const config::EndpointConfig& config, const config::ServerConfig& server,
                             const Format& format, std::size_t number, Heartbeat heartbeat) {
  StreamOptions options;
  options.endpoint = config.pattern.text;
  options.number = number;
  options.format = format.name();
  options.first_item = config.first_item_timeout.value_or(server.timeouts.first_item);
  const bool beats =
      heartbeat == Heartbeat::always || (heartbeat == Heartbeat::on_request && config.heartbeat);
  if (beats) options.heartbeat = config.heartbeat.value_or(server.timeouts.heartbeat);
  options.max_item = server.limits.max_item;
  options.max_message = config.max_message.value_or(server.limits.max_message);
  options.says_end = format.says_end;
  options.says_position = format.says_position;
  options.itemwise = format.itemwise;
  options.finite = config.finite;
  options.deflate = config.deflate;
  options.input = config.input;
  return options;
}

Response coding_not_acceptable(bool gzip_offered) {
  Response response =
      problem(406, gzip_offered ? "the client takes neither gzip nor what is not compressed"
                                : "the client takes nothing that is not compressed, as this is");
  response.fields.add("Vary", "Accept, Accept-Encoding");
  return response;
}

std::vector<config::Reference> references_of(const config::EndpointConfig& config) {
  std::vector<config::Reference> all;
  const auto add = [&all](const config::ComponentConfig& component) {
    const auto some = component.references();
    all.insert(all.end(), some.begin(), some.end());
  };
  if (!config.source.empty()) add(config.source);
  std::for_each(config.pipeline.begin(), config.pipeline.end(), add);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

/// A stream of one's own begins where its source does.
void refuse_since(const config::RequestValues& values) {
  const auto since = values.find(config::Origin::query, "since");
  if (!since || since == "earliest") return;
  throw generators::Failure(generators::FailureKind::invalid,
                            "the query parameter \"since\": this stream is made for each client, and begins "
                            "where its source does; leave it out");
}

/// Whether the client asks for envelopes; from an endpoint that takes `input` no WebSocket of its own can
/// have them, since what it says is for the generator.
bool wants_envelopes(const Request& request, const Target& target, bool input) {
  if (request.envelope != nullptr) return true;
  if (request.websocket && !input && offers_protocol(request)) return true;
  const std::string* value = target.find_query("envelope");
  if (value == nullptr || *value == "0") return false;
  if (*value == "1" && !request.websocket) return true;
  throw generators::Failure(generators::FailureKind::invalid,
                            "the query parameter \"envelope\": " +
                                (*value != "1" ? config::in_quotes(*value) + " is neither 1 nor 0"
                                               : "over a WebSocket, ask for the subprotocol coyield.v1"));
}

Response with_status(unsigned status) {
  Response response;
  response.status = status;
  return response;
}

}  // namespace

Fields stream_fields(const Format& format, Coding coding, std::string_view vary) {
  Fields fields;
  fields.add("Content-Type", format.content_type);
  if (coding == Coding::gzip) fields.add("Content-Encoding", "gzip");
  fields.add("Cache-Control", "no-store, no-transform");
  fields.add("X-Accel-Buffering", "no");
  fields.add("Vary", vary);
  return fields;
}

Endpoint::Endpoint(config::EndpointConfig config, const config::ServerConfig& server,
                   const std::vector<Format>& formats, const Tokens& tokens, StreamFactory factory,
                   std::size_t number)
    : config_(std::move(config)),
      cors_(config_.cors.value_or(server.cors)),
      formats_(formats),
      tokens_(tokens),
      factory_(std::move(factory)),
      negotiation_(formats, config_.format, config_.finite),
      format_options_{.columns = config_.columns},
      gzip_(config_.gzip.value_or(server.gzip)),
      max_published_(config_.publish ? config_.publish->max_item.value_or(server.limits.max_item) : 0),
      query_operators_(config_.query_operators, server.limits.max_item),
      references_(references_of(config_)) {
  if (config_.is_plain_topic() && !config_.share) config_.share.emplace();
  if (config_.share && !config_.is_plain_topic()) sharing_ = sharing_of(config_);
  const std::string_view vary = gzip_ ? "Accept, Accept-Encoding" : "Accept";
  for (const Format& format : formats) {
    prepared_.push_back({stream_fields(format, Coding::identity, vary),
                         stream_fields(format, Coding::gzip, vary),
                         stream_options(config_, server, format, number, format.heartbeat),
                         stream_options(config_, server, format, number, Heartbeat::always)});
    if (is_envelope(format)) prepared_.back().over_websocket.deflate = false;
  }
}

Response Endpoint::handle(const Request& request, const Target& target, const Router::PathValues& path,
                          generators::SourceContext&& context) const {
  Response response = answer(request, target, path, std::move(context));
  add_cors_fields(request, cors_, response, methods());
  return response;
}

Response Endpoint::answer(const Request& request, const Target& target, const Router::PathValues& path,
                          generators::SourceContext&& context) const {
  try {
    return dispatch(request, target, path, std::move(context));
  } catch (const generators::Failure& failure) {
    return problem(failure);
  }
}

Response Endpoint::dispatch(const Request& request, const Target& target, const Router::PathValues& path,
                            generators::SourceContext&& context) const {
  if (request.method == Method::post && config_.is_topic()) return publish(request, target, path);
  if (!is_safe(request.method)) return method_not_allowed(request);
  if (request.method == Method::options) {
    Response response = with_status(204);
    response.fields.add("Allow", methods());
    return response;
  }
  if (auto refusal = refuse_access(request, config_.access, tokens_)) return std::move(*refusal);
  // What a browser asks of a response of its own, it cannot ask of one stream among several.
  const bool asks_for_itself = !request.websocket && request.envelope == nullptr;
  if (!asks_for_itself && !origin_allowed(request, cors_)) {
    return problem(403, "pages of the origin " + config::in_quotes(*request.find("Origin")) +
                            (request.websocket ? " may not open a WebSocket here" : " may not read this"));
  }
  const Choice choice = choose(request, target);
  if (const auto* refusal = std::get_if<NotAcceptable>(&choice)) {
    Response response = problem(406, refusal->detail);
    response.fields.add("Vary", "Accept");
    return response;
  }
  if (std::holds_alternative<WantsPage>(choice)) return live_page();
  return stream(request, target, path, *std::get<const Format*>(choice), std::move(context));
}

std::string_view Endpoint::methods() const noexcept {
  return config_.publish ? publishing_methods : reading_methods;
}

Response Endpoint::method_not_allowed(const Request& request) const {
  Response response =
      problem(405, "the method " + config::in_quotes(request.method_text) + " is not for this endpoint");
  response.fields.add("Allow", methods());
  return response;
}

std::optional<Response> Endpoint::refuse_publishing(const Request& request) const {
  if (!config_.publish) return problem(403, "nobody may publish here");
  if (auto refusal = refuse_access(request, config_.publish->access, tokens_)) return refusal;
  if (origin_allowed(request, cors_)) return std::nullopt;
  return problem(
      403, "pages of the origin " + config::in_quotes(*request.find("Origin")) + " may not publish here");
}

Response Endpoint::publish(const Request& request, const Target& target,
                           const Router::PathValues& path) const {
  if (auto refusal = refuse_publishing(request)) return *std::move(refusal);
  const auto type = request.find("Content-Type");
  const auto as = published_as(type);
  if (!as) {
    return problem(415,
                   "items are published as application/json, application/x-ndjson (many), text/plain "
                   "or application/octet-stream, and not as " +
                       config::in_quotes(*type));
  }
  if (request.find("Content-Encoding")) return problem(415, "what is published may not be compressed");
  Response response;
  response.body = publication(request, ValuesOfRequest(request, target, path), *as);
  return response;
}

Publication Endpoint::publication(const Request& request, const config::RequestValues& values,
                                  PublishedAs as) const {
  std::string key(request.find("Idempotency-Key").value_or(std::string_view()));
  if (key.size() > generators::IdempotencyKeys::longest_key) {
    throw generators::Failure(generators::FailureKind::invalid,
                              "the Idempotency-Key is longer than " +
                                  std::to_string(generators::IdempotencyKeys::longest_key) + " characters");
  }
  return {.topic = topic_name(values),
          .as = as,
          .max_item = max_published_,
          .max_depth = config_.publish->max_depth,
          .key = std::move(key),
          .client = address_of(request.client),
          .number = prepared_.front().over_http.number};
}

std::string Endpoint::topic_name(const config::RequestValues& values) const {
  const auto arguments = config_.source.resolve(values);
  if (!arguments) throw generators::Failure(generators::FailureKind::invalid, arguments.error().sentence);
  return arguments->get<std::string>("name");
}

/// Asked again and again, it has to be the same stream, and known where it goes on.
void Endpoint::refuse_wait(const Request& request) const {
  using generators::Failure;
  using generators::FailureKind;
  if (request.websocket || request.envelope != nullptr)
    throw Failure(FailureKind::invalid,
                  "the query parameter \"wait\" is for clients that cannot read streams");
  if (!shared() && !config_.resumable)
    throw Failure(FailureKind::conflict,
                  "this stream is made for each client, and cannot go back behind an id: leave \"wait\" out");
}

Choice Endpoint::choose(const Request& request, const Target& target) const {
  const std::string* asked_for = target.find_query("format");
  if (wants_envelopes(request, target, config_.input)) return negotiation_.choose_envelope(asked_for);
  return request.websocket ? negotiation_.choose_websocket(asked_for)
                           : negotiation_.choose(request, asked_for);
}

Response Endpoint::stream(const Request& request, const Target& target, const Router::PathValues& path,
                          const Format& format, generators::SourceContext&& context) const {
  const ValuesOfRequest values(request, target, path);
  context.resume_after = last_event_id(values);
  // A browser comes back after the end of every event stream, with the id of the last event that it saw; that
  // of the end tells it from a stream that broke. Whatever the format, nothing is left behind the end.
  if (context.resume_after == sse_end_id && !request.websocket) return with_status(204);
  const auto wait = wait_of(values);
  if (wait) refuse_wait(request);
  const bool offers_gzip = gzip_ && format.compressible && !wait;
  const std::optional<Coding> coding =
      request.websocket ? Coding::identity : choose_coding(request, offers_gzip);
  if (!coding) return coding_not_acceptable(offers_gzip);
  if (!config_.input) context.input = {};
  const Prepared& prepared = prepared_for(format);
  const bool in_protocol = request.websocket && is_envelope(format) && request.envelope == nullptr;
  Response response = open(request, prepared, *coding);
  if ((format.says_position || wait) && request.method != Method::head && !shared())
    context.start = std::make_shared<generators::StartPosition>();
  if (request.method != Method::head && !shared()) context.trace = generators::Trace::make();
  std::string resume_after = context.resume_after;
  auto pull = begin(values, target, path, std::move(context));
  if (!pull) return problem(400, pull.error().sentence);
  if (request.method == Method::head) return response;  // the generator goes without having run
  pull->encoder = in_protocol                   ? make_envelope_encoder({})
                  : request.envelope != nullptr ? make_envelope_encoder(*request.envelope)
                                                : format.make(format_options_);
  pull->resume_after = std::move(resume_after);
  pull->in_protocol = in_protocol;
  pull->options = request.websocket ? &prepared.over_websocket : &prepared.over_http;
  pull->coding = *coding;
  pull->wait = wait;
  if (request.websocket && !in_protocol && config_.publish && !refuse_publishing(request)) {
    pull->publication =
        std::make_unique<const Publication>(publication(request, values, PublishedAs::json_or_text));
  }
  response.body = *std::move(pull);
  return response;
}

Pull Endpoint::begin(const Target& target, const Router::PathValues& path,
                     generators::SourceContext&& context) const {
  const Request nobodys;
  auto pull = begin(ValuesOfRequest(nobodys, target, path), target, path, std::move(context));
  if (!pull) throw generators::Failure(generators::FailureKind::invalid, pull.error().sentence);
  pull->options = &prepared_.front().over_http;
  return *std::move(pull);
}

config::Resolved<Pull> Endpoint::begin(const config::RequestValues& values, const Target& target,
                                       const Router::PathValues& path,
                                       generators::SourceContext&& context) const {
  QueryOperators::Asked asked = query_operators_.of(values);
  if (!asked.forgets_positions.empty()) {
    if (!context.resume_after.empty()) {
      throw generators::Failure(generators::FailureKind::conflict,
                                "the query parameter " + config::in_quotes(asked.forgets_positions) +
                                    ": it counts the items, and cannot go on behind one; ask without an id");
    }
    context.start.reset();
  }
  auto pull = begin_plain(values, target, path, std::move(context));
  if (!pull || !asked.apply) return pull;
  if (pull->subscription) {
    pull->operators = std::move(asked.apply);
  } else {
    pull->generator = asked.apply(std::move(pull->generator));
  }
  return pull;
}

config::Resolved<Pull> Endpoint::begin_plain(const config::RequestValues& values, const Target& target,
                                             const Router::PathValues& path,
                                             generators::SourceContext&& context) const {
  Pull pull;
  if (config_.is_plain_topic()) {
    pull.subscription = std::make_unique<Subscription>(
        Subscription{.topic = topic_name(values), .begin = begin_of(values, config_.share->since, false)});
    return pull;
  }
  if (sharing_) {
    pull.subscription = std::make_unique<Subscription>(subscription(values, target, path));
    return pull;
  }
  refuse_since(values);
  pull.trace = context.trace;
  const bool fails_on_gap = on_gap_of(values) == generators::OnGap::fail;
  pull.start = context.start;
  auto generator = start(values, std::move(context));
  if (!generator) return generator.error();
  pull.generator = fails_on_gap ? fail_on_gap(*std::move(generator)) : *std::move(generator);
  return pull;
}

config::Resolved<generators::AsyncGenerator<generators::Item>> Endpoint::start(
    const config::RequestValues& values, generators::SourceContext context) const {
  context.endpoint = config_.pattern.text;
  return factory_(values, std::move(context));
}

/// The generator may be made on another thread, and later: whatever is wrong with the values, too, is for all
/// who wait for it.
Subscription Endpoint::subscription(const config::RequestValues& values, const Target& target,
                                    const Router::PathValues& path) const {
  auto kept = std::make_shared<const KeptValues>(config_.source.empty() ? KeptValues(target, path)
                                                                        : KeptValues(references_, values));
  std::string key = kept->key();
  return {.sharing = &*sharing_,
          .key = std::move(key),
          .make =
              [this, kept = std::move(kept)](generators::SourceContext context) {
                auto generator = start(*kept, std::move(context));
                if (!generator)
                  throw generators::Failure(generators::FailureKind::invalid, generator.error().sentence);
                return *std::move(generator);
              },
          .begin = begin_of(values, config_.share->since, config_.resumable)};
}

std::optional<Subscription> Endpoint::start_at_once() const {
  if (!sharing_ || sharing_->options.start != generators::SharedStart::at_once) return std::nullopt;
  return subscription(config::NoRequestValues{}, Target{}, {});
}

const Endpoint::Prepared& Endpoint::prepared_for(const Format& format) const noexcept {
  return prepared_[static_cast<std::size_t>(&format - formats_.data())];
}

Response Endpoint::open(const Request& request, const Prepared& prepared, Coding coding) {
  Response response = with_status(request.websocket ? 101 : 200);
  if (!request.websocket)
    response.shared_fields = coding == Coding::gzip ? &prepared.gzip_fields : &prepared.fields;
  return response;
}

}  // namespace coyield::handlers
