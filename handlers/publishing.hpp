#pragma once

#include <coyield/config/configuration.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/handlers/request.hpp>
#include <coyield/handlers/response.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// What clients publish, from the request to the items; the reading of its body is the session's.
namespace coyield::handlers {

/// What a body of that media type is taken for; nothing where it is not known. Without one, and for that of
/// forms, which `curl -d` sends, it is JSON where it is some, else text.
std::optional<PublishedAs> published_as(std::optional<std::string_view> content_type);

/// The item that `text` is, which borrows nothing; or why it is none.
using Taken = std::variant<generators::Item, generators::Failure>;
Taken take_item(const Publication& publication, PublishedAs as, std::string_view text);

/// `{"id": "..."}`, and what is said in its place of an item that was not taken:
/// `{"error": {"title", "status", "detail"}}`, a line each.
void append_published(generators::Buffer& out, std::string_view id);
void append_refused(generators::Buffer& out, const generators::Failure& failure);

/// The address of a client, without its port.
std::string address_of(std::string_view client);

}  // namespace coyield::handlers
