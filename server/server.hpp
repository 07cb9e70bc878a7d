#pragma once

#include <coyield/config/configuration.hpp>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/items.hpp>
#include <coyield/generators/topic.hpp>
#include <coyield/handlers/endpoint.hpp>
#include <coyield/handlers/params.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coyield::server {

using handlers::Params;

/// A streaming server: endpoints that are generators, at addresses.
///
///     coyield::Server server;
///     server.stream("/count/{n}", [](const coyield::Params& params) {
///       return async_counter(params.get<int>("n"));
///     });
///     return server.listen("127.0.0.1:8080").run();
///
/// Endpoints and addresses are given before `run`, from one thread; `stop` may be called from any. The
/// functions are called on the server's threads, at once from several where there are several, and outlive
/// `run`. Each client gets the generator that the function makes for it; it runs on the thread of the
/// client's connection, and is destroyed as soon as the client leaves.
class Server {
 public:
  explicit Server(config::ServerConfig config = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves at `pattern` (`/count/{n}`, `/files/{path...}`) what `function(params)` gives: an
  /// `AsyncGenerator` of items, of numbers, of strings, or of whatever nlohmann::json can be made of.
  /// `options` are those of an endpoint in the configuration; its pattern, source and pipeline play no part.
  /// Throws std::invalid_argument for a pattern that is wrong, or taken.
  template <class Function>
  Server& stream(std::string_view pattern, Function function, config::EndpointConfig options = {}) {
    return stream_items(
        pattern,
        [function = std::move(function)](const config::RequestValues& values,
                                         generators::SourceContext /*context*/)
            -> config::Resolved<generators::AsyncGenerator<generators::Item>> {
          return generators::items(function(Params(values)));
        },
        std::move(options));
  }
  /// The same for a function that takes the request's values as they are, and what the client sends.
  Server& stream_items(std::string_view pattern, handlers::StreamFactory factory,
                       config::EndpointConfig options = {});

  /// Serves topics at `pattern`: what is published there, by clients where `options.publish` says who may,
  /// and by `publish`. Each path is a topic of its own, of that name: `/rooms/{room}` has `/rooms/a` and so
  /// on. `options.share` says what is kept. Throws as `stream` does.
  Server& topic(std::string_view pattern, config::EndpointConfig options = {});

  /// Adds an address: `127.0.0.1:8080`, `[::1]:0`, `unix:/run/coyield.sock`. Without any it is
  /// 127.0.0.1:8080. Throws std::invalid_argument for what is none.
  Server& listen(std::string_view address);

  /// Opens the addresses: afterwards clients can connect, though nobody answers before `run`. Gives them,
  /// with the ports that were picked where they were 0. Throws boost::system::system_error when one cannot be
  /// had.
  std::vector<std::string> open();

  /// Serves until SIGTERM, SIGINT or `stop`, then drains: nobody new is accepted, streams are told and let
  /// go, finite ones may end within the drain time. A second signal ends that. Returns the exit code: 0, or 1
  /// when it could not begin, with the reason in the log. Once only.
  int run();

  /// Publishes to a topic, from any thread, once it is open; the items of one thread stay in order. `done`,
  /// if there is one, is called on a thread of the server with the item's id, or with why it was not taken;
  /// it must not block, nor throw. What is published while the server goes away may be lost, without a word.
  ///
  /// Where readers hold the topic back (`slow`: `block`), what is published waits in memory: whoever
  /// publishes much waits for `done` itself.
  void publish(std::string topic, generators::Item item,
               std::function<void(const generators::Published&)> done = {});

  /// Drains, as a signal does.
  void stop();

 private:
  class Running;

  config::ServerConfig config_;
  std::vector<std::pair<config::EndpointConfig, handlers::StreamFactory>> endpoints_;
  bool own_addresses_ = false;
  std::unique_ptr<Running> running_;
};

}  // namespace coyield::server
