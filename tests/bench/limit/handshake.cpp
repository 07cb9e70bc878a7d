#include "handshake.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <cstring>

namespace coyield::bench {
namespace {

std::string field(const std::string& head, const char* name) {
  const char* at = strcasestr(head.c_str(), name);
  if (at == nullptr) return {};
  at += std::strlen(name);
  at += std::strspn(at, " ");
  return {at, std::strcspn(at, "\r")};
}

}  // namespace

Request read_request(const std::string& head) {
  const auto begin = head.find(' ') + 1;
  const std::string target = head.substr(begin, head.find(' ', begin) - begin);
  const auto mark = target.find('?');
  Request request;
  request.path = target.substr(0, mark);
  if (mark != std::string::npos) request.query = target.substr(mark + 1);
  request.websocket_key = field(head, "\r\nSec-WebSocket-Key:");
  request.close = strcasecmp(field(head, "\r\nConnection:").c_str(), "close") == 0;
  return request;
}

std::string accept_websocket(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  unsigned char base64[32];
  EVP_EncodeBlock(base64, digest, SHA_DIGEST_LENGTH);
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
         "Upgrade\r\nSec-WebSocket-Accept: " +
         std::string(reinterpret_cast<char*>(base64)) + "\r\n\r\n";
}

}  // namespace coyield::bench
