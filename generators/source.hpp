#pragma once

#include <coyield/config/arguments.hpp>
#include <coyield/config/component.hpp>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/trace.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace coyield::generators {

class BlockingPool;
class Cleanup;
class EndpointReader;
class Observer;
class Programs;
class Registry;
class StandardInput;
class TopicReader;

/// Where a stream has begun: the id behind which its first item stands. Filled in once, by a source with ids
/// as soon as it knows (for a file: once it is open), before its first item; empty until then, and for
/// sources without ids. Given as `SourceContext::resume_after` it makes a stream of exactly the items that
/// this one gives, so that a client that has got none yet can come back too. One thread.
struct StartPosition {
  std::string id;
};

/// What a source is started with beside its arguments.
struct SourceContext {
  AsyncGenerator<Item> input = {};          ///< what the client sends; at its end where nothing may be sent
  BlockingPool* blocking = nullptr;         ///< threads for calls that block; lives longer than any source
  StandardInput* standard_input = nullptr;  ///< of the process; lives longer than any source
  TopicReader* topics = nullptr;  ///< of this thread; null: there are none; lives longer than any source
  EndpointReader* endpoints = nullptr;  ///< likewise
  const Registry* registry = nullptr;   ///< for a source that starts others; lives longer than any source
  Programs* programs = nullptr;         ///< null: no source may start one; lives longer than any source
  Cleanup* cleanup = nullptr;           ///< for what takes a while at the end; lives longer than any source
  Observer* observer = nullptr;         ///< null: nobody wants to know; lives longer than any source
  std::string_view endpoint = {};       ///< whose stream it is, for `observer`; likewise
  std::size_t max_item = 1024 * 1024;   ///< no item is longer, in bytes: a source that finds one fails
  /// The id of the last item that the client has: a source whose items have ids goes on behind it, as its
  /// `Resuming` says. Empty: it begins where its arguments say.
  std::string resume_after = {};
  /// For whoever wants to know where the stream has begun; null: nobody does. A source whose items have ids
  /// fills it in, unless somebody has.
  std::shared_ptr<StartPosition> start = {};
  /// For whoever wants to know what goes through the components of the stream; null: nobody does. Filled in
  /// by the pipeline.
  TracePtr trace = {};

  /// The same for another start: all but the input, which can be read once only.
  SourceContext without_input() const {
    // All of them by name, so that none can be added and forgotten here.
    const auto& [_, pool, piped, named, read, known, started, left, told, whose, most, behind, begun,
                 traced] = *this;
    return {.blocking = pool,
            .standard_input = piped,
            .topics = named,
            .endpoints = read,
            .registry = known,
            .programs = started,
            .cleanup = left,
            .observer = told,
            .endpoint = whose,
            .max_item = most,
            .resume_after = behind,
            .start = begun,
            .trace = traced};
  }
};

/// What a source does with the id of an item that it is to go on behind.
enum class Resuming : unsigned char {
  never,     ///< nothing: its items have no ids
  from_now,  ///< it cannot go back: it says that items are missing (`Item::gap`), and gives what comes
  exact,     ///< it gives exactly the rest, or says what is missing
};

/// A source that the configuration can name. One file each in `sources/`, which describes it and starts it:
/// its function `NAME_source()` is listed in `sources/CMakeLists.txt`.
struct Source {
  config::Component description;
  /// Starts nothing yet: the generator runs when it is pulled. The arguments are resolved and within their
  /// bounds; what only the source can judge (a file that is not there) it throws as a `Failure` when it is
  /// pulled.
  AsyncGenerator<Item> (*start)(config::Arguments arguments, SourceContext context);
  /// Unless `never`, its items have ids, and it honours `SourceContext::resume_after`: one that it cannot
  /// make sense of is a `Failure` of kind invalid.
  Resuming resuming = Resuming::never;
  /// For one where that depends on what the configuration says; `resuming` is then for anything else.
  Resuming (*resuming_of)(const config::Arguments& constants) = nullptr;

  Resuming resuming_with(const config::Arguments& arguments) const {
    return resuming_of != nullptr ? resuming_of(arguments) : resuming;
  }
};

/// All sources that come with coyield.
std::vector<Source> all_sources();

}  // namespace coyield::generators
