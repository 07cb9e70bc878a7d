#pragma once

#include <chrono>
#include <coyield/generators/loop.hpp>
#include <coyield/generators/observer.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/listener.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace coyield::generators {

// Many who send to one stream: none of them can end it for the others.

/// Tells the observer what is wrong with what was sent, but not more often than once a second, with how many
/// there were: a sender must not be able to flood the log.
class Complaints {
 public:
  Complaints(Loop& loop, Observer* observer, std::string_view endpoint) noexcept
      : loop_(loop), observer_(observer), endpoint_(endpoint) {}

  void add(std::string_view why);

 private:
  Loop& loop_;
  Observer* observer_;
  std::string_view endpoint_;
  std::uint64_t since_last_ = 0;
  std::chrono::nanoseconds not_before_{0};
};

/// The items of all that connect to `socket`, up to `most` at a time, as they come; those beyond wait.
/// `decode` is lines, json or bytes. A connection that breaks, or sends what cannot be decoded, ends alone.
/// Without end.
AsyncGenerator<Item> items_of_all(ListeningSocket socket, std::string decode, std::size_t most,
                                  SourceContext context);

/// The datagrams that come in at `socket`, one item each: `decode` is text, json or bytes. One that cannot be
/// decoded is passed over. Where the system says that it had no room for some (of UDP), a gap says how many.
/// Without end.
AsyncGenerator<Item> datagrams_of_all(ListeningSocket socket, std::string decode, SourceContext context);

}  // namespace coyield::generators
