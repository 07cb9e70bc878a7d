#pragma once

#include <coyield/config/mistake.hpp>
#include <optional>
#include <string_view>

namespace coyield::generators::jq {

/// What in a program in the language of jq would reach out of the item (files, the environment, other inputs,
/// the process), with its place; none: nothing.
///
/// It reads the program by its words as jq does: in texts only what stands in `\(...)` is program, a comment
/// is none, and the name of a member (`.env`, `{env: 1}`, `{env}`) or of a variable (`$input`) may be any.
std::optional<config::Mistake> refusal(std::string_view program);

}  // namespace coyield::generators::jq
