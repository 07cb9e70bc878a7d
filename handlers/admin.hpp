#pragma once

#include <coyield/config/configuration.hpp>
#include <coyield/handlers/application.hpp>
#include <coyield/handlers/handler.hpp>
#include <coyield/handlers/monitor.hpp>
#include <coyield/handlers/target.hpp>

namespace coyield::handlers {

/// What is answered at the admin address.
///
///     GET    /                     the console: a page that shows all of the following; its files are under
///                                  /.coyield/console/
///     GET    /healthz              200, or 503 when a thread of the server is stuck
///     GET    /readyz               200, or 503 while it drains (`/.coyield/health` is the same)
///     GET    /metrics              figures, for Prometheus
///     GET    /streams              all that run, as a JSON array; /streams/ID is one of them
///     DELETE /streams/ID           stops one: 204, or 404 where there is none
///     GET    /shares               the generators that many share, as a JSON array
///     DELETE /shares/ID            ends one for all who read it: 204, or 404. Whoever asks next starts
///     another;
///                                  one that starts at once stays over
///     GET    /errors               the last streams that failed, as a JSON array, the newest first
///     GET    /.coyield/endpoints   what is served, with what a request may bring, in JSON
///     GET    /.coyield/figures     the figures in JSON
///            /.coyield/serve/PATH  what is served at PATH: handed over to a thread that serves
///
/// The console and the two about health are for anybody, and an endpoint is for whom it says itself; the rest
/// asks for a token where `admin.access` has some. A page of another origin may stop nothing.
class Admin final : public Handler {
 public:
  using Hosts = std::optional<std::vector<std::string>>;

  /// `hosts` are the names that the server answers to, as its configuration says. `application`, which is
  /// served at the other addresses, and `monitor` outlive it.
  Admin(config::Admin config, Hosts hosts, const Application& application, Monitor& monitor)
      : config_(std::move(config)), hosts_(std::move(hosts)), application_(application), monitor_(monitor) {}

  /// Never throws but for want of memory.
  Response handle(const Request& request, generators::SourceContext&& context) const override;

 private:
  struct Asked {
    const Request& request;
    std::string id;  ///< behind the place, where it has one
  };
  struct Place {
    std::string_view path;  ///< without the first `/`; with one at its end, an id stands behind it
    Response (Admin::*answer)(const Asked&) const;
    bool open = false;  ///< to anybody
    std::string_view methods = "GET, HEAD";
  };

  static const Place* find(const Target& target);
  static std::optional<Response> console(const Request& request, const Target& target);
  Response route(const Request& request, const Target& target) const;
  Response hand_over() const;
  Response healthz(const Asked&) const;
  Response readyz(const Asked&) const;
  Response metrics(const Asked&) const;
  Response streams(const Asked&) const;
  Response stream(const Asked& asked) const;
  Response shares(const Asked&) const;
  Response stop_share(const Asked& asked) const;
  Response errors(const Asked&) const;
  Response endpoints(const Asked&) const;
  Response figures(const Asked&) const;

  config::Admin config_;
  Hosts hosts_;
  const Application& application_;
  Monitor& monitor_;
};

}  // namespace coyield::handlers
