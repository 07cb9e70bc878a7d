#include <coyield/generators/sources/nested.hpp>

#include <coyield/config/streams.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/operators/as_json.hpp>
#include <coyield/generators/pipeline.hpp>
#include <nlohmann/json.hpp>
#include <set>

namespace coyield::generators {

namespace {

using config::ParameterType;
using Pointer = nlohmann::json::json_pointer;

/// What the stream behind says of a gap, without an id that nobody can ask for.
std::string number_of_gap(std::string_view gap) {
  auto said = nlohmann::json::parse(gap, nullptr, false);
  if (!said.is_object()) return "{}";
  said.erase("from");
  return said.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

config::ParameterMistakes check_names(const config::Arguments& arguments, std::size_t streams) {
  if (!arguments.component().find("names")) return {};
  const auto* names = arguments.find<std::vector<std::string>>("names");
  if (names == nullptr) return {};
  if (names->size() != streams) {
    return {{"names",
             {std::to_string(names->size()) + " names for " + std::to_string(streams) + " streams",
              "give each one name"}}};
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < names->size(); ++i) {
    if (seen.insert((*names)[i]).second) continue;
    return {{"names",
             {config::in_quotes((*names)[i]) + " stands twice", "give each stream a name of its own"},
             Pointer("/" + std::to_string(i))}};
  }
  return {};
}

}  // namespace

config::Parameter streams_parameter() {
  return {
      .name = "streams",
      .type = ParameterType::streams,
      .summary =
          "The sources, in order, each alone or with operators: { \"source\": ..., \"pipeline\": [...] }.",
      .required = true};
}

config::Parameter names_parameter() {
  return {.name = "names",
          .type = ParameterType::list,
          .summary = "The name of each stream's item in an object; without it, items are lists.",
          .request_values = false};
}

config::ParameterMistakes check_streams(const config::Arguments& arguments) {
  const config::Streams& streams = arguments.get<config::Streams>("streams");
  for (std::size_t i = 0; i < streams->size(); ++i) {
    const config::Arguments& source = (*streams)[i].source.value();
    if (!source.reads_input()) continue;
    return {{"streams",
             {config::in_quotes(source.component().name) +
                  " takes what clients send, which no stream within another gets",
              "make it the endpoint's own source"},
             Pointer("/" + std::to_string(i))}};
  }
  return check_names(arguments, streams->size());
}

AsyncGenerator<Item> without_ids(AsyncGenerator<Item> stream) {
  std::string gap;
  while (auto item = co_await stream.next()) {
    if (is_gap(*item)) {
      gap = number_of_gap(item->payload());
      item->set(PayloadKind::gap, gap);
    }
    item->set_id({});
    co_yield std::move(*item);
  }
}

std::vector<AsyncGenerator<Item>> start_streams(const config::Arguments& arguments,
                                                const SourceContext& context) {
  std::vector<AsyncGenerator<Item>> all;
  for (const config::StreamArguments& stream : *arguments.get<config::Streams>("streams"))
    all.push_back(without_ids(start_stream(stream, context)));
  return all;
}

Combination::Combination(const config::Arguments& arguments, std::size_t max_item) : max_item_(max_item) {
  const auto* names = arguments.find<std::vector<std::string>>("names");
  if (names == nullptr) return;
  for (const std::string& name : *names) {
    Buffer quoted;
    append_as_json(quoted, Item::text(name));
    names_.push_back(std::string(quoted.view()) + ":");
  }
}

void Combination::begin() {
  text_.clear();
  count_ = 0;
}

void Combination::add(const Item& item) {
  text_.append(count_ != 0 ? "," : names_.empty() ? "[" : "{");
  if (!names_.empty()) text_.append(names_[count_]);
  ++count_;
  append_as_json(text_, item);
}

Item Combination::end() {
  text_.append(names_.empty() ? "]" : "}");
  if (text_.size() > max_item_) {
    throw Failure(FailureKind::internal, "several items together are longer than an item may be, " +
                                             std::to_string(max_item_) + " bytes");
  }
  return Item::json(text_.view());
}

}  // namespace coyield::generators
