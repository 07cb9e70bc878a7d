#include <coyield/server/publishing/session.hpp>

#include <algorithm>
#include <array>
#include <coyield/handlers/publishing.hpp>
#include <coyield/server/http/response_head.hpp>
#include <coyield/server/publishing/line_splitter.hpp>
#include <coyield/server/pump.hpp>
#include <coyield/server/worker.hpp>
#include <cstdio>
#include <deque>
#include <optional>
#include <utility>

namespace coyield::server {

namespace {

using generators::Buffer;
using generators::Failure;
using generators::FailureKind;
using generators::Item;
using generators::Published;
using generators::Task;
using handlers::Publication;
using handlers::Response;

/// Answers that a client may leave untaken while it sends: many take them only when all is sent.
constexpr std::size_t most_untaken = 4 * 1024 * 1024;
/// Lines that are read ahead of their answers.
constexpr std::size_t most_under_way = 512;
/// Answers that leave together.
constexpr std::size_t batch_bytes = 64 * 1024;

void say_continue(Connection& connection, const Exchange& exchange) {
  if (exchange.expects_continue) connection.send("HTTP/1.1 100 Continue\r\n\r\n");
}

/// In the place of the publication; pages of other origins may read it as they could that.
void answer(Exchange& exchange, Response response) {
  response.fields.add(exchange.response.fields);
  exchange.response = std::move(response);
}

void count(Worker& worker, const Publication& publication, bool taken) noexcept {
  EndpointCounters& counters = worker.roster().counters(publication.number);
  (taken ? counters.published : counters.published_refused).add(1);
}

/// How long a body may be without as much as it should bring.
class BodyDeadline {
 public:
  explicit BodyDeadline(Worker& worker) noexcept
      : loop_(worker.loop()),
        timeouts_(worker.shared().config.timeouts),
        due_(loop_.now() + timeouts_.write) {}

  std::chrono::nanoseconds due() const noexcept { return due_; }
  /// It has so many bytes now. False: that is too little.
  bool kept(std::size_t bytes) noexcept {
    if (loop_.now() < due_) return true;
    const double seconds = std::chrono::duration<double>(timeouts_.write).count();
    const auto least = static_cast<std::uint64_t>(static_cast<double>(timeouts_.least_rate) * seconds);
    if (bytes - seen_ < std::max<std::uint64_t>(least, 1)) return false;
    seen_ = bytes;
    due_ = loop_.now() + timeouts_.write;
    return true;
  }

