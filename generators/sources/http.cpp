#include <algorithm>
#include <coyield/config/units.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/json_check.hpp>
#include <coyield/generators/net/http_exchange.hpp>
#include <coyield/generators/observer.hpp>
#include <coyield/generators/operators/retry.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/event_stream.hpp>
#include <coyield/generators/sources/file_records.hpp>
#include <coyield/generators/sources/fill.hpp>
#include <coyield/generators/sources/http_question.hpp>
#include <coyield/generators/sources/json_elements.hpp>
#include <optional>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;

/// What is made of an answer.
enum class Decode : unsigned char { lines, json, array, value, sse, bytes };

/// What the arguments say.
struct Job {
  net::HttpRequest request;
  std::optional<Decode> decode;  ///< none: as the answer's type says
  std::string done;              ///< the text of an item that is the end
  bool ids;
  std::chrono::nanoseconds interval;  ///< from one question to the next; 0: there is one
  std::size_t max_item;
  std::string resume_after;
  Observer* observer;
  std::string_view endpoint;
};

std::optional<Decode> decode_named(std::string_view name) {
  constexpr std::pair<std::string_view, Decode> all[] = {{"lines", Decode::lines}, {"json", Decode::json},
                                                         {"array", Decode::array}, {"value", Decode::value},
                                                         {"sse", Decode::sse},     {"bytes", Decode::bytes}};
  for (const auto& [each, decode] : all) {
    if (each == name) return decode;
  }
  return std::nullopt;
}

/// By the answer's media type.
Decode decode_for(const net::HttpHead& head, bool is_polled) {
  const std::string* type = head.find("Content-Type");
  if (type == nullptr) return Decode::bytes;
  std::string name = type->substr(0, type->find(';'));
  name.erase(name.find_last_not_of(" \t") + 1);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  if (name == "text/event-stream") return Decode::sse;
  for (const char* lines : {"application/x-ndjson", "application/ndjson", "application/jsonl",
                            "application/x-jsonlines", "application/jsonlines"}) {
    if (name == lines) return Decode::json;
  }
  if (name == "application/json" || name.ends_with("+json")) return is_polled ? Decode::value : Decode::array;
  return name.starts_with("text/") ? Decode::lines : Decode::bytes;
}

// ---- items

/// coyield itself says so, in its own event streams, and every client of one has to know.
bool is_end(const EventStream& events) { return events.name() == "end" && events.id() == "end"; }

/// And so it says that items are missing.
bool is_gap_event(const EventStream& events, std::string_view data) {
  return events.name() == "gap" && data.starts_with('{') && is_json(data);
}

template <class Input>
AsyncGenerator<Item> events_of(Input& input, std::size_t max_item, bool ids) {
  EventStream events(max_item);
  while (!events.ended()) {
    try {
      co_await fill(input, events);
    } catch (Failure& failure) {
      if (failure.retry_after() == 0ns) failure.retry_after(events.retry());
      throw;
    }
    std::string_view data;
    while (events.next(data)) {
      if (is_end(events)) co_return;
      if (is_gap_event(events, data)) {
        co_yield Item::gap(data);
        continue;
      }
      Item item;
      item.set(kind_of_text(data), data);
      item.set_event(events.name());
      if (ids) item.set_id(events.id());
      co_yield std::move(item);
    }
  }
}

/// Of `input`, which must outlive it.
template <class Input>
AsyncGenerator<Item> items_of(Input& input, Decode decode, const Job& job) {
  switch (decode) {
    case Decode::lines:
      return records_of<Input&>(input, TextLines(job.max_item));
    case Decode::json:
      return records_of<Input&>(input, JsonLines(job.max_item));
    case Decode::array:
      return records_of<Input&>(input, JsonElements(job.max_item));
    case Decode::value:
      return records_of<Input&>(input, JsonElements(job.max_item, JsonElements::Whole::yes));
    case Decode::sse:
      return events_of(input, job.max_item, job.ids);
    case Decode::bytes:
      break;
  }
  return records_of<Input&>(input, ByteBlocks(job.max_item, BlockSize::growing));
}

