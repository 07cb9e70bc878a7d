#include <coyield/config/streams.hpp>
#include <coyield/config/value.hpp>

namespace coyield::config {
namespace {

using Json = nlohmann::json;

struct ToJson {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(std::chrono::nanoseconds duration) const { return format_duration(duration); }
  Json operator()(Size size) const { return format_size(size); }
  Json operator()(const Streams& streams) const {
    Json names = Json::array();
    for (const StreamArguments& stream : *streams) {
      if (stream.source) names.push_back(stream.source->component().name);
      for (const Arguments& op : stream.operators) names.push_back(op.component().name);
    }
    return names;
  }
  template <class T>
  Json operator()(const T& value) const {
    return value;
  }
};

}  // namespace

Json to_json(const Value& value) { return std::visit(ToJson{}, value.variant()); }

std::string to_string(const Value& value) {
  return value.none() ? "none" : to_json(value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace coyield::config