 private:
  generators::Loop& loop_;
  const config::Timeouts& timeouts_;
  std::chrono::nanoseconds due_;
  std::size_t seen_ = 0;
};

/// What came of reading a body: all of it, what to answer instead, or neither, where the client has left.
struct Body {
  bool whole = false;
  std::optional<Response> refusal = {};
};

Response too_large(std::uint64_t most) {
  return handlers::problem(413, "what is published may have " + std::to_string(most) + " bytes here");
}

Task<Body> read_whole(Worker& worker, Connection& connection, RequestReader& reader, const Exchange& exchange,
                      std::uint64_t most, Buffer& into) {
  using Status = BodyReader::Status;
  if (!exchange.body.chunked && exchange.body.bytes > most) co_return Body{.refusal = too_large(most)};
  BodyReader body(worker, connection, reader, exchange.body);
  BodyDeadline deadline(worker);
  say_continue(connection, exchange);
  for (;;) {
    const Status status = body.read(into);
    if (status == Status::whole) co_return Body{.whole = true};
    if (status == Status::closed || worker.stopping()) co_return Body{};
    if (status == Status::fault) co_return Body{.refusal = handlers::problem(400, body.fault())};
    if (into.size() > most) co_return Body{.refusal = too_large(most)};
    connection.hold(Connection::Held::request, into.capacity());
    if (!deadline.kept(into.size()))
      co_return Body{.refusal = handlers::problem(408, "the body did not arrive in time")};
    if (status == Status::bytes) continue;
    connection.watch_reading();
    connection.wake_at(deadline.due());
    co_await connection.wake().wait();
  }
}

PublisherPtr publisher_for(Worker& worker, Connection& connection, const Publication& publication) {
  return worker.shares().publish(publication.topic, connection.wake(), {.client = publication.client});
}

/// What has become of one item; none where the connection has broken, or the server goes. A client that has
/// only closed its sending side waits for the answer.
Task<std::optional<Published>> publish(Worker& worker, Connection& connection, const Publication& publication,
                                       Item item) {
  const PublisherPtr publisher = publisher_for(worker, connection, publication);
  publisher->submit(std::move(item), publication.key);
  for (;;) {
    if (auto published = publisher->next()) co_return published;
    if (worker.stopping() || connection.broken()) co_return std::nullopt;
    connection.watch_breaking();
    co_await connection.wake().wait();
  }
}

Response response_to(const Published& published) {
  if (published.failure) return handlers::problem(*published.failure);
  Buffer text;
  handlers::append_published(text, published.id);
  Response response;
  response.fields.add("Content-Type", "application/json").add("Cache-Control", "no-store");
  response.body = std::string(text.view());
  return response;
}

/// The lines of one body, from their bytes to the answers.
class Lines {
 public:
  Lines(Worker& worker, Connection& connection, RequestReader& reader, Exchange& exchange,
        Publication publication)
      : worker_(worker),
        connection_(connection),
        publication_(std::move(publication)),
        body_(worker, connection, reader, exchange.body),
        splitter_(publication_.max_item),
        publisher_(publisher_for(worker, connection, publication_)),
        chunked_(exchange.minor_version == 1) {
    Response head;
    head.fields.add("Content-Type", "application/x-ndjson")
        .add("Cache-Control", "no-store, no-transform")
        .add("X-Accel-Buffering", "no")
        .add(exchange.response.fields);
    ResponseHead text(worker, head, exchange.keep_alive_behind_body && chunked_);
    if (chunked_) text.add("Transfer-Encoding", "chunked");
    head_ = text.take();
  }
  ~Lines() { connection_.hold(Connection::Held::request, 0); }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  /// Takes what there is, as far as there is room for it. False: there is nothing to be had at present.
  bool take_some() {
    using Status = BodyReader::Status;
    publish_what_is_there();
    waits_for_room_ = !has_room();
    if (waits_for_room_ || ended_) return false;
    if (status_ == Status::fault) {
      refuse(Failure(FailureKind::invalid, body_.fault()));
      ended_ = true;
      return false;
    }
    status_ = body_.read(splitter_.room());
    connection_.hold(Connection::Held::request, splitter_.held_bytes());
    if (status_ == Status::whole) {
      if (const auto rest = splitter_.rest()) publish_line(*rest);
    }
    ended_ = status_ == Status::whole || status_ == Status::closed;
    return status_ == Status::bytes || status_ == Status::fault;  // of which the lines in front are good
  }
  /// There is more to take by now.
  bool has_room_again() const noexcept { return waits_for_room_ && has_room(); }
  /// No more is read.
  void stop_reading() noexcept { ended_ = true; }
  bool client_left() const noexcept { return status_ == BodyReader::Status::closed; }
  bool whole() const noexcept { return status_ == BodyReader::Status::whole; }
  /// All that came has its answer.
  bool done() const noexcept { return ended_ && answers_.empty(); }

  /// Sends the answers that are there, and the end where that was all. False: the client has left.
  bool send_answers() {
    Buffer& out = worker_.out();
    while (out.size() < batch_bytes && append_answer(out)) {
    }
    std::string bytes;
    if (!out.empty() || done()) bytes.swap(head_);
    append_chunk(bytes, out.view());
    if (done() && chunked_) bytes += "0\r\n\r\n";
    return bytes.empty() || connection_.send(bytes);
  }

 private:
  bool has_room() const noexcept { return !publisher_->full() && answers_.size() < most_under_way; }

  void publish_what_is_there() {
    while (has_room()) {
      const auto line = splitter_.next();
      if (!line) return;
      publish_line(*line);
    }
  }
  void publish_line(std::string_view line) {
    ++number_;
    auto taken = handlers::take_item(publication_, publication_.as, line);
    if (auto* failure = std::get_if<Failure>(&taken)) return refuse(std::move(*failure));
    const std::string& key = publication_.key;
    publisher_->submit(std::get<Item>(std::move(taken)),
                       key.empty() ? key : key + "\n" + std::to_string(number_));
    answers_.emplace_back();
  }
  void refuse(Failure failure) { answers_.emplace_back(std::move(failure)); }

  /// The next one in order, if it is there.
  bool append_answer(Buffer& out) {
    if (answers_.empty()) return false;
    std::optional<Published> published;
    if (answers_.front()) {
      published.emplace(Published{.failure = std::move(answers_.front())});
    } else {
      published = publisher_->next();
    }
    if (!published) return false;
    answers_.pop_front();
    count(worker_, publication_, !published->failure);
    if (published->failure) {
      handlers::append_refused(out, *published->failure);
    } else {
      handlers::append_published(out, published->id);
    }
    return true;
  }
  void append_chunk(std::string& bytes, std::string_view text) const {
    if (text.empty()) return;
    if (chunked_) {
      std::array<char, 20> size;
      const int length = std::snprintf(size.data(), size.size(), "%zx\r\n", text.size());
      bytes.append(size.data(), static_cast<std::size_t>(length));
    }
    bytes += text;
    if (chunked_) bytes += "\r\n";
  }

