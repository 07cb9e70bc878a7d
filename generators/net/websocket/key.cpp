#include <coyield/generators/net/websocket/key.hpp>

#include <openssl/evp.h>

#include <coyield/generators/json_text.hpp>
#include <cstring>
#include <random>
#include <stdexcept>

namespace coyield::generators::net::websocket {

std::string make_key() {
  std::random_device device;
  char bytes[16];
  for (std::size_t at = 0; at < sizeof bytes; at += sizeof(std::random_device::result_type)) {
    const std::random_device::result_type some = device();
    std::memcpy(bytes + at, &some, sizeof some);
  }
  return base64({bytes, sizeof bytes});
}

std::string accept_key(std::string_view key) {
  constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, section 1.3
  std::string text(key);
  text += guid;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) != 1)
    throw std::runtime_error("OpenSSL offers no SHA-1, which the WebSocket handshake needs");
  return base64({reinterpret_cast<const char*>(digest), size});
}

}  // namespace coyield::generators::net::websocket
