#pragma once

#include <string>

namespace coyield::generators::jq {

/// The path of the program `coyield-jq`: beside the program that runs, else in `libexec/coyield` of where
/// that is installed, else where this library was to be installed. Throws `Failure(internal)` that names
/// these places where it is in none of them.
std::string child_program();

}  // namespace coyield::generators::jq
