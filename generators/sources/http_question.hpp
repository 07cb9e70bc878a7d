#pragma once

#include <coyield/config/arguments.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/net/http_exchange.hpp>
#include <string_view>
#include <vector>

namespace coyield::generators {

// What the sources have in common that ask another server over HTTP: the parameters `url`, `headers`,
// `timeout`, `ca` and `socket`, and what becomes of a status that is a refusal.

/// The description of `url`; `beginnings` are those it may have, for people: "http:// or https://".
config::Parameter url_parameter(const std::string& beginnings);
/// The descriptions of `headers`, `timeout`, `ca` and `socket`.
std::vector<config::Parameter> question_parameters();

/// What the arguments say. Throws `Failure(invalid)` where a request has made the URL one that is none.
net::HttpRequest question_of(const config::Arguments& args, net::Schemes schemes);

/// What is wrong with them, added to `mistakes`.
void check_question(const config::Arguments& args, net::Schemes schemes, config::ParameterMistakes& mistakes);

/// Throws a `Failure` for any status but `expected` (200 stands for all of 2xx): what our client is told of
/// it. That somebody would have to log in there is no affair of the client's.
void refuse_unless(unsigned expected, const net::HttpExchange& exchange);

/// A name as HTTP has them (RFC 9110, section 5.6.2).
bool is_token(std::string_view name);

/// What a text is from which nothing says more: JSON where it is an object or an array, else text.
PayloadKind kind_of_text(std::string_view text) noexcept;

}  // namespace coyield::generators
