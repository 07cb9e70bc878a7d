#pragma once

#include <gtest/gtest.h>

#include <coyield/handlers/formats/format.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace coyield::handlers::testing {

using generators::Buffer;
using generators::Failure;
using generators::FailureKind;
using generators::Item;

/// The format of that name, which must be listed.
inline Format format(std::string_view name) {
  for (Format& each : all_formats()) {
    if (each.name() == name) return std::move(each);
  }
  throw std::logic_error("no such format: " + std::string(name));
}

/// A stream in one format, and what has been written of it.
class Stream {
 public:
  explicit Stream(std::string_view name, const FormatOptions& options = {})
      : encoder_(format(name).make(options)) {}

  Stream& begin() { return encoder_->begin(out_), *this; }
  Stream& item(const Item& item) { return encoder_->item(item, out_), *this; }
  Stream& end() { return encoder_->end(out_), *this; }
  Stream& failed(const Failure& failure) { return encoder_->failed(failure, out_), *this; }
  Stream& draining() { return encoder_->draining(out_), *this; }
  /// Whether the format can say that items are missing. One that cannot leaves what was written as it was.
  bool gap(std::string_view json = "{}") {
    const std::size_t before = out_.size();
    try {
      encoder_->item(Item::gap(json), out_);
      return true;
    } catch (const Failure&) {
      EXPECT_EQ(out_.size(), before);
      return false;
    }
  }
  bool heartbeat() { return encoder_->heartbeat(out_); }
  bool binary(const Item& item) const { return encoder_->binary(item); }

  /// What has been written since the last time.
  std::string written() {
    std::string bytes(out_.view());
    out_.clear();
    return bytes;
  }

 private:
  std::unique_ptr<generators::Encoder> encoder_;
  Buffer out_;
};

/// What one item becomes.
inline std::string encoded(std::string_view name, const Item& item) {
  Stream stream(name);
  stream.begin().written();
  return stream.item(item).written();
}

/// An item whose value is written as `{"n":NUMBER}`.
inline Item value(std::uint64_t number) {
  Item item;
  item.set_value(number, [](const void* from, Buffer& out) {
    std::uint64_t n = 0;
    std::memcpy(&n, from, sizeof n);
    out.append(R"({"n":)" + std::to_string(n) + "}");
  });
  return item;
}

/// A payload of each kind and what a format makes of it.
struct Row {
  const char* name;
  Item item;
  std::string expected;
};

inline void expect_rows(std::string_view format_name, std::span<const Row> rows) {
  for (const Row& row : rows) EXPECT_EQ(encoded(format_name, row.item), row.expected) << row.name;
}

}  // namespace coyield::handlers::testing
