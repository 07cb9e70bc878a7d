#include <algorithm>
#include <coyield/config/detail/endpoint_links.hpp>

namespace coyield::config::detail {
namespace {

using Segment = RoutePattern::Segment;
using Pieces = std::vector<Template::Piece>;

/// The path of a target, segment by segment; values of requests are encoded, and so have no slash.
std::vector<Template> segments_of(const Template& target) {
  std::vector<Pieces> segments(1);
  for (const Template::Piece& piece : target.pieces()) {
    if (piece.origin) {
      segments.back().push_back(piece);
      continue;
    }
    const auto end = piece.text.find_first_of("?#");
    std::string_view rest = std::string_view(piece.text).substr(0, end);
    for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
      segments.back().push_back({std::string(rest.substr(0, slash))});
      segments.emplace_back();
      rest.remove_prefix(slash + 1);
    }
    segments.back().push_back({std::string(rest)});
    if (end != std::string::npos) break;
  }
  std::vector<Template> templates;
  for (Pieces& pieces : segments) templates.push_back(Template::of(std::move(pieces)));
  templates.erase(templates.begin());  // in front of the first slash
  if (templates.size() == 1 && templates[0].pieces().empty()) templates.clear();  // "/"
  return templates;
}

bool may_match(const Segment& segment, const Template& text) {
  if (segment.kind != Segment::Kind::literal) return true;
  const bool escaped = std::ranges::any_of(text.pieces(), [](const auto& piece) {
    return !piece.origin && piece.text.find('%') != piece.text.npos;
  });
  return escaped || may_be_equal(Template::literal(segment.text), text);
}

bool may_match(const RoutePattern& pattern, const std::vector<Template>& path) {
  const auto& segments = pattern.segments;
  const bool open = !segments.empty() && segments.back().kind == Segment::Kind::rest;
  if (open ? path.size() < segments.size() : path.size() != segments.size()) return false;
  return std::ranges::equal(
      segments, std::span(path).first(segments.size()),
      [](const Segment& segment, const Template& text) { return may_match(segment, text); });
}

bool is_literal(const RoutePattern& pattern) { return pattern.names().empty(); }

/// One endpoint that reads others.
struct Link {
  const ComponentConfig* reader;
  std::vector<std::size_t> to;  // places in the configuration
};

class Links {
 public:
  Links(const Scope& endpoints, const Configuration& configuration)
      : scope_(endpoints), all_(configuration.endpoints), links_(all_.size()) {}

  void check() {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (!all_[i].source.empty()) each_component(all_[i].source, [&](const auto& one) { add(i, one); });
      for (const auto& op : all_[i].pipeline) each_component(op, [&](const auto& one) { add(i, one); });
    }
    for (std::size_t i = 0; i < all_.size(); ++i) report_circle(i);
  }

 private:
  void add(std::size_t from, const ComponentConfig& config) {
    const Component& component = config.component();
    if (!component.is_endpoint) return;
    const Template target = config.text_of(component.main);
    Link link{&config, find(target)};
    if (link.to.empty()) {
      const std::string shown = in_quotes(target.shown());
      std::vector<std::string> patterns;
      for (const auto& endpoint : all_) patterns.push_back(endpoint.pattern.text);
      scope_.key(all_[from].pattern.text)
          .problem(config.position(), {"no endpoint answers to " + shown, advise(target.shown(), patterns)});
    }
    links_[from].push_back(std::move(link));
  }

  /// What is written out in full finds the endpoint of just that path first, as the router does.
  std::vector<std::size_t> find(const Template& target) const {
    const std::vector<Template> path = segments_of(target);
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (!may_match(all_[i].pattern, path)) continue;
      const bool certain = is_literal(all_[i].pattern) && std::ranges::all_of(path, &Template::constant);
      if (certain) return {i};
      found.push_back(i);
    }
    return found;
  }

  void report_circle(std::size_t start) {
    for (const Link& link : links_[start]) {
      std::vector<std::size_t> way;
      std::vector<bool> seen(all_.size());
      if (!leads_to(start, link.to, seen, way)) continue;
      if (*std::ranges::min_element(way) < start) return;  // said of the first one on it
      const std::string reader = in_quotes(all_[start].pattern.text);
      std::string what = reader;
      for (auto step = way.rbegin(); step != way.rend(); ++step)
        what += (step == way.rbegin() ? " reads " : ", which reads ") + in_quotes(all_[*step].pattern.text);
      scope_.key(all_[start].pattern.text)
          .problem(link.reader->position(), {way.size() == 1 ? reader + " reads itself" : what + ": a circle",
                                             "read another endpoint"});
      return;
    }
  }

  /// `way` gets the endpoints on it, the last one first.
  bool leads_to(std::size_t goal, const std::vector<std::size_t>& from, std::vector<bool>& seen,
                std::vector<std::size_t>& way) const {
    for (const std::size_t next : from) {
      if (seen[next]) continue;
      seen[next] = true;
      const auto further = [&](const Link& link) { return leads_to(goal, link.to, seen, way); };
      if (next != goal && std::ranges::none_of(links_[next], further)) continue;
      way.push_back(next);
      return true;
    }
    return false;
  }

  const Scope& scope_;
  const std::vector<EndpointConfig>& all_;
  std::vector<std::vector<Link>> links_;  // of each endpoint
};

}  // namespace

void check_links(const Scope& endpoints, const Configuration& configuration) {
  Links(endpoints, configuration).check();
}

}  // namespace coyield::config::detail
