#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

namespace coyield::generators {

/// Is told what concerns whoever runs the program, and no client: what a child process has written to its
/// standard error, say. Implemented by whoever has a log. Called on the thread of the stream.
class Observer {
 public:
  using Fact = std::pair<std::string_view, std::string_view>;

  /// `event` is a word for what has happened. Nothing is kept of the texts, and nothing of them is trusted.
  virtual void note(std::string_view event, std::initializer_list<Fact> facts) = 0;

 protected:
  ~Observer() = default;
};

}  // namespace coyield::generators
