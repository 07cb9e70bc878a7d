#pragma once

#include <coyield/handlers/request.hpp>
#include <coyield/server/http/request_parser.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coyield::server {

/// The fields of a request, for what its client asks for by the same connection later on: who it is, and
/// where it comes from. Those that were about the connection, or about that one response, are left out.
class KeptHead {
 public:
  KeptHead() = default;
  explicit KeptHead(const RequestHead& head);

  /// Valid as long as this and `last_event_id`, which is one of them unless it is empty.
  std::vector<handlers::Field> fields(std::string_view last_event_id) const;
  /// In bytes, about.
  std::size_t size() const noexcept { return size_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
  std::size_t size_ = 0;
};

}  // namespace coyield::server
