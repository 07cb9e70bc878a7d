#pragma once

#include <coyield/config/mistake.hpp>
#include <coyield/generators/item.hpp>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace coyield::generators {

/// Whether items are as a JSON Schema (draft 7, https://json-schema.org/draft-07) says: what `schema` does.
///
/// Where its texts are compared with patterns, these are RE2's (https://github.com/google/re2/wiki/Syntax):
/// whatever stands in an item, they take time in proportion to it. `format` says nothing, as in drafts since
/// 2019-09. For one thread at a time.
class ItemSchema {
 public:
  /// What is refused beside schemas that are none: `patternProperties`, patterns that RE2 does not have,
  /// references to other documents, and ones that lead back to themselves without an item in between.
  static config::Checked<ItemSchema> compile(const nlohmann::json& written);

  ItemSchema(ItemSchema&&) noexcept;
  ItemSchema& operator=(ItemSchema&&) noexcept;
  ~ItemSchema();

  /// What is wrong with an item, and where; nothing if it is as it should be. Text is a string to it, bytes
  /// are a string of their Base64.
  std::optional<std::string> mistake_in(const Item& item);

 private:
  struct Compiled;
  explicit ItemSchema(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace coyield::generators
