#include <coyield/handlers/router.hpp>

namespace coyield::handlers {

using Kind = config::RoutePattern::Segment::Kind;

struct Router::Node {
  struct End {
    std::size_t endpoint;
    std::size_t pattern;
  };
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::optional<End> here;
  std::optional<End> rest;

  Node& child(const config::RoutePattern::Segment& segment) {
    auto& slot = segment.kind == Kind::literal ? literals[segment.text] : parameter;
    if (!slot) slot = std::make_unique<Node>();
    return *slot;
  }

  const End* find(std::span<const std::string> segments) const {
    if (segments.empty()) return here ? &*here : nullptr;
    if (const auto found = literals.find(segments.front()); found != literals.end()) {
      if (const End* end = found->second->find(segments.subspan(1))) return end;
    }
    if (parameter) {
      if (const End* end = parameter->find(segments.subspan(1))) return end;
    }
    return rest ? &*rest : nullptr;
  }
};

namespace {

std::string join(std::span<const std::string> segments) {
  std::string path;
  for (const std::string& segment : segments) {
    if (!path.empty()) path += '/';
    path += segment;
  }
  return path;
}

Router::PathValues values_of(const config::RoutePattern& pattern, std::span<const std::string> segments) {
  Router::PathValues values;
  for (std::size_t i = 0; i < pattern.segments.size(); ++i) {
    const auto& segment = pattern.segments[i];
    if (segment.kind == Kind::parameter) values.emplace_back(segment.text, segments[i]);
    if (segment.kind == Kind::rest) values.emplace_back(segment.text, join(segments.subspan(i)));
  }
  return values;
}

}  // namespace

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

bool Router::add(const config::RoutePattern& pattern, std::size_t endpoint) {
  Node* node = root_.get();
  std::optional<Node::End>* end = &node->here;
  for (const auto& segment : pattern.segments) {
    if (segment.kind == Kind::rest) {
      end = &node->rest;
      break;
    }
    node = &node->child(segment);
    end = &node->here;
  }
  if (end->has_value()) return false;
  *end = Node::End{endpoint, patterns_.size()};
  patterns_.push_back(pattern);
  return true;
}

std::optional<Router::Match> Router::find(std::span<const std::string> segments) const {
  const Node::End* end = root_->find(segments);
  if (end == nullptr) return std::nullopt;
  return Match{end->endpoint, values_of(patterns_[end->pattern], segments)};
}

}  // namespace coyield::handlers
