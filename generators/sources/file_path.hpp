#pragma once

#include <coyield/config/arguments.hpp>
#include <coyield/config/component.hpp>
#include <coyield/generators/sources/open_file.hpp>

namespace coyield::generators {

// The parameters `path` and `root` of the sources that read a file, and what is asked of them: a request may
// have a part in the path where there is a root, and nowhere else.

config::Parameter file_path_parameter();
config::Parameter file_root_parameter();

/// For `Component::check`.
void check_file_path(const config::Arguments& args, config::ParameterMistakes& mistakes);

FileName file_name(const config::Arguments& args);

}  // namespace coyield::generators