bool is_done(const Item& item, std::string_view done) {
  return !done.empty() && !item.is_value() && item.payload() == done;
}

/// One question.
AsyncGenerator<Item> ask(Job job) {
  Loop& loop = co_await this_loop();
  net::HttpExchange exchange(loop);
  net::HttpRequest request = job.request;
  if (!job.resume_after.empty()) request.fields.emplace_back("Last-Event-ID", job.resume_after);
  co_await exchange.open(std::move(request));
  refuse_unless(200, exchange);
  const Decode decode = job.decode.value_or(decode_for(exchange.head(), false));
  if (!job.resume_after.empty() && decode != Decode::sse && exchange.head().status != 204) {
    throw Failure(FailureKind::conflict, net::to_string(exchange.url()) +
                                             " gives no event stream, and cannot go on behind an id; ask "
                                             "without Last-Event-ID and last_event_id");
  }
  AsyncGenerator<Item> items = items_of(exchange, decode, job);
  while (auto item = co_await items.next()) {
    if (is_done(*item, job.done)) co_return;
    co_yield std::move(*item);
  }
}

// ---- one question after the other

/// Bytes that are all there.
class Whole {
 public:
  explicit Whole(std::string_view bytes) noexcept : bytes_(bytes) {}
  std::optional<std::size_t> read_now(std::span<char> into) noexcept {
    const std::size_t n = bytes_.copy(into.data(), into.size());
    bytes_.remove_prefix(n);
    return n;
  }
  Task<void> more() { co_return; }

 private:
  std::string_view bytes_;
};

/// The present answer, and what tells it from the next.
class Answer {
 public:
  std::string_view body() const noexcept { return body_; }
  Decode decode() const noexcept { return decode_; }

  /// Asks again. Whether the answer is another one.
  Task<bool> renew(Loop& loop, const Job& job) {
    net::HttpExchange exchange(loop);
    net::HttpRequest request = job.request;
    if (!etag_.empty()) request.fields.emplace_back("If-None-Match", etag_);
    if (!modified_.empty()) request.fields.emplace_back("If-Modified-Since", modified_);
    co_await exchange.open(std::move(request));
    if (exchange.head().status == 304) co_return false;
    refuse_unless(200, exchange);
    std::string body;
    char block[4096];
    for (;;) {
      const auto n = exchange.read_now(block);
      if (n == 0) break;
      if (!n) {
        co_await exchange.more();
        continue;
      }
      body.append(block, *n);
      if (body.size() > job.max_item) too_long(exchange, job);
    }
    remember(exchange.head());
    decode_ = job.decode.value_or(decode_for(exchange.head(), true));
    if (known_ && body == body_) co_return false;
    body_ = std::move(body);
    known_ = true;
    co_return true;
  }

 private:
  [[noreturn]] static void too_long(const net::HttpExchange& exchange, const Job& job) {
    throw Failure(FailureKind::upstream,
                  net::to_string(exchange.url()) + ": its answer is longer than " +
                      config::format_size({job.max_item}) + ", and has to be compared as a whole",
                  Again::useless);
  }
  void remember(const net::HttpHead& head) {
    const std::string* etag = head.find("ETag");
    const std::string* modified = head.find("Last-Modified");
    etag_ = etag != nullptr ? *etag : "";
    modified_ = modified != nullptr ? *modified : "";
  }

  std::string body_;
  std::string etag_;
  std::string modified_;
  Decode decode_ = Decode::bytes;
  bool known_ = false;
};

/// That one question in a row fails need not be the end of all.
void note_failure(const Job& job, const std::exception_ptr& failure) {
  if (job.observer == nullptr) return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    job.observer->note("poll", {{"endpoint", job.endpoint}, {"failed", error.what()}});
  }
}

