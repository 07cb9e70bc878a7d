#include <coyield/generators/operators/window_figures.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <coyield/config/problem.hpp>
#include <coyield/generators/json_text.hpp>
#include <coyield/generators/operators/as_json.hpp>
#include <nlohmann/json.hpp>
#include <span>

namespace coyield::generators {

namespace {

using config::Checked;
using config::in_quotes;
using config::Mistake;
using Json = nlohmann::json;

Mistake no_figures() {
  return {"there is nothing to tell of a window",
          R"(write names and figures: { "items": "count", "warmth": { "mean": "/temp" } })"};
}

Mistake no_names(const std::string& text) {
  return {in_quotes(text) + " has no name", "write { " + in_quotes(text) + ": " + in_quotes(text) + " }"};
}

Mistake without_place(const std::string& function) {
  return {in_quotes(function) + " is said of a place in the items",
          "write { " + in_quotes(function) + ": \"/name\" }"};
}

Mistake no_figure(const Json& value) {
  return {value.dump(-1, ' ', true, Json::error_handler_t::replace) + " is no figure",
          R"(write "count", or one function and a place: { "mean": "/temp" })"};
}

void append_exactly(Buffer& out, const JsonNumber& number) {
  number.visit([&out](auto value) {
    if constexpr (std::integral<decltype(value)>) {
      append_integer(out, value);
    } else {
      append_number(out, value);
    }
  });
}

void append_sum(Buffer& out, const NumberTotals& totals) {
  const WholeSum sum = totals.wholes;
  if (totals.all_whole && sum >= INT64_MIN && sum <= INT64_MAX) {
    append_integer(out, static_cast<std::int64_t>(sum));
  } else if (totals.all_whole && sum > 0 && sum <= WholeSum{UINT64_MAX}) {
    append_integer(out, static_cast<std::uint64_t>(sum));
  } else {
    append_number(out, totals.sum());
  }
}

}  // namespace

struct WindowFigures::Named {
  std::string_view name;
  Function function;
  unsigned percent = 0;  ///< of a percentile

  static std::span<const Named> all() {
    static constexpr auto every = std::to_array<Named>({{"count", Function::count},
                                                        {"sum", Function::sum},
                                                        {"mean", Function::mean},
                                                        {"min", Function::min},
                                                        {"max", Function::max},
                                                        {"p50", Function::p50, 50},
                                                        {"p90", Function::p90, 90},
                                                        {"p95", Function::p95, 95},
                                                        {"p99", Function::p99, 99},
                                                        {"first", Function::first},
                                                        {"last", Function::last}});
    return every;
  }
  static const Named* find(std::string_view name) {
    const auto found = std::ranges::find(all(), name, &Named::name);
    return found == all().end() ? nullptr : &*found;
  }
  static std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const Named& each : all()) names.emplace_back(each.name);
    return names;
  }
  static unsigned percent_of(Function function) noexcept {
    return std::ranges::find(all(), function, &Named::function)->percent;
  }
};

/// Makes figures of what is written, and notes the mistakes with their places.
class WindowFigures::Reader {
 public:
  explicit Reader(WindowFigures& figures, std::string parameter = {})
      : figures_(figures), parameter_(std::move(parameter)) {}

  config::ParameterMistakes read(const Json& written) {
    const auto* text = written.get_ptr<const std::string*>();
    if (text != nullptr && Named::find(*text) != nullptr) {
      wrong(Path(), no_names(*text));
    } else if (!written.is_object() || written.empty()) {
      wrong(Path(), no_figures());
    } else {
      for (const auto& [name, value] : written.items()) read_figure(name, value);
    }
    return std::move(mistakes_);
  }

 private:
  using Path = Json::json_pointer;

  void wrong(Path path, Mistake mistake) {
    mistakes_.push_back({parameter_, std::move(mistake), std::move(path)});
  }

  void read_figure(const std::string& name, const Json& value) {
    const Path path = Path() / name;
    if (const auto* text = value.get_ptr<const std::string*>()) {
      const Named* named = function_called(*text, path);
      if (named == nullptr) return;
      if (named->function != Function::count) return wrong(path, without_place(*text));
      figures_.figures_.push_back({json_member_start(name), Function::count, no_place});
    } else if (value.is_object() && value.size() == 1) {
      read_function(name, path, value.begin().key(), value.begin().value());
    } else {
      wrong(path, no_figure(value));
    }
  }

  /// `{ "mean": "/temp" }`
  void read_function(const std::string& name, const Path& path, const std::string& function,
                     const Json& place) {
    const Named* named = function_called(function, path / function);
    if (named == nullptr) return;
    const auto* text = place.get_ptr<const std::string*>();
    if (text == nullptr) return wrong(path / function, without_place(function));
    const auto pointer = parse_pointer(*text);
    if (!pointer) return wrong(path / function, pointer.error());
    const std::size_t at = figures_.finder_.add(*pointer);
    if (at == figures_.places_.size()) figures_.places_.emplace_back();
    figures_.places_[at].needs(named->function);
    figures_.figures_.push_back({json_member_start(name), named->function, at});
  }

  const Named* function_called(const std::string& text, const Path& path) {
    const Named* named = Named::find(text);
    if (named == nullptr)
      wrong(path, {in_quotes(text) + " is no function", config::advise(text, Named::names())});
    return named;
  }

  WindowFigures& figures_;
  std::string parameter_;
  config::ParameterMistakes mistakes_;
};

