#pragma once

#include <coyield/config/network.hpp>
#include <optional>
#include <string_view>

namespace coyield::handlers {

/// For which client a trusted proxy asks, by the `X-Forwarded-For` that it sends: the last address that is
/// no trusted proxy itself. What stands before that one is the client's own word, and means nothing.
///
/// Nothing where the list is empty, or the first entry that counts is no address: then all that is known is
/// the proxy. (`Forwarded`, RFC 7239, is not read: a proxy that writes the one passes the other on as the
/// client has sent it.)
std::optional<config::IpAddress> forwarded_client(std::string_view list, const config::Proxies& proxies);

}  // namespace coyield::handlers
