#include <coyield/server/http/kept_head.hpp>

#include <algorithm>
#include <array>
#include <coyield/handlers/fields.hpp>

namespace coyield::server {

namespace {

constexpr std::array<std::string_view, 7> left_out{
    "Accept", "Accept-Encoding", "Cache-Control", "Connection", "Last-Event-ID", "Pragma", "Upgrade"};

bool is_kept(std::string_view name) {
  constexpr std::string_view handshake = "Sec-WebSocket-";
  if (handlers::equal_ignoring_case(name.substr(0, handshake.size()), handshake)) return false;
  return std::none_of(left_out.begin(), left_out.end(),
                      [name](std::string_view each) { return handlers::equal_ignoring_case(name, each); });
}

}  // namespace

KeptHead::KeptHead(const RequestHead& head) {
  for (const handlers::Field& field : head.fields) {
    if (!is_kept(field.name)) continue;
    fields_.emplace_back(field.name, field.value);
    size_ += sizeof(fields_.back()) + field.name.size() + field.value.size();
  }
}

std::vector<handlers::Field> KeptHead::fields(std::string_view last_event_id) const {
  std::vector<handlers::Field> fields;
  fields.reserve(fields_.size() + 1);
  for (const auto& [name, value] : fields_) fields.push_back({name, value});
  if (!last_event_id.empty()) fields.push_back({"Last-Event-ID", last_event_id});
  return fields;
}

}  // namespace coyield::server
