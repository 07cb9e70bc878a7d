#pragma once

#include <coyield/generators/task.hpp>
#include <coyield/server/http/exchange.hpp>
#include <coyield/server/http/request_reader.hpp>

namespace coyield::server {

/// Publishes the body of a request as one item. With `keep` the answer stands in the exchange, to be sent.
///
/// What is published is published whole: a client that leaves before its body is there has published nothing.
generators::Task<Next> publish_body(Worker& worker, Connection& connection, RequestReader& reader,
                                    Exchange& exchange);

/// Publishes each line of a body as it comes, and answers a line for each, in order, while more come.
///
/// Where the answers are not taken, or whoever reads the topic holds it back, no more is read. An answer in
/// the exchange, behind `keep`, is to be sent; without one, all was.
generators::Task<Next> publish_lines(Worker& worker, Connection& connection, RequestReader& reader,
                                     Exchange& exchange);

}  // namespace coyield::server
