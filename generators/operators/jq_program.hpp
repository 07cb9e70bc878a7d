#pragma once

#include <boost/asio/execution_context.hpp>
#include <coyield/config/mistake.hpp>
#include <coyield/generators/loop.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::generators {

/// A program in the language of jq (1.6, libjq), compiled: that takes some 20 to 40 ms, whatever the program.
///
/// It sees an item as `.` and other values as `$args`. It can neither be interrupted nor bounded while it
/// runs: for what the author of a configuration has written, never for what a request brings. One thread.
class JqProgram {
 public:
  /// Throws std::invalid_argument with what jq has to say of a program that it cannot compile. `refusal` must
  /// have nothing against it: jq ends the process for some of what it names.
  explicit JqProgram(const std::string& text);
  JqProgram(const JqProgram&) = delete;
  JqProgram& operator=(const JqProgram&) = delete;
  ~JqProgram();

  /// What in a program would reach out of it (files, the environment, other inputs, the process), with its
  /// place; none: nothing.
  static std::optional<config::Mistake> refusal(std::string_view text);

  /// What came of an item.
  struct Outcome {
    std::vector<std::string> outputs;  ///< JSON texts, in order
    std::optional<std::string> error;  ///< with which it has ended early
  };
  /// Both are JSON texts. Once the outputs have `most_bytes` together it is stopped, with an error.
  Outcome run(std::string_view item, std::string_view args, std::size_t most_bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The programs of a thread, each compiled when it is first asked for. A service of its `io_context`.
class JqPrograms final : public asio::execution_context::service {
 public:
  using key_type = JqPrograms;
  static inline asio::execution_context::id id;

  static JqPrograms& of(const Executor& executor);

  explicit JqPrograms(asio::execution_context& context);
  JqProgram& get(const std::string& text);

 private:
  void shutdown() override { programs_.clear(); }

  std::map<std::string, std::unique_ptr<JqProgram>, std::less<>> programs_;
};

}  // namespace coyield::generators
