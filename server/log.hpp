#pragma once

#include <coyield/config/configuration.hpp>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace spdlog {
class logger;
}

namespace coyield::server {

/// The log: one line per fact on standard error, for people (`text`) or for machines (`json`).
///
///     2026-11-23T16:20:31.042Z info listening address=127.0.0.1:8080
///     {"ts":"2026-11-23T16:20:31.042Z","level":"info","event":"listening","address":"127.0.0.1:8080"}
///
/// What comes from outside is escaped, so that no value can forge a line. May be used from all threads.
class Log {
 public:
  using Fact = std::pair<std::string_view, std::string_view>;

  explicit Log(const config::Log& config);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void debug(std::string_view event, std::initializer_list<Fact> facts) const {
    write(config::LogLevel::debug, event, facts);
  }
  void info(std::string_view event, std::initializer_list<Fact> facts) const {
    write(config::LogLevel::info, event, facts);
  }
  void warning(std::string_view event, std::initializer_list<Fact> facts) const {
    write(config::LogLevel::warning, event, facts);
  }
  void error(std::string_view event, std::initializer_list<Fact> facts) const {
    write(config::LogLevel::error, event, facts);
  }

  bool enabled(config::LogLevel level) const noexcept { return level >= config_.level; }

 private:
  void write(config::LogLevel level, std::string_view event, std::initializer_list<Fact> facts) const;

  config::Log config_;
  std::shared_ptr<spdlog::logger> logger_;
};

/// The line of one fact, without its line feed.
std::string log_line(config::LogFormat format, std::string_view time, config::LogLevel level,
                     std::string_view event, std::initializer_list<Log::Fact> facts);

}  // namespace coyield::server
