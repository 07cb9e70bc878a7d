#pragma once

#include <coyield/config/component.hpp>
#include <coyield/generators/buffer.hpp>
#include <coyield/generators/json_finder.hpp>
#include <coyield/generators/operators/number_totals.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace coyield::generators {

/// How items leave a window: all together, or the oldest one by one.
enum class Leave : unsigned char { together, one_by_one };

/// Figures over the items that are in a window: what `window` gives.
///
///     auto figures = WindowFigures::compile(R"({ "n": "count", "warm": { "mean": "/temp" } })"_json,
///                                           Leave::together);
///     if (!figures) ...                      // a Mistake, which says what to write instead
///     figures->add(item);
///     figures->write(out);                   // {"n":1,"warm":21.5}
///
/// What they are is described at the operator (`coyield list operators window`). Where items leave together
/// and no percentile is asked for, nothing is kept of them but the figures. An item costs a few instructions
/// for each figure, however many there are; a percentile looks at all when it is written. For one thread at a
/// time.
class WindowFigures {
 public:
  /// The mistake is the first of `check`.
  static config::Checked<WindowFigures> compile(const nlohmann::json& written, Leave leave);
  /// All mistakes in it, as those of this parameter; none if it compiles.
  static config::ParameterMistakes check(const nlohmann::json& written, const std::string& parameter);

  /// Whether something of each item is kept, so that their number needs a bound.
  bool keeps_items() const noexcept;
  std::uint64_t items() const noexcept { return end_ - begin_; }
  /// How long the texts are that are kept for `first`, without the last one.
  std::size_t text_bytes() const noexcept;

  /// Throws Failure(internal) for an item whose JSON is none, where that is noticed.
  void add(const Item& item);
  /// Only where they leave one by one; there must be one.
  void drop_oldest();
  void clear();
  /// Appends them as a JSON object.
  void write(Buffer& out);

 private:
  enum class Function : unsigned char { count, sum, mean, min, max, p50, p90, p95, p99, first, last };
  struct Named;

  /// What is known of one place in the items. Items have numbers, in the order in which they came.
  class Place {
   public:
    /// Something of each item has to be kept for it.
    bool keeps_items() const noexcept { return percentiles_; }
    void needs(Function function) noexcept;
    void add(std::uint64_t item, const JsonValue& value, PayloadKind kind, Leave leave);
    void drop(std::uint64_t item);
    void clear();
    std::size_t text_bytes() const noexcept;
    void write(Buffer& out, Function function) const;

   private:
    struct Text {
      std::uint64_t item;
      std::string json;
    };
    void add_number(std::uint64_t item, const JsonNumber& number, Leave leave);
    NumberTotals totals() const { return kept_.numbers().empty() ? totals_ : kept_.totals(); }
    static void append_text(Buffer& out, const Text* text);
    void write_percentile(Buffer& out, unsigned percent) const;

    bool counted_ = false;
    bool numbers_ = false;
    bool percentiles_ = false;
    bool first_ = false;
    bool last_ = false;

    std::uint64_t count_ = 0;             // of the items that have the place
    NumberTotals totals_;                 // of numbers that are not kept
    NumberQueue kept_;                    // numbers that may leave, or that percentiles look for
    std::deque<std::uint64_t> having_;    // where they leave one by one: the items that have the place
    std::deque<std::uint64_t> numbered_;  // the same: those that have a number there
    std::deque<Text> firsts_;             // the first; where they leave one by one, all that may become it
    std::size_t text_bytes_ = 0;          // of those
    std::optional<Text> newest_;
    Buffer json_;
  };
  struct Figure {
    std::string name_as_json;
    Function function;
    std::size_t place;
  };
  class Reader;

  static constexpr std::size_t no_place = SIZE_MAX;  // a count of all items

  Leave leave_ = Leave::together;
  JsonFinder finder_;
  std::vector<Figure> figures_;
  std::vector<Place> places_;  // by what the finder finds
  std::vector<JsonValue> found_;
  std::uint64_t begin_ = 0;  // the oldest item in the window
  std::uint64_t end_ = 0;
};

}  // namespace coyield::generators
