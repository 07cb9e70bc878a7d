#pragma once

#include <concepts>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/json_text.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace coyield::generators {

namespace detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
concept Tree = std::same_as<T, nlohmann::json> || std::same_as<T, nlohmann::ordered_json>;
template <class T>
concept TextLike = !Tree<T> && std::convertible_to<const T&, std::string_view>;
template <class T>
concept BytesLike = !Tree<T> && std::convertible_to<const T&, std::span<const std::byte>>;
/// By `to_json`, `NLOHMANN_DEFINE_TYPE_...`, or as a container of such.
template <class T>
concept MadeIntoTree = requires(nlohmann::json& tree, const T& value) { nlohmann::json(value); };

template <class Number>
void write_number(const void* value, Buffer& out) {
  Number number;
  std::memcpy(&number, value, sizeof number);
  if constexpr (std::same_as<Number, bool>) {
    out.append(number ? "true" : "false");
  } else if constexpr (std::integral<Number>) {
    append_integer(out, number);
  } else {
    append_number(out, number);
  }
}

/// Makes items of values. What an item borrows stands in the value, or here until the next one is made.
class ItemMaker {
 public:
  template <class T>
  void set(Item& item, const T& value) {
    if constexpr (std::same_as<T, Item>) {
      set_item(item, value);
    } else if constexpr (std::same_as<T, long double>) {
      item.set_value(static_cast<double>(value), &write_number<double>);
    } else if constexpr (std::integral<T> || std::floating_point<T>) {
      item.set_value(value, &write_number<T>);
    } else if constexpr (is_optional<T>) {
      value ? set(item, *value) : item.set(PayloadKind::json, "null");
    } else if constexpr (std::is_pointer_v<T> && TextLike<T>) {
      value ? item.set(PayloadKind::text, value) : item.set(PayloadKind::json, "null");
    } else if constexpr (TextLike<T>) {
      item.set(PayloadKind::text, std::string_view(value));
    } else if constexpr (BytesLike<T>) {
      const std::span<const std::byte> bytes(value);
      item.set(PayloadKind::bytes, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    } else if constexpr (Tree<T>) {
      set_tree(item, value);
    } else {
      static_assert(MadeIntoTree<T>,
                    "no JSON can be made of this type: give it a to_json, or name its members with "
                    "NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE");
      set_tree(item, nlohmann::json(value));
    }
  }

 private:
  static void set_item(Item& item, const Item& value) {
    if (value.is_value()) {
      item = value.own();
      return;
    }
    item.set(value.kind(), value.payload());
    item.set_id_of(value);
    item.set_event(value.event());
  }
  template <class SomeTree>
  void set_tree(Item& item, const SomeTree& tree) {
    // It would come out as `<discarded>`, which is no JSON.
    if (tree.is_discarded()) throw std::invalid_argument("yielded JSON that could not be parsed");
    text_ = tree.dump(-1, ' ', false, SomeTree::error_handler_t::replace);
    item.set(PayloadKind::json, text_);
  }

  std::string text_;
};

}  // namespace detail

/// Makes a stream of items of any generator, for serving it.
///
/// Integers, `bool` and floating point stay values in the item. `std::string`, `std::string_view` and
/// `const char*` are text, `std::byte` in a row are bytes: both are borrowed where the generator has them.
/// All else is what nlohmann makes JSON of: `nlohmann::json`, containers, types with a `to_json`; text in it
/// that is not UTF-8 is replaced. An empty `std::optional` and a null `const char*` are `null`. The generator
/// may yield references.
///
/// Ends when `values` does; throws what it throws, and what a `to_json` throws. Owns `values`; destroying the
/// result destroys it.
///
///     AsyncGenerator<Item> stream = items(counter(5));
template <class T>
AsyncGenerator<Item> items(AsyncGenerator<T> values) {
  detail::ItemMaker maker;
  while (auto value = co_await values.next()) {
    Item item;
    maker.set(item, std::as_const(*value));
    co_yield std::move(item);
  }
}

inline AsyncGenerator<Item> items(AsyncGenerator<Item> values) { return values; }

}  // namespace coyield::generators
