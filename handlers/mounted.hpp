#pragma once

#include <coyield/handlers/handler.hpp>
#include <string_view>

namespace coyield::handlers {

/// Under this, the admin address has all that the server serves: `/.coyield/serve/count/5` is `/count/5`. No
/// endpoint can be in the way of what the address has of its own, and a page from there reads endpoints
/// without being one of another origin.
inline constexpr std::string_view serve_prefix = "/.coyield/serve";

/// Whether the target of a request is under the prefix: a path, with `/` behind it.
bool is_mounted(std::string_view target) noexcept;

/// What another handler answers, under the prefix. `handler` must outlive it.
class Mounted final : public Handler {
 public:
  explicit Mounted(const Handler& handler) noexcept : handler_(handler) {}

  /// The target must be under the prefix; else the answer is a 404.
  Response handle(const Request& request, generators::SourceContext&& context) const override;

 private:
  const Handler& handler_;
};

}  // namespace coyield::handlers