AsyncGenerator<Item> poll(Job job) {
  Loop& loop = co_await this_loop();
  Answer answer;
  bool answered = false;
  for (std::chrono::nanoseconds due = loop.now();;) {
    std::exception_ptr failed;
    bool is_new = false;
    try {
      is_new = co_await answer.renew(loop, job);
      answered = true;
    } catch (...) {
      failed = std::current_exception();
    }
    co_await check_cancelled();
    if (failed && (!answered || !worth_retrying(failed))) std::rethrow_exception(failed);
    if (failed) note_failure(job, failed);
    if (is_new) {
      Whole whole(answer.body());
      AsyncGenerator<Item> items = items_of(whole, answer.decode(), job);
      while (auto item = co_await items.next()) {
        if (is_done(*item, job.done)) co_return;
        co_yield std::move(*item);
      }
    }
    const auto pause = failed ? asked_for(failed) : 0ns;
    due = std::max(due + job.interval, loop.now() + pause);
    co_await yield_now();
    co_await sleep_until(due);
  }
}

// ---- from the arguments

net::HttpRequest request_of(const config::Arguments& args) {
  net::HttpRequest request = question_of(args, net::http_schemes);
  const auto* body = args.find<nlohmann::json>("body");
  const auto* method = args.find<std::string>("method");
  request.method = method != nullptr ? *method : body != nullptr ? "POST" : "GET";
  if (const auto* idle = args.find<std::chrono::nanoseconds>("idle")) request.idle = *idle;
  if (body == nullptr) return request;
  request.body = body->is_string() ? body->get<std::string>() : body->dump();
  const bool has_type = std::any_of(request.fields.begin(), request.fields.end(), [](const auto& field) {
    return net::same_field(field.first, "Content-Type");
  });
  if (!has_type) {
    const char* const type = body->is_string() ? "text/plain; charset=utf-8" : "application/json";
    request.fields.emplace_back("Content-Type", type);
  }
  return request;
}

Resuming resuming_of(const config::Arguments& constants) {
  const bool* const ids = constants.find<bool>("ids");
  return ids != nullptr && *ids ? Resuming::exact : Resuming::never;
}

AsyncGenerator<Item> start(config::Arguments args, SourceContext context) {
  Job job{.request = request_of(args),
          .decode = decode_named(args.get<std::string>("decode")),
          .done = {},
          .ids = args.get<bool>("ids"),
          .interval = {},
          .max_item = context.max_item,
          .resume_after = std::move(context.resume_after),
          .observer = context.observer,
          .endpoint = context.endpoint};
  if (const auto* done = args.find<std::string>("done")) job.done = *done;
  const auto* interval = args.find<std::chrono::nanoseconds>("poll");
  if (interval == nullptr) return ask(std::move(job));
  job.interval = *interval;
  return poll(std::move(job));
}

// ---- what is checked

void check_together(const config::Arguments& args, config::ParameterMistakes& mistakes) {
  const auto* decode = args.find<std::string>("decode");
  const auto* ids = args.find<bool>("ids");
  const auto* method = args.find<std::string>("method");
  const bool polls = args.find<std::chrono::nanoseconds>("poll") != nullptr;
  if (ids != nullptr && *ids && (polls || (decode != nullptr && *decode != "auto" && *decode != "sse"))) {
    mistakes.push_back({"ids",
                        {"are those of an event stream's events, and this is none",
                         R"(leave it out, or write "decode": "sse")"}});
  }
  if (polls && decode != nullptr && *decode == "sse")
    mistakes.push_back(
        {"poll", {"has no meaning for an event stream, which says by itself what is new", "leave it out"}});
  if (args.find<nlohmann::json>("body") != nullptr && method != nullptr && *method == "GET")
    mistakes.push_back({"body", {"has no meaning with GET", R"(leave it out, or write "method": "POST")"}});
}

config::ParameterMistakes check(const config::Arguments& args) {
  config::ParameterMistakes mistakes;
  check_question(args, net::http_schemes, mistakes);
  check_together(args, mistakes);
  return mistakes;
}

