#pragma once

#include <coyield/handlers/response.hpp>
#include <coyield/server/stream.hpp>
#include <string>

namespace coyield::server {

/// What a stream has at this moment, as a whole response: for clients that cannot read streams, and ask again
/// (`?wait=`). `Last-Event-ID` is what to go on behind: the id of the last item that is in it, or where the
/// stream stands; `end` when there is nothing more to come.
///
/// One turn's worth, at the most. Without an item it is 204. `response` is that of the stream; `resume_after`
/// is what the client has gone on behind. The stream has ended with it, as far as this client goes.
handlers::Response poll_once(Stream& stream, handlers::Response response, const std::string& resume_after);

}  // namespace coyield::server
