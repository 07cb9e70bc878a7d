#include <coyield/handlers/negotiation.hpp>

#include <algorithm>
#include <coyield/config/mistake.hpp>
#include <coyield/handlers/fields.hpp>
#include <coyield/handlers/weighted_list.hpp>
#include <stdexcept>

namespace coyield::handlers {

namespace {

/// How exactly a range names a media type: 0 not at all, 1 `*/*`, 2 `type/*`, 3 exactly.
int exactness(std::string_view range, std::string_view media_type) {
  if (equal_ignoring_case(range, media_type)) return 3;
  if (range == "*/*") return 1;
  const std::size_t slash = media_type.find('/');
  const bool same_type = range.size() == slash + 2 && range.ends_with("/*") &&
                         equal_ignoring_case(range.substr(0, slash), media_type.substr(0, slash));
  return same_type ? 2 : 0;
}

struct Liking {
  double quality = 0;
  int exactness = 0;
};

/// The most exact range decides, whatever its quality.
Liking liking_of(const std::vector<Weighted>& ranges, std::string_view media_type) {
  Liking liking;
  for (const Weighted& range : ranges) {
    const int exact = exactness(range.name, media_type);
    if (exact > liking.exactness) liking = {range.quality, exact};
  }
  return liking;
}

/// By whichever of its two names a client likes it better.
Liking liking_of(const std::vector<Weighted>& ranges, const Format& format) {
  const Liking liking = liking_of(ranges, format.media_type);
  if (format.other_media_type.empty()) return liking;
  const Liking other = liking_of(ranges, format.other_media_type);
  return other.exactness > liking.exactness ? other : liking;
}

/// `"a", "b" or "c"`: of those formats for which `wanted` holds.
template <class Wanted>
std::string names(const std::vector<Format>& formats, Wanted wanted) {
  std::vector<std::string_view> names;
  for (const Format& format : formats) {
    if (wanted(format)) names.push_back(format.name());
  }
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i != 0) text += i + 1 == names.size() ? " or " : ", ";
    text += config::in_quotes(names[i]);
  }
  return text;
}

std::string http_names(const std::vector<Format>& formats) {
  return names(formats, [](const Format& format) { return format.over_http(); });
}

}  // namespace

bool is_envelope(const Format& format) noexcept { return format.name() == "envelope"; }

Negotiation::Negotiation(const std::vector<Format>& formats, std::string_view default_format, bool finite)
    : formats_(formats), default_(nullptr), websocket_(nullptr), finite_(finite) {
  for (const Format& format : formats_) {
    if (!format.over_http()) websocket_ = &format;
    const bool wanted = default_format.empty() ? default_ == nullptr : format.name() == default_format;
    if (format.over_http() && wanted) default_ = &format;
  }
  if (default_ == nullptr)
    throw std::invalid_argument("there is no format " + config::in_quotes(default_format));
}

Choice Negotiation::choose(const Request& request, const std::string* asked_for) const {
  if (asked_for != nullptr) return by_name(*asked_for);
  const std::string accept = joined(request, "Accept");
  std::string_view list = accept;
  if (next_element(list).empty()) return default_;  // it says nothing
  return by_accept(accept);
}

Choice Negotiation::choose_websocket(const std::string* asked_for) const {
  if (asked_for == nullptr && websocket_ != nullptr) return websocket_;
  for (const Format& format : formats_) {
    if (asked_for != nullptr && format.over_websocket && format.name() == *asked_for) return &format;
  }
  const std::string others = names(formats_, [](const Format& format) { return format.over_websocket; });
  return NotAcceptable{"a WebSocket has messages of its own: leave \"format\" out" +
                       (others.empty() ? "" : ", or write " + others + " for binary ones")};
}

Choice Negotiation::choose_envelope(const std::string* asked_for) const {
  const auto envelope = std::find_if(formats_.begin(), formats_.end(), is_envelope);
  const bool fits = asked_for == nullptr || *asked_for == "ndjson" || *asked_for == "envelope";
  if (fits && envelope != formats_.end()) return &*envelope;
  return NotAcceptable{"envelopes are NDJSON, and there are none in the format " +
                       config::in_quotes(asked_for != nullptr ? *asked_for : "ndjson") +
                       "; leave \"format\" out"};
}

Choice Negotiation::by_name(std::string_view name) const {
  for (const Format& format : formats_) {
    if (format.over_http() && format.name() == name) return &format;
  }
  return NotAcceptable{"there is no format " + config::in_quotes(name) + "; write " + http_names(formats_)};
}

Choice Negotiation::by_accept(std::string_view accept) const {
  const std::vector<Weighted> ranges = parse_weighted(accept);
  const Format* best = nullptr;
  Liking most;
  const auto consider = [&](const Format& format) {
    const Liking liking = liking_of(ranges, format);
    // A range that names a format goes before one that would take anything as well.
    const bool better =
        liking.quality > most.quality ||
        (liking.quality == most.quality && liking.exactness > most.exactness && liking.exactness == 3);
    if (liking.quality > 0 && better) {
      best = &format;
      most = liking;
    }
  };
  consider(*default_);
  for (const Format& format : formats_) {
    if (&format != default_ && offered(format)) consider(format);
  }
  const Liking page = liking_of(ranges, "text/html");
  if (page.exactness == 3 && page.quality > 0 && page.quality >= most.quality && most.exactness < 3)
    return WantsPage{};
  if (best != nullptr) return best;
  return NotAcceptable{"nothing that is served here suits " + config::in_quotes(accept) +
                       "; ask by ?format= for " + http_names(formats_)};
}

bool Negotiation::offered(const Format& format) const {
  return format.over_http() &&
         (format.by_accept == ByAccept::always || (format.by_accept == ByAccept::finite && finite_));
}

}  // namespace coyield::handlers
