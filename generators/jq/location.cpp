#include <unistd.h>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/jq/location.hpp>
#include <filesystem>
#include <vector>

namespace coyield::generators::jq {

namespace fs = std::filesystem;

std::string child_program() {
  std::vector<fs::path> folders;
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (!here.empty()) folders = {here, (here / COYIELD_FROM_BIN_TO_LIBEXEC).lexically_normal()};
  const fs::path installed = COYIELD_LIBEXEC;
  if (folders.empty() || installed != folders.back()) folders.push_back(installed);
  std::string looked;
  for (const fs::path& folder : folders) {
    const fs::path program = folder / "coyield-jq";
    if (::access(program.c_str(), X_OK) == 0) return program;
    looked += (looked.empty() ? "" : ", ") + folder.string();
  }
  throw Failure(
      FailureKind::internal,
      "the program coyield-jq, which the operator jq needs, is missing; it was looked for in " + looked,
      Again::useless);
}

}  // namespace coyield::generators::jq
