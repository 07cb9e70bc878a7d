#include <coyield/server/program/command_line.hpp>

int main(int argc, char** argv) { return coyield::server::run_command_line(argc, argv); }
