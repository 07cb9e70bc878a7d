#pragma once

#include <boost/system/result.hpp>
#include <coyield/config/component_config.hpp>
#include <coyield/config/streams.hpp>
#include <coyield/generators/registry.hpp>
#include <vector>

namespace coyield::generators {

/// A source and the operators behind it, as an endpoint of the configuration has them: makes one stream a
/// request.
///
/// Made once per endpoint, used by all threads; nothing in it changes. The registry must outlive it.
class Pipeline {
 public:
  /// Throws std::logic_error for a component that `registry` does not have: checking the configuration
  /// against the catalogue of the same registry comes first.
  Pipeline(const config::ComponentConfig& source, const std::vector<config::ComponentConfig>& operators,
           const Registry& registry);

  /// The stream for one request, or the value of the request that is wrong. Nothing of it runs yet. Throws a
  /// `Failure` of kind conflict where the request wants to go on behind an item and that cannot be done.
  /// `context.start` stays empty where that is so, whatever the request wants.
  config::Resolved<AsyncGenerator<Item>> start(const config::RequestValues& values,
                                               SourceContext context) const;
  /// What a stream does with the id of an item that it is to go on behind.
  Resuming resuming() const noexcept { return forgets_positions_ == nullptr ? resuming_ : Resuming::never; }
  bool resumable() const noexcept { return resuming() != Resuming::never; }

 private:
  void refuse_to_resume() const;
  config::Resolved<AsyncGenerator<Item>> start_once(const config::RequestValues& values,
                                                    SourceContext context) const;

  friend AsyncGenerator<Item> start_stream(const config::StreamArguments& stream,
                                           const SourceContext& context);

  struct Plan;
  struct Stage {
    config::ComponentConfig config;
    const Operator* op;
  };
  const Registry* registry_;
  config::ComponentConfig source_config_;
  const Source* source_;
  Resuming resuming_;  // of the source
  std::vector<Stage> stages_;
  std::vector<std::string_view> names_;  // of the source and the operators, in the registry
  const config::Component* forgets_positions_ = nullptr;
  bool starts_again_ = false;  // an operator starts what stands before it itself
};

/// The stream of a component that starts others, with the components of `context.registry`. Nothing of it
/// runs yet; what clients send it does not get, and ids it begins anew.
AsyncGenerator<Item> start_stream(const config::StreamArguments& stream, const SourceContext& context);

/// `upstream` with operators of `context.registry` behind it.
AsyncGenerator<Item> apply_operators(AsyncGenerator<Item> upstream,
                                     const std::vector<config::Arguments>& operators,
                                     const OperatorContext& context);

}  // namespace coyield::generators
