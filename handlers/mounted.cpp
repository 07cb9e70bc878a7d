#include <coyield/handlers/mounted.hpp>

namespace coyield::handlers {

bool is_mounted(std::string_view target) noexcept {
  return target.starts_with(serve_prefix) && target.substr(serve_prefix.size()).starts_with('/');
}

Response Mounted::handle(const Request& request, generators::SourceContext&& context) const {
  if (!is_mounted(request.target)) return problem(404, "this is not under " + std::string(serve_prefix));
  Request inner = request;
  inner.target.remove_prefix(serve_prefix.size());
  return handler_.handle(inner, std::move(context));
}

}  // namespace coyield::handlers
