#pragma once

#include <coyield/config/configuration.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/handlers/access.hpp>
#include <coyield/handlers/content_coding.hpp>
#include <coyield/handlers/formats/format.hpp>
#include <coyield/handlers/negotiation.hpp>
#include <coyield/handlers/query_operators.hpp>
#include <coyield/handlers/request.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/handlers/router.hpp>
#include <coyield/handlers/sharing.hpp>
#include <coyield/handlers/target.hpp>
#include <functional>
#include <vector>

namespace coyield::handlers {

/// Makes the stream of one request, or says which of its values is wrong. Called from all threads of the
/// server.
using StreamFactory = std::function<config::Resolved<generators::AsyncGenerator<generators::Item>>(
    const config::RequestValues& values, generators::SourceContext context)>;

/// The fields of a live stream's response.
Fields stream_fields(const Format& format, Coding coding, std::string_view vary);

/// One route: checks who asks and what for, and answers with a stream that nobody has pulled yet.
class Endpoint {
 public:
  /// What the endpoint's configuration leaves open, the server's says. `tokens` are those of all endpoints.
  /// It and `formats` must outlive this. `number` is how many endpoints there were before it.
  Endpoint(config::EndpointConfig config, const config::ServerConfig& server,
           const std::vector<Format>& formats, const Tokens& tokens, StreamFactory factory,
           std::size_t number);

  const config::RoutePattern& pattern() const noexcept { return config_.pattern; }
  const config::EndpointConfig& config() const noexcept { return config_; }
  /// A subscription that no request has asked for, where the generator is to start at once.
  std::optional<Subscription> start_at_once() const;

  /// The stream alone, without an encoder, for whoever reads it within the process: with the values of the
  /// path and the query. Throws a Failure(invalid) where one of them is wrong, and what the factory throws.
  Pull begin(const Target& target, const Router::PathValues& path, generators::SourceContext&& context) const;

  /// A `Failure` of the factory becomes its problem document.
  Response handle(const Request& request, const Target& target, const Router::PathValues& path,
                  generators::SourceContext&& context) const;

 private:
  /// What all streams in one format share.
  struct Prepared {
    Fields fields;
    Fields gzip_fields;
    StreamOptions over_http;
    StreamOptions over_websocket;  // where a sign of life is a ping, whatever the format
  };

  Response answer(const Request& request, const Target& target, const Router::PathValues& path,
                  generators::SourceContext&& context) const;
  Response dispatch(const Request& request, const Target& target, const Router::PathValues& path,
                    generators::SourceContext&& context) const;
  /// Why the request may not publish here, if so.
  std::optional<Response> refuse_publishing(const Request& request) const;
  Response publish(const Request& request, const Target& target, const Router::PathValues& path) const;
  Publication publication(const Request& request, const config::RequestValues& values, PublishedAs as) const;
  Response method_not_allowed(const Request& request) const;
  std::string_view methods() const noexcept;
  /// Whether its clients subscribe to what others read as well.
  bool shared() const noexcept { return sharing_ || config_.is_plain_topic(); }
  std::string topic_name(const config::RequestValues& values) const;
  void refuse_wait(const Request& request) const;
  Choice choose(const Request& request, const Target& target) const;
  Response stream(const Request& request, const Target& target, const Router::PathValues& path,
                  const Format& format, generators::SourceContext&& context) const;
  /// How the stream is had: a generator of its own, or a subscription to one for all. Or which value of the
  /// request is wrong.
  config::Resolved<Pull> begin(const config::RequestValues& values, const Target& target,
                               const Router::PathValues& path, generators::SourceContext&& context) const;
  config::Resolved<generators::AsyncGenerator<generators::Item>> start(
      const config::RequestValues& values, generators::SourceContext context) const;
  /// How the stream is had before the client's own operators.
  config::Resolved<Pull> begin_plain(const config::RequestValues& values, const Target& target,
                                     const Router::PathValues& path,
                                     generators::SourceContext&& context) const;
  Subscription subscription(const config::RequestValues& values, const Target& target,
                            const Router::PathValues& path) const;
  static Response open(const Request& request, const Prepared& prepared, Coding coding);
  const Prepared& prepared_for(const Format& format) const noexcept;

  config::EndpointConfig config_;
  config::Cors cors_;
  const std::vector<Format>& formats_;
  const Tokens& tokens_;
  StreamFactory factory_;
  Negotiation negotiation_;
  FormatOptions format_options_;
  bool gzip_;  // for clients that ask for it
  std::uint64_t max_published_;
  std::optional<Sharing> sharing_;
  QueryOperators query_operators_;
  std::vector<config::Reference> references_;  // the values of a request that its source and operators take
  std::vector<Prepared> prepared_;             // in the order of the formats
};

}  // namespace coyield::handlers
