#pragma once

namespace coyield::server {

/// The program `coyield`: reads its arguments and does what they ask for. Returns the exit code: 0; 1 when
/// something failed at run time; 2 for arguments that make no sense; 78 for a configuration that does not.
int run_command_line(int argc, char** argv);

}  // namespace coyield::server
