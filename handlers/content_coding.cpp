#include <coyield/handlers/content_coding.hpp>

#include <coyield/handlers/fields.hpp>
#include <coyield/handlers/weighted_list.hpp>

namespace coyield::handlers {

namespace {

/// What a list says of a coding: by its name, else by `*`, else nothing.
std::optional<double> quality_of(const std::vector<Weighted>& list, std::string_view name,
                                 std::string_view old_name = {}) {
  std::optional<double> of_all;
  for (const Weighted& each : list) {
    if (equal_ignoring_case(each.name, name) || equal_ignoring_case(each.name, old_name)) return each.quality;
    if (each.name == "*") of_all = each.quality;
  }
  return of_all;
}

}  // namespace

std::optional<Coding> choose_coding(const Request& request, bool gzip_offered) {
  const std::string accept = joined(request, "Accept-Encoding");
  const std::vector<Weighted> list = parse_weighted(accept);
  const double gzip = gzip_offered ? quality_of(list, "gzip", "x-gzip").value_or(0) : 0;
  const std::optional<double> identity = quality_of(list, "identity");
  if (gzip > 0 && gzip >= identity.value_or(0)) return Coding::gzip;
  if (identity == 0.0) return std::nullopt;
  return Coding::identity;
}

}  // namespace coyield::handlers
