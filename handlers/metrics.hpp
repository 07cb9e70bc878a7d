#pragma once

#include <coyield/handlers/monitor.hpp>
#include <string>
#include <string_view>

namespace coyield::handlers {

inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// The figures as Prometheus reads them (text exposition format 0.0.4).
std::string metrics_text(const Figures& figures);

}  // namespace coyield::handlers
