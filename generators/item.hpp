#pragma once

#include <cassert>
#include <coyield/generators/buffer.hpp>
#include <coyield/generators/detail/stage.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace coyield::generators {

/// What an item's payload is; formats write each kind in their own way.
enum class PayloadKind : unsigned char {
  text,   ///< characters, meant to be UTF-8 (a format replaces what is not)
  json,   ///< one JSON text, known to be valid and without a line break outside of strings
  bytes,  ///< anything
  gap,    ///< no item: it says that some are missing in front of the next one
};

/// How a plain value that stands in an item is written as JSON text: `write(value, buffer)`.
using WriteJson = void (*)(const void* value, Buffer& out);

/// Writes the ids of a source's items when somebody asks for one, for sources whose items come faster than
/// ids could be written: see `Item::set_id`.
class IdWriter {
 public:
  /// The id of the item that was yielded last; `place` is what it was given with. Valid until the next call.
  virtual std::string_view write_id(std::uint64_t place) noexcept = 0;

 protected:
  ~IdWriter() = default;
};

/// What a stream consists of: one payload, and optionally an id and the name of an event.
///
/// The payload is text, JSON text, bytes, or a plain C++ value that is stored inline and written as JSON when
/// it leaves, without a tree and without an allocation. Text is *borrowed*: it stays where the producer has
/// it, and an item is valid until the next `next()` only. `own()` gives one that keeps itself. Moving one is
/// cheap.
///
///     Item item;
///     item.set_value(Tick{i, now}, &write_tick);
///     co_yield std::move(item);                       // nothing is copied or moved: see AsyncGenerator
///
///     co_yield Item::text(line);
class Item {
 public:
  /// The most that `set_value` takes.
  static constexpr std::size_t inline_size = 32;
  /// Bytes that may be read (not used) behind owned text, for simdjson.
  static constexpr std::size_t padding = 64;

  /// An empty text.
  Item() noexcept = default;
  Item(Item&&) noexcept = default;
  Item& operator=(Item&&) noexcept = default;

  static Item text(std::string_view borrowed) noexcept { return Item(PayloadKind::text, borrowed); }
  static Item json(std::string_view borrowed) noexcept { return Item(PayloadKind::json, borrowed); }
  static Item bytes(std::string_view borrowed) noexcept { return Item(PayloadKind::bytes, borrowed); }
  /// Items are missing here: what a source says that cannot give exactly the rest. `json` is an object with
  /// `count`, how many, and `from`, the id behind which they are missing; each where it is known. A format
  /// that cannot tell its clients cuts the stream instead.
  static Item gap(std::string_view json) noexcept { return Item(PayloadKind::gap, json); }

  void set(PayloadKind kind, std::string_view borrowed) noexcept {
    kind_ = kind;
    write_ = nullptr;
    payload_ = borrowed;
  }
  /// `write` makes one valid JSON text of it, without a line break.
  template <class Value>
  void set_value(const Value& value, WriteJson write) noexcept {
    static_assert(std::is_trivially_copyable_v<Value> && sizeof(Value) <= inline_size && alignof(Value) <= 8);
    std::memcpy(value_, &value, sizeof value);
    kind_ = PayloadKind::json;
    write_ = write;
  }

  /// A value is JSON.
  PayloadKind kind() const noexcept { return kind_; }
  bool is_value() const noexcept { return write_ != nullptr; }
  /// The text or bytes of an item that is not a value; of a gap, its JSON.
  std::string_view payload() const noexcept {
    assert(!is_value());
    return payload_;
  }
  /// Appends the payload as it is: the text, the bytes, or the JSON text that the value makes.
  void write_payload(Buffer& out) const {
    if (write_ != nullptr) {
      write_(value_, out);
    } else {
      out.append(payload_);
    }
  }

  /// Where in its stream the item stands: resuming behind it is asked for with this. Borrowed, as the
  /// payload.
  std::string_view id() const noexcept {
    return id_is_written_ ? std::string_view(id_.text, id_size_) : id_.writer->write_id(id_size_);
  }
  void set_id(std::string_view borrowed) noexcept {
    id_.text = borrowed.data();
    id_size_ = borrowed.size();
    id_is_written_ = true;
  }
  /// One that `writer` writes if `id` is called, and only then. It is borrowed too: `writer` must be there
  /// for as long as the payload.
  void set_id(IdWriter& writer, std::uint64_t place) noexcept {
    id_.writer = &writer;
    id_size_ = place;
    id_is_written_ = false;
  }
  /// The id of another item, without writing it; borrowed from where that one has it.
  void set_id_of(const Item& other) noexcept {
    id_ = other.id_;
    id_size_ = other.id_size_;
    id_is_written_ = other.id_is_written_;
  }
  /// The event's name, for formats that have one. Borrowed.
  std::string_view event() const noexcept { return event_; }
  void set_event(std::string_view borrowed) noexcept { event_ = borrowed; }

  /// One that borrows nothing. The payload of a value stays a value.
  Item own() const {
    Item kept;
    kept.kind_ = kind_;
    kept.write_ = write_;
    std::memcpy(kept.value_, value_, inline_size);
    const std::string_view payload = is_value() ? std::string_view() : payload_;
    const std::string_view id = this->id();
    const std::size_t size = payload.size() + id.size() + event_.size();
    if (size == 0) return kept;
    kept.owned_.reset(new char[size + padding]);
    char* end = kept.owned_.get();
    const auto keep = [&end](std::string_view from) {
      if (!from.empty()) std::memcpy(end, from.data(), from.size());
      return std::string_view(std::exchange(end, end + from.size()), from.size());
    };
    // The payload stands last, before the padding.
    kept.set_id(keep(id));
    kept.event_ = keep(event_);
    kept.payload_ = keep(payload);
    std::memset(end, 0, padding);
    return kept;
  }

 private:
  Item(PayloadKind kind, std::string_view payload) noexcept : kind_(kind), payload_(payload) {}

  union Id {
    const char* text;
    IdWriter* writer;
  };

  PayloadKind kind_ = PayloadKind::text;
  bool id_is_written_ = true;
  WriteJson write_ = nullptr;
  std::string_view payload_;
  Id id_ = {nullptr};
  std::uint64_t id_size_ = 0;  // or its place
  std::string_view event_;
  alignas(8) std::byte value_[inline_size];
  std::unique_ptr<char[]> owned_;
};

/// Streams of them are what is served, and looked at.
template <>
inline constexpr bool is_traced<Item> = true;

}  // namespace coyield::generators
