#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace coyield::generators::jq {

/// Where the outputs of an item go.
class Sink {
 public:
  /// False: it has enough.
  virtual bool output(std::string_view json) = 0;
  /// Called before libjq is, which may not come back, and behind it.
  virtual void enter() noexcept = 0;
  virtual void leave() noexcept = 0;

 protected:
  ~Sink() = default;
};

/// A program in the language of jq, compiled by libjq. It sees an item as `.`, and other values as `$args`.
class Program {
 public:
  /// Throws std::invalid_argument with what jq has to say of a text that it cannot compile.
  explicit Program(const std::string& text);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  /// `args` is the JSON of an object. Where it is the same as the last time it is not read again.
  void set_args(std::string_view args) const;
  /// Runs it for an item. Gives the error with which it has ended, or an empty text; and that too where
  /// `sink` has had enough.
  std::string run(std::string_view item, Sink& sink) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace coyield::generators::jq
