#include <coyield/server/log.hpp>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <chrono>
#include <coyield/generators/json_text.hpp>
#include <ctime>

namespace coyield::server {

namespace {

std::string_view level_name(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::debug:
      return "debug";
    case config::LogLevel::info:
      return "info";
    case config::LogLevel::warning:
      return "warning";
    case config::LogLevel::error:
      return "error";
  }
  return "error";
}

std::string timestamp() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string result(text, size);
  const std::string digits = std::to_string(milliseconds);
  return result + "." + std::string(3 - digits.size(), '0') + digits + "Z";
}

/// A value that could be mistaken for more than one is quoted.
bool plain(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
  });
}

void append_value(generators::Buffer& line, std::string_view value) {
  if (plain(value)) {
    line.append(value);
  } else {
    generators::append_json_string(line, value);
  }
}

}  // namespace

std::string log_line(config::LogFormat format, std::string_view time, config::LogLevel level,
                     std::string_view event, std::initializer_list<Log::Fact> facts) {
  generators::Buffer line(256);
  if (format == config::LogFormat::json) {
    const auto member = [&line](std::string_view name, std::string_view value) {
      line.append(line.empty() ? "{" : ",");
      generators::append_json_string(line, name);
      line.push_back(':');
      generators::append_json_string(line, value);
    };
    member("ts", time);
    member("level", level_name(level));
    member("event", event);
    for (const auto& [name, value] : facts) member(name, value);
    line.push_back('}');
  } else {
    line.append(time);
    line.push_back(' ');
    line.append(level_name(level));
    line.push_back(' ');
    line.append(event);
    for (const auto& [name, value] : facts) {
      line.push_back(' ');
      line.append(name);
      line.push_back('=');
      append_value(line, value);
    }
  }
  return std::string(line.view());
}

Log::Log(const config::Log& config)
    : config_(config),
      logger_(
          std::make_shared<spdlog::logger>("coyield", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->set_pattern("%v");
  logger_->flush_on(spdlog::level::trace);
}

Log::~Log() = default;

void Log::write(config::LogLevel level, std::string_view event, std::initializer_list<Fact> facts) const {
  if (!enabled(level)) return;
  logger_->log(spdlog::level::critical, log_line(config_.format, timestamp(), level, event, facts));
}

}  // namespace coyield::server
