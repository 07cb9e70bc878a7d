#pragma once

#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/streams.hpp>
#include <exception>
#include <functional>

namespace coyield::generators {

/// Passes all items on, and puts what `function(exception_ptr)` returns in the place of a failure.
///
/// If it returns nothing, the stream ends there; an item becomes the last one; of a generator all items are
/// given, and what that throws passes on. `function` is called once, on the failure, and may throw it again:
/// `std::rethrow_exception`. Being cancelled is no failure, and passes. Ends when the upstream ends. Owns the
/// upstream, which is gone before `function` is called, and `function`. Destroying it cancels the upstream or
/// what took its place. An end that was a failure looks like any other: say so in the last item if that
/// matters to whoever reads it.
///
///     auto calm = readings() | on_error([](std::exception_ptr) {});
///     auto told = readings() | on_error([](std::exception_ptr why) { return Reading::broken(why); });
///     auto both = primary() | on_error([](std::exception_ptr) { return secondary(); });
template <class T, class Function>
AsyncGenerator<T> on_error(AsyncGenerator<T> upstream, Function function) {
  using Instead = std::invoke_result_t<Function&, std::exception_ptr>;
  std::exception_ptr failed;
  for (;;) {
    Next<T> item(nullptr);
    try {
      item = co_await upstream.next();
    } catch (...) {
      failed = std::current_exception();
    }
    if (!item) break;
    co_yield static_cast<T&&>(*item);
  }
  if (!failed) co_return;
  co_await check_cancelled();
  if constexpr (std::is_void_v<Instead>) {
    std::invoke(function, std::move(failed));
  } else if constexpr (detail::IsGenerator<Instead>) {
    AsyncGenerator<T> rest = std::invoke(function, std::move(failed));
    while (auto item = co_await rest.next()) co_yield static_cast<T&&>(*item);
  } else {
    co_yield std::invoke(function, std::move(failed));
  }
}

template <class Function>
auto on_error(Function function) {
  return Pipe([function = std::move(function)]<class T>(AsyncGenerator<T>&& upstream) mutable {
    return on_error(std::move(upstream), std::move(function));
  });
}

}  // namespace coyield::generators
