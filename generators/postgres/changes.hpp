#pragma once

#include <coyield/generators/buffer.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::generators::postgres {

/// What a walsender says (PostgreSQL's manual, "Streaming Replication Protocol"): changes, and that it is
/// there.
struct WalMessage {
  bool is_data = false;        ///< else a keepalive
  std::uint64_t position = 0;  ///< of the data, or of the end of the log
  bool wants_reply = false;    ///< of a keepalive
  std::string_view payload = {};
};

/// Throws `Failure(upstream)` for what is none.
WalMessage parse_wal_message(std::string_view bytes);

/// That everything up to `position` has been dealt with. `microseconds` since 2000-01-01.
std::string status_update(std::uint64_t position, std::int64_t microseconds);

/// `0/16B3748`, as PostgreSQL writes it.
std::string position_text(std::uint64_t position);

/// Whether it is the id of a change, or the position of a slot.
bool is_place_of_changes(std::string_view id) noexcept;

/// Makes JSON of the messages of the output plugin `pgoutput` (protocol version 1; the manual, "Logical
/// Replication Message Formats").
///
///     {"op":"insert","table":"public.t","lsn":"0/16B3748","xid":742,"row":{"id":1,"name":"Ada"}}
///     {"op":"update",...,"row":{...},"old":{...}}     "old": what was there, as far as the table tells
///     (REPLICA IDENTITY)
///     {"op":"delete",...,"old":{"id":1}}
///     {"op":"truncate",...,"tables":["public.t"]}
///
/// A large value that an update did not change is not sent: its column is left out of `row`, and named in
/// `unchanged`.
class ChangeReader {
 public:
  /// Whether the message is a change, which is appended to `out`. Throws `Failure(upstream)` for what cannot
  /// be read.
  bool read(std::string_view message, std::uint64_t position, Buffer& out);
  /// Of the change that was read last: where its transaction was committed, and which one of it it is, from
  /// 1, as in `0/16B3780-2`. The same for whoever reads it, and they come in this order; the change's own
  /// position
  /// (`lsn`) may be that of several, and lies before those of transactions that were committed earlier.
  std::string id() const;

 private:
  struct Column {
    std::string name;  // in JSON
    unsigned type;
  };
  struct Relation {
    std::string name;  // in JSON
    std::vector<Column> columns;
  };
  class Reader;

  const Relation& relation(std::uint32_t number) const;
  void read_relation(Reader& reader);
  static void append_tuple(Reader& reader, const Relation& relation, Buffer& out, std::string* unchanged,
                           bool key_only);
  void begin(Buffer& out, std::string_view op, std::uint64_t position);

  std::map<std::uint32_t, Relation> relations_;
  std::uint32_t transaction_ = 0;
  std::uint64_t committed_ = 0;  // its position
  std::uint64_t number_ = 0;     // of the change in it
};

}  // namespace coyield::generators::postgres
