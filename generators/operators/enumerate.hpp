#pragma once

#include <coyield/generators/operators/compose.hpp>

namespace coyield::generators {

/// An item and its place in the stream. `auto& [index, item] = *numbered;`
template <class T>
struct Indexed {
  Indexed(std::uint64_t at, T&& from) : index(at), item(std::forward<T>(from)) {}
  std::uint64_t index;
  T item;
};

template <class In>
class EnumerateStageOf : public detail::StageDefaults {
 public:
  using Output = Indexed<In>;

  explicit EnumerateStageOf(std::uint64_t from) noexcept : next_(from) {}
  Output* step(std::remove_reference_t<In>& item, bool&) {
    return made_.fill([&] { return Output(next_++, static_cast<In&&>(item)); });
  }
  void clear() noexcept { made_.clear(); }

 private:
  std::uint64_t next_;
  detail::Slot<Output> made_;
};
template <class In, class>
using EnumerateStage = EnumerateStageOf<In>;

/// Numbers the items: gives `Indexed<T>{index, item}`, the first with index `from`.
///
/// Ends when the upstream ends. The item is moved into the pair (of an `AsyncGenerator<T&>` it stays a
/// reference); a borrowed one stays borrowed. Owns the upstream. Destroying it cancels the upstream. Throws
/// what the upstream throws. A stage: fused with its neighbours.
///
///     auto numbered = lines() | enumerate(1);
inline auto enumerate(std::uint64_t from = 0) { return Stage<EnumerateStage, std::uint64_t>(from); }
template <class T>
auto enumerate(AsyncGenerator<T> upstream, std::uint64_t from = 0) {
  return std::move(upstream) | enumerate(from);
}

}  // namespace coyield::generators