std::vector<config::Parameter> parameters() {
  using config::ParameterType;
  std::vector<config::Parameter> all = {
      url_parameter("http:// or https://"),
      {.name = "method",
       .type = ParameterType::choice,
       .summary = "How to ask. Without it: POST where there is a `body`, else GET.",
       .choices = {"GET", "POST", "PUT", "PATCH", "DELETE"},
       .request_values = false},
      {.name = "body",
       .type = ParameterType::json,
       .summary = "What to send: a text as it is, any other value as JSON."},
      {.name = "decode",
       .type = ParameterType::choice,
       .summary = "What an item is: an event (sse), each line as JSON (json) or as a text (lines), "
                  "each element of a JSON array (array), the whole answer as JSON (value), or "
                  "whatever bytes come together. auto: as its Content-Type says.",
       .default_value = "auto",
       .choices = {"auto", "sse", "json", "array", "value", "lines", "bytes"}},
      {.name = "ids",
       .type = ParameterType::boolean,
       .summary = "Whether the ids of the events are those of the items, by which upstream can be "
                  "asked to go on (Last-Event-ID): for clients that come back, and `retry`.",
       .default_value = false,
       .request_values = false},
      {.name = "done",
       .type = ParameterType::text,
       .summary = "The text of an item that is not one, but the end: \"[DONE]\"."},
      {.name = "poll",
       .type = ParameterType::duration,
       .summary = "Asks again so long after the time before; what is the same as then is not given "
                  "again.",
       .minimum = 10ms,
       .maximum = 8760h},
      {.name = "idle",
       .type = ParameterType::duration,
       .summary = "How long the answer may be silent. Without it: for ever, as long as the "
                  "connection is alive.",
       .minimum = 1ms,
       .maximum = 8760h}};
  for (config::Parameter& one : question_parameters()) all.push_back(std::move(one));
  return all;
}

}  // namespace

Source http_source() {
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "http",
           .summary =
               "What another server answers: an event stream, lines of JSON, the elements of an array, "
               "lines, or bytes; once, or asked for again and again.",
           .parameters = parameters(),
           .main = "url",
           .example =
               R"({ "http": { "url": "https://api.example.com/events", "headers": { "Authorization": "Bearer ${env.TOKEN:-none}" }, "ids": true } })",
           .details =
               "Each stream asks once; an endpoint that is shared asks once for all. The question is gone "
               "with the client, or with the last one. Ends where the answer does: one that breaks off is a "
               "failure (upstream), and so are a server that cannot be reached, a certificate that is not "
               "good for the host, and any status but 2xx: 404 and 410 are what they are (not_found, gone), "
               "429 and 503 unavailable. `retry` behind it asks again after a failure that may pass, no "
               "sooner than Retry-After or the stream's own `retry:` says.\n"
               "`auto` takes text/event-stream for sse, application/x-ndjson and jsonl for json, other JSON "
               "for array (which is the whole where it is no array; with `poll` always the whole), other "
               "text for lines, and the rest for bytes. The data of an event is JSON where it is an object "
               "or an array, else text; its name is that of the item.\n"
               "With `poll`, the whole answer is compared with the one before, and may have `max_item`; "
               "ETag and Last-Modified are used where the server gives them. A question that fails in a way "
               "that may pass is noted in the log, and asked again in its time; the first is a failure.\n"
               "Redirects are followed (10), not from https to http, and without Authorization and Cookie "
               "to another origin. HTTP/1.1, one connection each; nothing compressed is asked for.",
           .position =
               "With `ids`, a client that comes back and `retry` go on behind the last event, as exactly as "
               "upstream does when it is asked for Last-Event-ID; without, items have no ids of their own "
               "(shared, they have those of the share), and after a `retry` a gap is announced.",
           .check = &check},
      .start = &start,
      .resuming_of = &resuming_of};
}

}  // namespace coyield::generators
