#pragma once

#include <coyield/handlers/monitor.hpp>
#include <string>
#include <vector>

/// What the admin address says of a running server, as JSON texts.
namespace coyield::handlers {

std::string stream_json(const StreamInfo& stream);
/// An array, a line each, so that it reads well where nothing takes it apart.
std::string streams_json(const std::vector<StreamInfo>& streams);
/// The figures of `metrics_text`, for those who make rates of them themselves.
std::string figures_json(const Figures& figures);
std::string shares_json(const std::vector<ShareInfo>& shares);
/// An array like that of the streams.
std::string failures_json(const std::vector<FailureInfo>& failures);

}  // namespace coyield::handlers
