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
  struct Place {
    std::string_view path;  ///< without the first `/`
    Response (Admin::*answer)() const;
    bool open = false;  ///< to anybody
  };

  static const Place* find(std::string_view path);
  static std::optional<Response> console(const Request& request, std::string_view path);
  Response route(const Request& request, const Target& target) const;
  Response hand_over() const;
  Response healthz() const;
  Response readyz() const;
  Response metrics() const;
  Response streams() const;
  Response shares() const;
  Response errors() const;
  Response endpoints() const;
  Response figures() const;
  Response stream(const Request& request, const std::string& id) const;
  Response stop_share(const Request& request, const std::string& id) const;

  config::Admin config_;
  Hosts hosts_;
  const Application& application_;
  Monitor& monitor_;
};

}  // namespace coyield::handlers