  Worker& worker_;
  Connection& connection_;
  const Publication publication_;
  BodyReader body_;
  LineSplitter splitter_;
  PublisherPtr publisher_;
  std::deque<std::optional<Failure>> answers_;  // in order; none: the publisher has it
  std::string head_;
  std::uint64_t number_ = 0;
  BodyReader::Status status_ = BodyReader::Status::nothing;
  bool chunked_;
  bool ended_ = false;
  bool waits_for_room_ = false;
};

/// Waits until the client has taken its answers, without reading on, if there are more than so many bytes of
/// them.
Task<std::optional<PumpEnd>> make_room(Worker& worker, Connection& connection, std::size_t most) {
  if (connection.unsent() <= most) co_return std::nullopt;
  connection.watch_breaking();
  const auto received = [&connection] { return connection.broken() ? Inbound::left : Inbound::go_on; };
  auto flushing = flush(worker, connection, received, [] {}, [] { return false; });
  co_return co_await std::move(flushing);
}

Next next_behind(const Lines& lines, const Exchange& exchange) noexcept {
  if (lines.client_left()) return Next::close;
  return lines.whole() && exchange.keep_alive_behind_body && exchange.minor_version == 1 ? Next::keep
                                                                                         : Next::linger;
}

Task<Next> answer_lines(Worker& worker, Connection& connection, RequestReader& reader, Exchange& exchange,
                        Publication publication) {
  Lines lines(worker, connection, reader, exchange, std::move(publication));
  say_continue(connection, exchange);
  for (;;) {
    if (worker.stopping()) co_return Next::close;
    if (worker.draining()) lines.stop_reading();
    const bool more = lines.take_some();
    // It may have become possible while there was something else to do.
    if (lines.client_left() || !connection.send_unsent() || !lines.send_answers()) co_return Next::close;
    if (lines.done()) break;
    auto making_room = make_room(worker, connection, most_untaken);
    if (const auto end = co_await std::move(making_room))
      co_return *end == PumpEnd::slow ? Next::reset : Next::close;
    if (more || lines.has_room_again()) {
      co_await generators::yield_now();
      continue;
    }
    connection.watch_reading();
    co_await connection.wake().wait();
  }
  auto taking_all = make_room(worker, connection, 0);
  if (const auto end = co_await std::move(taking_all))
    co_return *end == PumpEnd::slow ? Next::reset : Next::close;
  co_return next_behind(lines, exchange);
}

}  // namespace

Task<Next> publish_body(Worker& worker, Connection& connection, RequestReader& reader, Exchange& exchange) {
  const Publication publication = std::get<Publication>(std::move(exchange.response.body));
  Buffer bytes;
  auto reading = read_whole(worker, connection, reader, exchange, publication.max_item, bytes);
  Body body = co_await std::move(reading);
  connection.hold(Connection::Held::request, 0);
  if (!body.whole) {
    if (!body.refusal) co_return Next::close;
    count(worker, publication, false);
    answer(exchange, *std::move(body.refusal));
    co_return Next::keep;
  }
  exchange.keep_alive = exchange.keep_alive_behind_body;
  std::optional<Published> published;
  auto taken = handlers::take_item(publication, publication.as, bytes.view());
  bytes.release();
  if (auto* failure = std::get_if<Failure>(&taken)) {
    published.emplace(Published{.failure = std::move(*failure)});
  } else {
    try {
      auto publishing = publish(worker, connection, publication, std::get<Item>(std::move(taken)));
      published = co_await std::move(publishing);
    } catch (const Failure& no_topic) {
      published.emplace(Published{.failure = no_topic});
    }
  }
  if (!published) co_return Next::close;
  count(worker, publication, !published->failure);
  answer(exchange, response_to(*published));
  co_return Next::keep;
}

Task<Next> publish_lines(Worker& worker, Connection& connection, RequestReader& reader, Exchange& exchange) {
  Publication publication = std::get<Publication>(std::move(exchange.response.body));
  exchange.response.body = std::monostate();
  try {
    auto answering = answer_lines(worker, connection, reader, exchange, std::move(publication));
    co_return co_await std::move(answering);
  } catch (const Failure& no_topic) {
    answer(exchange, handlers::problem(no_topic));
  }
  co_return Next::keep;
}

}  // namespace coyield::server
