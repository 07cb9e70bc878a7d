#pragma once

#include <iosfwd>
#include <string>

namespace coyield::server {

/// Asks the server at `url` (`http://127.0.0.1:8080`) for `/.coyield/health`, and writes its answer, or why
/// there is none within 5 s, to `out`. True when it is well. Blocks.
bool ask_health(const std::string& url, std::ostream& out);

}  // namespace coyield::server
