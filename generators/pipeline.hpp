#pragma once

#include <boost/system/result.hpp>
#include <coyield/config/component_config.hpp>
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
  /// Whether a stream can go on behind the id of an item.
  bool resumable() const noexcept { return source_resumable_ && forgets_positions_ == nullptr; }

 private:
  void refuse_to_resume() const;
  config::Resolved<AsyncGenerator<Item>> start_once(const config::RequestValues& values,
                                                    SourceContext context) const;

  struct Plan;
  struct Stage {
    config::ComponentConfig config;
    const Operator* op;
  };
  config::ComponentConfig source_config_;
  const Source* source_;
  bool source_resumable_;
  std::vector<Stage> stages_;
  const config::Component* forgets_positions_ = nullptr;
  bool starts_again_ = false;  // an operator starts what stands before it itself
};

}  // namespace coyield::generators
