#pragma once

#include <coyield/config/configuration.hpp>
#include <coyield/handlers/handler.hpp>
#include <coyield/handlers/monitor.hpp>
#include <coyield/handlers/target.hpp>

namespace coyield::handlers {

/// What is answered at the admin address.
///
///     GET    /healthz      200, or 503 when a thread of the server is stuck
///     GET    /readyz       200, or 503 while it drains (`/.coyield/health` is the same)
///     GET    /metrics      figures, for Prometheus
///     GET    /streams      all that run, as a JSON array; /streams/ID is one of them
///     DELETE /streams/ID   stops one: 204, or 404 where there is none
///
/// All but the first two ask for a token where `admin.access` has some. A page of another origin may stop
/// nothing.
class Admin final : public Handler {
 public:
  using Hosts = std::optional<std::vector<std::string>>;

  /// `hosts` are the names that the server answers to, as its configuration says. `monitor` outlives it.
  Admin(config::Admin config, Hosts hosts, Monitor& monitor)
      : config_(std::move(config)), hosts_(std::move(hosts)), monitor_(monitor) {}

  /// Never throws but for want of memory.
  Response handle(const Request& request, generators::SourceContext&& context) const override;

 private:
  Response route(const Request& request, const Target& target) const;
  Response healthz() const;
  Response readyz() const;
  Response metrics() const;
  Response streams() const;
  Response stream(const Request& request, const std::string& id) const;

  config::Admin config_;
  Hosts hosts_;
  Monitor& monitor_;
};

}  // namespace coyield::handlers
