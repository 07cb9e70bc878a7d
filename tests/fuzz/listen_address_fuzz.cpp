#include <coyield/config/listen_address.hpp>

#include "fuzz.hpp"

// An address that is taken is written as a text that reads back as the same.

using namespace coyield::config;
using coyield::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto address = parse_listen_address(coyield::fuzz::as_text(data, size));
  if (!address) {
    require(!address.error().what.empty(), "what is refused is refused for a reason");
    return 0;
  }
  if (address->kind == ListenAddress::Kind::unix_) {
    require(address->path.starts_with('/'), "the path of a socket is absolute");
    require(address->path.find('\0') == std::string::npos, "the path of a socket has no NUL");
  } else {
    require(address->host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string::npos,
            "an address is in numbers");
  }
  const auto again = parse_listen_address(to_string(*address));
  require(again && *again == *address, "an address reads back");
  return 0;
}
