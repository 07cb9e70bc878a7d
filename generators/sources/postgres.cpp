#include <chrono>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/json_text.hpp>
#include <coyield/generators/postgres/changes.hpp>
#include <coyield/generators/postgres/connection.hpp>
#include <coyield/generators/postgres/row_json.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/http_question.hpp>
#include <random>
#include <stdexcept>

namespace coyield::generators {

namespace {

using postgres::Connection;
using postgres::Purpose;
using Texts = std::vector<std::string>;

/// What the arguments say.
struct Job {
  std::string where;
  std::string query;
  Texts parameters;
  std::string channel;
  std::string publication;
  std::string key;    ///< the column whose values are the ids
  std::string after;  ///< the id that the stream begins behind
  std::shared_ptr<StartPosition> start;
  std::size_t max_item;
  postgres::Surroundings surroundings;
};

void refuse_too_long(const Buffer& text, std::size_t max_item) {
  if (text.size() > max_item)
    throw Failure(FailureKind::upstream, "a row is longer than max_item", Again::useless);
}

// ---- query

AsyncGenerator<Item> rows(Job job) {
  Loop& loop = co_await this_loop();
  Connection connection(loop, job.surroundings);
  co_await connection.open(job.where, Purpose::queries);
  co_await connection.start(job.query, job.parameters);
  postgres::RowWriter writer;
  Buffer text;
  for (;;) {
    const postgres::Result row = co_await connection.next_row();
    if (!row) co_return;
    text.clear();
    writer.append(text, row.get());
    refuse_too_long(text, job.max_item);
    co_yield Item::json(text.view());
  }
}

// ---- listen

AsyncGenerator<Item> notifications(Job job) {
  Loop& loop = co_await this_loop();
  Connection connection(loop, job.surroundings);
  co_await connection.open(job.where, Purpose::queries);
  co_await connection.execute("listen " + connection.quoted_name(job.channel));
  for (;;) {
    const postgres::Notification notification = co_await connection.next_notification();
    const std::string_view payload(notification->extra);
    Item item;
    item.set(kind_of_text(payload), payload);
    co_yield std::move(item);
  }
}

/// All rows behind the last one, at first and at each notification: several that have come are one. It
/// listens before it reads, so that nothing can come in between.
AsyncGenerator<Item> rows_when_notified(Job job) {
  Loop& loop = co_await this_loop();
  Connection connection(loop, job.surroundings);
  co_await connection.open(job.where, Purpose::queries);
  co_await connection.execute("listen " + connection.quoted_name(job.channel));
  Buffer text;
  Texts parameters = job.parameters;
  parameters.insert(parameters.begin(), job.after);
  for (;;) {
    co_await connection.start(job.query, parameters);
    postgres::RowWriter writer;  // the columns may be others than before
    for (;;) {
      const postgres::Result row = co_await connection.next_row();
      if (!row) break;
      const int key = postgres::RowWriter::find(row.get(), job.key);
      if (key < 0) {
        throw Failure(FailureKind::internal,
                      "the rows have no column \"" + job.key + "\", which is to be their key",
                      Again::useless);
      }
      text.clear();
      writer.append(text, row.get());
      refuse_too_long(text, job.max_item);
      parameters.front() = ::PQgetvalue(row.get(), 0, key);
      Item item = Item::json(text.view());
      item.set_id(parameters.front());
      co_yield std::move(item);
    }
    const postgres::Notification first = co_await connection.next_notification();
    while (connection.take_notification()) continue;
  }
}

// ---- changes

std::string new_slot() {
  std::random_device device;
  return "coyield_" + std::to_string(device()) + "_" + std::to_string(device());
}

/// PostgreSQL counts from the year 2000.
std::int64_t microseconds_since_2000(Loop& loop) {
  constexpr std::chrono::seconds from_1970(946'684'800);
  return std::chrono::duration_cast<std::chrono::microseconds>(loop.wall() - from_1970).count();
}

/// `{"from":"0/16B3780-2"}`
std::string gap_behind(std::string_view id) {
  Buffer out;
  out.append(R"({"from":)");
  append_json_string(out, id);
  out.push_back('}');
  return std::string(out.view());
}

/// What the slot does not have was before it.
AsyncGenerator<Item> changes(Job job) {
  if (!job.after.empty() && !postgres::is_place_of_changes(job.after))
    throw Failure(FailureKind::invalid, config::in_quotes(job.after) + " is no id of a change of a database");
  Loop& loop = co_await this_loop();
  Connection connection(loop, job.surroundings);
  co_await connection.open(job.where, Purpose::replication);
  const std::string slot = connection.quoted_name(new_slot());
  const postgres::Result made = co_await connection.execute("CREATE_REPLICATION_SLOT " + slot +
                                                            " TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT");
  if (job.start && job.start->id.empty() && made && ::PQntuples(made.get()) == 1)
    job.start->id = ::PQgetvalue(made.get(), 0, 1);  // its consistent point
  const std::string publication = connection.quoted_text(connection.quoted_name(job.publication));
  co_await connection.execute("START_REPLICATION SLOT " + slot +
                              " LOGICAL 0/0 (proto_version '1', publication_names " + publication + ")");
  if (!job.after.empty()) {
    const std::string gap = gap_behind(job.after);
    co_yield Item::gap(gap);
  }
  postgres::ChangeReader reader;
  Buffer text;
  std::string id;
  std::uint64_t position = 0;
  for (;;) {
    const std::string_view bytes = co_await connection.next_copied();
    if (bytes.empty()) throw Failure(FailureKind::unavailable, "the database has ended its changes");
    const postgres::WalMessage message = postgres::parse_wal_message(bytes);
    position = std::max(position, message.position);
    if (message.is_data) {
      text.clear();
      if (!reader.read(message.payload, message.position, text)) continue;
      refuse_too_long(text, job.max_item);
      id = reader.id();
      Item item = Item::json(text.view());
      item.set_id(id);
      co_yield std::move(item);
    } else if (message.wants_reply) {
      const std::string update = postgres::status_update(position, microseconds_since_2000(loop));
      co_await connection.send_copied(update);
    }
  }
}

// ---- from the arguments

std::string text_or_nothing(const config::Arguments& args, std::string_view name) {
  const auto* text = args.find<std::string>(name);
  return text == nullptr ? std::string() : *text;
}

AsyncGenerator<Item> start(config::Arguments args, SourceContext context) {
  if (context.blocking == nullptr || context.cleanup == nullptr)
    throw std::logic_error("the source postgres needs a BlockingPool and a Cleanup");
  Job job{.where = args.get<std::string>("url"),
          .query = text_or_nothing(args, "query"),
          .parameters = {},
          .channel = text_or_nothing(args, "listen"),
          .publication = text_or_nothing(args, "changes"),
          .key = text_or_nothing(args, "key"),
          .after = context.resume_after,
          .start = nullptr,
          .max_item = context.max_item,
          .surroundings = {context.blocking, context.cleanup, context.observer, context.endpoint}};
  if (const auto* parameters = args.find<Texts>("parameters")) job.parameters = *parameters;
  if (!job.publication.empty()) {
    job.start = std::move(context.start);
    return changes(std::move(job));
  }
  if (job.after.empty()) job.after = args.get<std::string>("after");
  if (context.start && !job.key.empty() && context.start->id.empty()) context.start->id = job.after;
  if (job.channel.empty()) return rows(std::move(job));
  return job.query.empty() ? notifications(std::move(job)) : rows_when_notified(std::move(job));
}

Resuming resuming_of(const config::Arguments& constants) {
  if (constants.find<std::string>("key") != nullptr) return Resuming::exact;
  return constants.find<std::string>("changes") != nullptr ? Resuming::from_now : Resuming::never;
}

// ---- what is checked

constexpr const char* examples =
    R"(write "query": "select ...", "listen": "channel", or "changes": "publication")";

void check_url(const config::Arguments& args, config::ParameterMistakes& mistakes) {
  char* message = nullptr;
  PQconninfoOption* const options = ::PQconninfoParse(args.get<std::string>("url").c_str(), &message);
  const std::unique_ptr<char, postgres::FreeBytes> owned(message);
  ::PQconninfoFree(options);
  if (options != nullptr) return;
  std::string why = message == nullptr ? "it cannot be read" : message;
  why.erase(why.find_last_not_of(" \n") + 1);
  mistakes.push_back({"url", {"is no database: " + why, R"(write "postgresql://user@host/name")"}});
}

config::ParameterMistakes check(const config::Arguments& args) {
  config::ParameterMistakes mistakes;
  check_url(args, mistakes);
  for (const char* name : {"query", "listen", "changes", "key"}) {
    const auto* text = args.find<std::string>(name);
    if (text != nullptr && text->empty())
      mistakes.push_back({name, {"is empty", "leave it out, or say what it is"}});
  }
  const bool query = args.find<std::string>("query") != nullptr;
  const bool listen = args.find<std::string>("listen") != nullptr;
  const bool changes = args.find<std::string>("changes") != nullptr;
  const bool key = args.find<std::string>("key") != nullptr;
  if (!query && !listen && !changes)
    mistakes.push_back({"query", {"is missing, and so are the others", examples}});
  if (changes && (query || listen))
    mistakes.push_back({"changes", {"cannot be beside \"query\" or \"listen\"", "write one of them"}});
  if (key != (query && listen)) {
    if (key)
      mistakes.push_back({"key", {"is for \"listen\" with a \"query\"", "leave it out"}});
    else
      mistakes.push_back(
          {"key",
           {"is missing: it says behind which row the next query goes on",
            R"(name the column that the query orders by, as "key": "id", and ask for "id > $1")"}});
  }
  if (args.find<Texts>("parameters") != nullptr && !query)
    mistakes.push_back({"parameters", {"are those of a query", "add \"query\", or leave them out"}});
  for (const std::string& parameter :
       args.find<Texts>("parameters") ? args.get<Texts>("parameters") : Texts()) {
    if (parameter.find('\0') != std::string::npos)
      mistakes.push_back(
          {"parameters", {"a value of PostgreSQL cannot hold a NUL character", "leave it out"}});
  }
  return mistakes;
}

}  // namespace

Source postgres_source() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "postgres",
           .summary =
               "Rows and changes of a PostgreSQL database: of a query, at each notification, or as they "
               "happen.",
           .parameters =
               {{.name = "url",
                 .type = ParameterType::text,
                 .summary = "The database: \"postgresql://user@host/name\", or as libpq has it, \"host=... "
                            "dbname=...\".",
                 .required = true,
                 .request_values = false},
                {.name = "query",
                 .type = ParameterType::text,
                 .summary = "A query whose rows are the items. Values stand in it as $1, $2, ...",
                 .request_values = false},
                {.name = "parameters",
                 .type = ParameterType::list,
                 .summary =
                     "The values of $1, $2, ... (with `listen`, of $2, $3, ...). They are bound, and never "
                     "a part of the query's text."},
                {.name = "listen",
                 .type = ParameterType::text,
                 .summary = "A channel of NOTIFY. Without `query` what it says are the items.",
                 .request_values = false},
                {.name = "key",
                 .type = ParameterType::text,
                 .summary =
                     "With `listen` and `query`: the column that the query orders by; $1 is its value in "
                     "the last row that was given.",
                 .request_values = false},
                {.name = "after",
                 .type = ParameterType::text,
                 .summary = "The value of $1 in the first query.",
                 .default_value = "0"},
                {.name = "changes",
                 .type = ParameterType::text,
                 .summary = "A publication, whose tables' changes are the items.",
                 .request_values = false}},
           .main = "url",
           .example =
               R"({ "postgres": { "url": "postgresql:///shop", "listen": "orders", "query": "select * from orders where id > $1 order by id", "key": "id" } })",
           .details =
               "A row is an object: numbers, booleans and JSON as what they are (numbers with all their "
               "digits), times as ISO 8601 has them, and anything else as the text that PostgreSQL writes; "
               "to_json in the query makes JSON of arrays and composites.\n"
               "`query` alone gives its rows one by one, however many, at the pace of the client, and ends; "
               "when the client leaves, it is cancelled on the server. A value that does not fit its "
               "parameter is invalid (400).\n"
               "`listen` gives what NOTIFY says, JSON where it is an object or an array, else text. "
               "PostgreSQL forgets what is said while nobody listens. With `query` and `key` it is only the "
               "call to look: at first, and at each, the query gives the rows behind the last one.\n"
               "`changes` gives what is done to the tables of a publication (CREATE PUBLICATION; wal_level "
               "= logical, and a role with REPLICATION): "
               "{\"op\":\"insert\",\"table\":\"public.t\",\"lsn\":\"0/16B3748\",\"xid\":742,\"row\":{...}}, "
               "update (with `old` as far as REPLICA IDENTITY has it; large columns that did not change are "
               "named in `unchanged`), delete and truncate, once they are committed. A client that takes "
               "nothing for wal_sender_timeout is cut off: share the endpoint.\n"
               "A database that cannot be reached, or breaks off, is unavailable, and so is a query that "
               "lost against another or was stopped; any other mistake of the query is internal. What the "
               "server has said of it is in the log, and not told to clients.",
           .position =
               "With `key`, the keys are the items' ids: a client that comes back, and `retry`, go on "
               "behind them, and nothing is lost while away. That is exact where keys grow in the order in "
               "which rows become visible: with a sequence, two transactions at once may commit the other "
               "way round.\n"
               "The id of a change is the place of its commit and its number there, \"0/16B3780-2\". The "
               "replication slot is temporary: a client that comes back, and `retry`, get a gap and what "
               "comes. Where the endpoint is shared, changes have ids of the share: as far as its "
               "\"replay\" has it, a client gets exactly the rest, else a gap.\n"
               "Else items have no ids but those of a share, and behind what has been given already, "
               "`retry` announces a gap.",
           .check = &check},
      .start = &start,
      .resuming_of = &resuming_of};
}

}  // namespace coyield::generators
