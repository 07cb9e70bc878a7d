#pragma once

#include <concepts>
#include <coyield/generators/json_number.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace coyield::generators {

__extension__ typedef __int128 WholeSum;  // of 2^63 numbers of 64 bits

/// Sum, least and greatest of numbers. The sum of whole numbers of 64 bits is exact, and stands apart from
/// that of the others, which is rounded as doubles are.
struct NumberTotals {
  std::uint64_t count = 0;
  bool all_whole = true;
  WholeSum wholes = 0;
  double fractions = 0;
  JsonNumber least{std::int64_t{0}};  ///< where there is any
  JsonNumber greatest{std::int64_t{0}};

  NumberTotals() = default;
  explicit NumberTotals(const JsonNumber& number) noexcept : count(1), least(number), greatest(number) {
    number.visit([this](auto value) {
      if constexpr (std::integral<decltype(value)>) {
        wholes = value;
      } else {
        fractions = value;
        all_whole = false;
      }
    });
  }

  void add(const NumberTotals& other) noexcept {
    if (other.count == 0) return;
    if (count == 0 || other.least < least) least = other.least;
    if (count == 0 || greatest < other.greatest) greatest = other.greatest;
    count += other.count;
    all_whole = all_whole && other.all_whole;
    wholes += other.wholes;
    fractions += other.fractions;
  }
  double sum() const noexcept { return static_cast<double>(wholes) + fractions; }
};

/// Numbers in a row with their totals, of which the oldest leave: a few instructions for each that comes or
/// leaves, however many there are, and nothing drifts, since nothing is ever subtracted.
///
/// The row is two parts. Of the newer one only the totals are known; of the older one those from each number
/// to its end. When the older one is used up, the newer one becomes it.
class NumberQueue {
 public:
  const std::deque<JsonNumber>& numbers() const noexcept { return numbers_; }

  void push(const JsonNumber& number) {
    numbers_.push_back(number);
    newer_.add(NumberTotals(number));
  }
  /// There must be one.
  void pop() {
    if (older_.empty()) turn_over();
    older_.pop_back();
    numbers_.pop_front();
  }
  void clear() noexcept {
    numbers_.clear();
    older_.clear();
    newer_ = NumberTotals();
  }
  NumberTotals totals() const noexcept {
    NumberTotals all = older_.empty() ? NumberTotals() : older_.back();
    all.add(newer_);
    return all;
  }

 private:
  void turn_over() {
    NumberTotals to_the_end;
    for (std::size_t left = numbers_.size(); left > 0; --left) {
      NumberTotals from_here(numbers_[left - 1]);
      from_here.add(to_the_end);
      to_the_end = from_here;
      older_.push_back(from_here);
    }
    newer_ = NumberTotals();
  }

  std::deque<JsonNumber> numbers_;
  std::vector<NumberTotals> older_;  // the one from the oldest number on at the end
  NumberTotals newer_;
};

}  // namespace coyield::generators