Checked<WindowFigures> WindowFigures::compile(const Json& written, Leave leave) {
  WindowFigures figures;
  figures.leave_ = leave;
  if (const auto mistakes = Reader(figures).read(written); !mistakes.empty())
    return config::with_place(mistakes.front());
  figures.found_.resize(figures.finder_.size());
  return figures;
}

config::ParameterMistakes WindowFigures::check(const Json& written, const std::string& parameter) {
  WindowFigures figures;
  return Reader(figures, parameter).read(written);
}

bool WindowFigures::keeps_items() const noexcept {
  return leave_ == Leave::one_by_one || std::ranges::any_of(places_, &Place::keeps_items);
}

std::size_t WindowFigures::text_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const Place& place : places_) bytes += place.text_bytes();
  return bytes;
}

void WindowFigures::add(const Item& item) {
  if (!places_.empty()) finder_.find(item, found_);
  for (std::size_t at = 0; at < places_.size(); ++at) places_[at].add(end_, found_[at], item.kind(), leave_);
  ++end_;
}

void WindowFigures::drop_oldest() {
  for (Place& place : places_) place.drop(begin_);
  ++begin_;
}

void WindowFigures::clear() {
  for (Place& place : places_) place.clear();
  begin_ = end_;
}

void WindowFigures::write(Buffer& out) {
  char before = '{';
  for (const Figure& figure : figures_) {
    out.push_back(std::exchange(before, ','));
    out.append(figure.name_as_json);
    if (figure.place == no_place) {
      append_integer(out, items());
    } else {
      places_[figure.place].write(out, figure.function);
    }
  }
  out.push_back('}');
}

void WindowFigures::Place::needs(Function function) noexcept {
  counted_ |= function == Function::count;
  first_ |= function == Function::first;
  last_ |= function == Function::last;
  percentiles_ |= Named::percent_of(function) != 0;
  numbers_ |= function != Function::count && function != Function::first && function != Function::last;
}

void WindowFigures::Place::add(std::uint64_t item, const JsonValue& value, PayloadKind kind, Leave leave) {
  if (value.kind() == JsonValue::Kind::missing) return;
  if (counted_) {
    ++count_;
    if (leave == Leave::one_by_one) having_.push_back(item);
  }
  if (numbers_ && value.kind() == JsonValue::Kind::number) add_number(item, value.number(), leave);
  const bool may_be_first = first_ && (leave == Leave::one_by_one || firsts_.empty());
  if (!may_be_first && !last_) return;
  json_.clear();
  append_as_json(json_, value, kind);
  if (may_be_first) {
    firsts_.push_back({item, std::string(json_.view())});
    text_bytes_ += json_.size();
  }
  if (last_) {
    if (!newest_) newest_.emplace();
    newest_->item = item;
    newest_->json = json_.view();
  }
}

void WindowFigures::Place::add_number(std::uint64_t item, const JsonNumber& number, Leave leave) {
  if (leave == Leave::one_by_one) numbered_.push_back(item);
  if (leave == Leave::one_by_one || percentiles_) {
    kept_.push(number);
  } else {
    totals_.add(NumberTotals(number));
  }
}

void WindowFigures::Place::drop(std::uint64_t item) {
  if (!having_.empty() && having_.front() == item) {
    having_.pop_front();
    --count_;
  }
  if (!numbered_.empty() && numbered_.front() == item) {
    numbered_.pop_front();
    kept_.pop();
  }
  if (!firsts_.empty() && firsts_.front().item == item) {
    text_bytes_ -= firsts_.front().json.size();
    firsts_.pop_front();
  }
  // Of those behind it none has the place.
  if (newest_ && newest_->item == item) newest_.reset();
}

void WindowFigures::Place::clear() {
  count_ = 0;
  totals_ = NumberTotals();
  kept_.clear();
  having_.clear();
  numbered_.clear();
  firsts_.clear();
  text_bytes_ = 0;
  newest_.reset();
}

std::size_t WindowFigures::Place::text_bytes() const noexcept {
  return firsts_.empty() ? 0 : text_bytes_ - firsts_.back().json.size();
}

void WindowFigures::Place::write(Buffer& out, Function function) const {
  if (function == Function::count) return append_integer(out, count_);
  if (function == Function::first) return append_text(out, firsts_.empty() ? nullptr : &firsts_.front());
  if (function == Function::last) return append_text(out, newest_ ? &*newest_ : nullptr);
  const NumberTotals all = totals();
  if (all.count == 0) return out.append("null");
  switch (function) {
    case Function::sum:
      return append_sum(out, all);
    case Function::mean:
      return append_number(out, all.sum() / static_cast<double>(all.count));
    case Function::min:
      return append_exactly(out, all.least);
    case Function::max:
      return append_exactly(out, all.greatest);
    default:
      return write_percentile(out, Named::percent_of(function));
  }
}

void WindowFigures::Place::append_text(Buffer& out, const Text* text) {
  out.append(text == nullptr ? std::string_view("null") : text->json);
}

/// Nearest rank: the least number that at least so many percent of them are not above.
void WindowFigures::Place::write_percentile(Buffer& out, unsigned percent) const {
  std::vector<JsonNumber> numbers(kept_.numbers().begin(), kept_.numbers().end());
  const std::size_t rank = (numbers.size() * percent + 99) / 100;
  const auto nearest = numbers.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::ranges::nth_element(numbers, nearest, [](const auto& a, const auto& b) { return a < b; });
  append_exactly(out, *nearest);
}

}  // namespace coyield::generators
