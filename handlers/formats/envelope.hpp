#pragma once

#include <coyield/generators/buffer.hpp>
#include <coyield/generators/encoder.hpp>
#include <memory>
#include <string>
#include <string_view>

/// Envelopes: JSON objects that say all of an item, and in band what else there is to say of its stream.
///
///     {"sub":"a","subscribed":{"id":"POSITION"}}           it has begun, and stands behind that id
///     {"sub":"a","id":"ID","event":"NAME","data":JSON}     an item; bytes: Base64, "encoding":"base64"
///     {"sub":"a","gap":{"count":5,"from":"ID"}}            items are missing here
///     {"sub":"a","end":{}}                                 its generator has returned
///     {"sub":"a","failed":{"status":503,...}}              a problem document says why it is over
///     {"ref":"r1","published":{"id":"ID"}}                 what was published has that id
///
/// `sub` is there where a connection carries several streams. `handlers/coyield.v1.schema.json` has all of it
/// as a JSON Schema.
namespace coyield::handlers {

/// What stands around each envelope of one stream.
struct EnvelopeOptions {
  std::string sub = {};            ///< its name among others; empty: it is alone
  std::string_view line_end = {};  ///< behind each
};

/// Never null. Its `position` says `subscribed`, for an empty id without one.
std::unique_ptr<generators::Encoder> make_envelope_encoder(const EnvelopeOptions& options);

/// Appends the answer to an `unsubscribe`.
void append_unsubscribed(std::string_view sub, generators::Buffer& out);

/// Appends `failed` with a problem document, of the subscription `sub`; empty: of none.
void append_failed(std::string_view sub, std::string_view problem, generators::Buffer& out);

/// Appends what has become of a `publish` with that `ref`; empty: it had none.
void append_published_as(std::string_view ref, std::string_view id, generators::Buffer& out);
void append_publish_failed(std::string_view ref, std::string_view problem, generators::Buffer& out);

}  // namespace coyield::handlers
