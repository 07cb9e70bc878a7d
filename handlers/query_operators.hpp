#pragma once

#include <coyield/config/component_config.hpp>
#include <coyield/generators/operator.hpp>
#include <functional>
#include <string>
#include <vector>

namespace coyield::handlers {

/// What a client puts behind the stream that it gets: `?where={"/level":"error"}&take=5`. For one endpoint;
/// read by all threads.
class QueryOperators {
 public:
  /// Puts them behind a stream.
  using Apply = std::function<generators::AsyncGenerator<generators::Item>(
      generators::AsyncGenerator<generators::Item>)>;
  struct Asked {
    Apply apply = {};  ///< empty: the client asks for none
    /// Going on behind the id of an item is not the same stream with this one; empty: with all it is.
    std::string forgets_positions = {};
  };

  /// `names` are those that the endpoint lets clients add. Throws std::invalid_argument for one that there is
  /// not. Items are no longer than `max_item`.
  QueryOperators(const std::vector<std::string>& names, std::size_t max_item);

  /// What the query of a request asks for: items are selected first, then thinned out, reshaped, and counted,
  /// in whatever order they stand there. Throws Failure(invalid) for a wrong value, and for an operator that
  /// the endpoint does not let clients add.
  Asked of(const config::RequestValues& values) const;

 private:
  struct Known {
    generators::Operator op;
    config::ComponentConfig from_query;  // where its main parameter is no JSON
    bool allowed;
  };
  config::Arguments arguments_of(const Known& known, const std::string& text,
                                 const config::RequestValues& values) const;

  std::vector<Known> known_;  // in the order in which they are applied
  std::size_t max_item_;
};

}  // namespace coyield::handlers
