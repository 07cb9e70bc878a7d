#include <coyield/server/websocket/deflate_negotiation.hpp>

#include <coyield/handlers/fields.hpp>
#include <coyield/server/websocket/extension_list.hpp>

#include <algorithm>
#include <charconv>

namespace coyield::server::websocket {
namespace {

constexpr std::string_view extension_name = "permessage-deflate";
constexpr int largest_window = 15;
constexpr int smallest_window = 8;
constexpr int smallest_written_window = 9;  // zlib's deflate cannot do 8 without a header

/// What one element of the field says, offer or answer.
struct Terms {
  bool server_no_takeover = false;
  bool client_no_takeover = false;
  std::optional<int> server_bits;
  std::optional<int> client_bits;
  bool client_bits_open = false;  // client_max_window_bits without a value: any will do
};

/// 8 to 15 without leading zeros (RFC 7692, section 7.1.2); nothing otherwise.
std::optional<int> parse_bits(std::string_view text) {
  int bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  const bool whole = error == std::errc() && end == text.data() + text.size() && !text.starts_with('0');
  return whole && bits >= smallest_window && bits <= largest_window ? std::optional<int>(bits) : std::nullopt;
}

/// False for a flag that was given before or has a value.
bool take_flag(bool& flag, const ExtensionParameter& parameter) {
  if (flag || parameter.value) return false;
  flag = true;
  return true;
}

bool take_bits(std::optional<int>& bits, const ExtensionParameter& parameter) {
  if (bits || !parameter.value) return false;
  bits = parse_bits(*parameter.value);
  return bits.has_value();
}

bool take(Terms& terms, const ExtensionParameter& parameter) {
  if (parameter.name == "server_no_context_takeover") return take_flag(terms.server_no_takeover, parameter);
  if (parameter.name == "client_no_context_takeover") return take_flag(terms.client_no_takeover, parameter);
  if (parameter.name == "server_max_window_bits") return take_bits(terms.server_bits, parameter);
  if (parameter.name != "client_max_window_bits" || terms.client_bits_open) return false;
  if (parameter.value) return take_bits(terms.client_bits, parameter);
  return !terms.client_bits && take_flag(terms.client_bits_open, parameter);
}

std::optional<Terms> read_terms(const Extension& extension) {
  if (!handlers::equal_ignoring_case(extension.name, extension_name)) return std::nullopt;
  Terms terms;
  for (const ExtensionParameter& parameter : extension.parameters) {
    if (!take(terms, parameter)) return std::nullopt;
  }
  return terms;
}

Takeover stricter(Takeover ours, bool peer_wants_none) { return peer_wants_none ? Takeover::none : ours; }

std::optional<DeflateParams> agree(const Terms& offer, const DeflateSettings& settings) {
  DeflateParams params;
  params.server.window_bits =
      std::min(settings.server.window_bits, offer.server_bits.value_or(largest_window));
  params.server.takeover = stricter(settings.server.takeover, offer.server_no_takeover);
  // Only a client that has said it can is told how large its window may be.
  const bool may_limit = offer.client_bits || offer.client_bits_open;
  params.client.window_bits =
      may_limit ? std::min(settings.client.window_bits, offer.client_bits.value_or(largest_window))
                : largest_window;
  params.client.takeover = stricter(settings.client.takeover, offer.client_no_takeover);
  if (params.server.window_bits < smallest_written_window) return std::nullopt;
  return params;
}

std::string write_terms(const Terms& terms) {
  std::string text(extension_name);
  if (terms.server_no_takeover) text += "; server_no_context_takeover";
  if (terms.client_no_takeover) text += "; client_no_context_takeover";
  if (terms.server_bits) text += "; server_max_window_bits=" + std::to_string(*terms.server_bits);
  if (terms.client_bits) text += "; client_max_window_bits=" + std::to_string(*terms.client_bits);
  if (terms.client_bits_open) text += "; client_max_window_bits";
  return text;
}

Terms answer_terms(const Terms& offer, const DeflateParams& params) {
  Terms answer;
  answer.server_no_takeover = params.server.takeover == Takeover::none;
  answer.client_no_takeover = params.client.takeover == Takeover::none;
  // A smaller window than the client is ready for is ours alone to know.
  if (offer.server_bits) answer.server_bits = params.server.window_bits;
  if (params.client.window_bits < largest_window) answer.client_bits = params.client.window_bits;
  return answer;
}

Terms offer_terms(const DeflateSettings& settings) {
  Terms offer;
  offer.server_no_takeover = settings.server.takeover == Takeover::none;
  offer.client_no_takeover = settings.client.takeover == Takeover::none;
  if (settings.server.window_bits < largest_window) offer.server_bits = settings.server.window_bits;
  offer.client_bits_open = true;
  return offer;
}

}  // namespace

std::optional<DeflateAgreement> negotiate_deflate(std::string_view offers, const DeflateSettings& settings) {
  const auto extensions = parse_extensions(offers);
  if (!extensions) return std::nullopt;
  for (const Extension& extension : *extensions) {
    const std::optional<Terms> offer = read_terms(extension);
    const std::optional<DeflateParams> params = offer ? agree(*offer, settings) : std::nullopt;
    if (params) return DeflateAgreement{*params, write_terms(answer_terms(*offer, *params))};
  }
  return std::nullopt;
}

std::string offer_deflate(const DeflateSettings& settings) { return write_terms(offer_terms(settings)); }

std::optional<DeflateParams> accept_deflate(std::string_view answer, const DeflateSettings& settings) {
  const auto extensions = parse_extensions(answer);
  if (!extensions || extensions->size() != 1) return std::nullopt;
  const std::optional<Terms> terms = read_terms(extensions->front());
  if (!terms || terms->client_bits_open) return std::nullopt;
  const Terms offer = offer_terms(settings);
  if (offer.server_no_takeover && !terms->server_no_takeover) return std::nullopt;
  if (offer.server_bits && terms->server_bits.value_or(largest_window) > *offer.server_bits)
    return std::nullopt;
  DeflateParams params;
  params.server.window_bits = terms->server_bits.value_or(largest_window);
  params.server.takeover = stricter(Takeover::keep, terms->server_no_takeover);
  params.client.window_bits =
      std::min(settings.client.window_bits, terms->client_bits.value_or(largest_window));
  params.client.takeover = stricter(settings.client.takeover, terms->client_no_takeover);
  if (params.client.window_bits < smallest_written_window) return std::nullopt;
  return params;
}

}  // namespace coyield::server::websocket
