#pragma once

#include <coyield/generators/detail/json_reader.hpp>
#include <coyield/generators/detail/pointer_node.hpp>
#include <cstring>

namespace coyield::generators::detail {

/// Finds the members of one text's objects in a tree of pointers.
class JsonKeys {
 public:
  explicit JsonKeys(std::string_view text) noexcept
      : end_(text.data() + text.size()),
        has_escapes_(std::memchr(text.data(), '\\', text.size()) != nullptr) {}

  /// The child of `node` that a member's name leads to, or null.
  const PointerNode* find(const PointerNode& node, ondemand::field& field) const {
    const char* const key = field.key().raw();
    if (has_escapes_ && is_escaped(key)) [[unlikely]]
      return find(node, std::string_view(field.unescaped_key()));
    for (const PointerNode& child : node.children) {
      if (child.plain && is(child.token, key)) return &child;
    }
    return nullptr;
  }

 private:
  static const PointerNode* find(const PointerNode& node, std::string_view name) {
    const auto found = std::ranges::find(node.children, name, &PointerNode::token);
    return found == node.children.end() ? nullptr : &*found;
  }
  bool is(const std::string& token, const char* key) const noexcept {
    return static_cast<std::size_t>(end_ - key) > token.size() && key[token.size()] == '"' &&
           std::memcmp(key, token.data(), token.size()) == 0;
  }
  static bool is_escaped(const char* key) noexcept {
    while (*key != '"' && *key != '\\') ++key;
    return *key == '\\';
  }

  const char* end_;
  bool has_escapes_;
};

}  // namespace coyield::generators::detail
