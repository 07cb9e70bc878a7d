#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz.hpp"

// Shows a fuzzer the inputs of a directory, one after the other: its corpus, and what once made it fail. Any
// compiler can build this, with any sanitizer.

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: NAME_replay DIRECTORY\n", stderr), 2;
  unsigned shown = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::vector<char> input((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    std::printf("%s\n", entry.path().filename().c_str());
    std::fflush(stdout);  // the last line says which one has made it fail
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
    ++shown;
  }
  return shown == 0 ? 1 : 0;
}
