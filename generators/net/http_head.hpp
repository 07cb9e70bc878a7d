#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coyield::generators::net {

/// The head of a response: its status and fields.
struct HttpHead {
  unsigned status = 0;
  std::string reason;
  bool http_1_0 = false;
  std::vector<std::pair<std::string, std::string>> fields;

  /// The first field of that name, in whatever case.
  const std::string* find(std::string_view name) const noexcept;
  /// How many of that name there are.
  std::size_t count(std::string_view name) const noexcept;
};

/// Whether two names of fields are the same.
bool same_field(std::string_view a, std::string_view b) noexcept;

/// Reads the head of a response as its bytes come in; what is behind it, it leaves.
class HttpHeadReader {
 public:
  HttpHeadReader();
  HttpHeadReader(const HttpHeadReader&) = delete;
  HttpHeadReader& operator=(const HttpHeadReader&) = delete;
  ~HttpHeadReader();

  /// `bytes` are all that have come and were not used by an earlier call. Gives how many of them were. Throws
  /// `Failure(upstream)` for what is no head, and one that is too long.
  std::size_t feed(std::string_view bytes);
  bool whole() const noexcept { return head_.has_value(); }
  const HttpHead& head() const noexcept { return *head_; }

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
  std::optional<HttpHead> head_;
};

}  // namespace coyield::generators::net
