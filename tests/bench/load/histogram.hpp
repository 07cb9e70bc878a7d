#pragma once
#include <bit>
#include <cstdint>
#include <vector>

namespace coyield::bench {

/// Counts values in buckets 1/64 of their size wide, so that a quantile is right within 2 % in a few
/// kilobytes.
class Histogram {
 public:
  void add(std::uint64_t value) {
    ++buckets_[bucket(value)];
    ++count_;
    if (value > largest_) largest_ = value;
  }
  std::uint64_t count() const { return count_; }
  std::uint64_t largest() const { return largest_; }

  /// The value below which the part `portion` (0 to 1) of all values lie; 0 where there are none.
  std::uint64_t quantile(double portion) const {
    auto left = static_cast<std::uint64_t>(portion * static_cast<double>(count_));
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      if (left < buckets_[i]) return lower_bound(i);
      left -= buckets_[i];
    }
    return largest_;
  }

 private:
  static constexpr unsigned precision = 6;

  static std::size_t bucket(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= precision + 1) return value;
    const unsigned shift = width - precision - 1;
    return (static_cast<std::size_t>(shift) << precision) + (value >> shift);
  }
  static std::uint64_t lower_bound(std::size_t bucket) {
    if (bucket < (std::size_t{2} << precision)) return bucket;
    const std::size_t shift = (bucket >> precision) - 1;
    return static_cast<std::uint64_t>(bucket - (shift << precision)) << shift;
  }

  std::vector<std::uint64_t> buckets_ = std::vector<std::uint64_t>((64 - precision + 1) << precision);
  std::uint64_t count_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace coyield::bench
