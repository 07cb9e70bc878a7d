#include <array>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/jq/pool.hpp>
#include <coyield/generators/jq/program_text.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/as_json.hpp>
#include <coyield/generators/operators/batch.hpp>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

/// The items that are ready go to a `coyield-jq` in one batch, so that the pipes cost little per item; what
/// it answers is given as it comes. Nothing waits for a batch to be full. See generators/jq.

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr std::size_t most_items = 256;
constexpr std::size_t most_bytes = 64 * 1024;  // the last item may exceed it

/// What the arguments say.
struct Job {
  std::string program;
  std::string args;
  bool drops_errors;
  bool single;
  std::chrono::milliseconds timeout;
  std::size_t max_item;
};

/// Items that were taken from upstream: their JSON as it goes to a `coyield-jq`, and what is kept of each.
/// Behind a gap there is none.
class Taken {
 public:
  explicit Taken(bool keeps_ids) noexcept : keeps_ids_(keeps_ids) {}

  void add(const Item& item) {
    if (is_gap(item)) {
      gap_ = item.own();
      return;
    }
    const std::size_t begin = json_.size();
    json_.prepare(sizeof(jq::Length));
    json_.commit(sizeof(jq::Length));
    append_as_json(json_, item);
    const auto length = static_cast<jq::Length>(json_.size() - begin - sizeof(jq::Length));
    std::memcpy(json_.data() + begin, &length, sizeof length);
    const std::string_view id = keeps_ids_ ? item.id() : std::string_view();
    entries_.push_back({begin, names_.size(), id.size(), item.event().size()});
    names_.append(id);
    names_.append(item.event());
  }
  std::size_t count() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty() && !gap_; }
  bool full() const noexcept { return gap_ || count() >= most_items || json_.size() >= most_bytes; }
  void clear() noexcept {
    json_.clear();
    names_.clear();
    entries_.clear();
    gap_.reset();
  }

  std::string_view json(std::size_t begin, std::size_t end) const noexcept {
    const std::size_t from = entries_[begin].json;
    const std::size_t to = end == count() ? json_.size() : entries_[end].json;
    return json_.view().substr(from, to - from);
  }
  void name(Item& output, std::size_t at) const noexcept {
    const Entry& entry = entries_[at];
    output.set_id(names_.view().substr(entry.names, entry.id));
    output.set_event(names_.view().substr(entry.names + entry.id, entry.event));
  }
  std::optional<Item>& gap() noexcept { return gap_; }

 private:
  struct Entry {
    std::size_t json;  // where it begins
    std::size_t names;
    std::size_t id;
    std::size_t event;
  };

  bool keeps_ids_;
  Buffer json_;
  Buffer names_;  // ids and events
  std::vector<Entry> entries_;
  std::optional<Item> gap_;
};

/// A batch that a pool has, or that has come back: what is left of it is dropped with this.
class Asked {
 public:
  Asked(jq::Pool& pool, Event& changed) noexcept : pool_(pool), changed_(changed) {}
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;
  ~Asked() { forget(); }

  /// About `items` of `taken` from `begin` on.
  void ask(const Job& job, const Taken& taken, std::size_t begin, std::size_t items) {
    forget();
    work_ = std::make_shared<jq::Work>();
    work_->changed = &changed_;
    records_.clear();
    at_ = 0;
    const std::string_view json = taken.json(begin, begin + items);
    const jq::BatchHead head{.args_bytes = static_cast<jq::Length>(job.args.size()),
                             .items_bytes = static_cast<jq::Length>(json.size()),
                             .items = static_cast<jq::Length>(items),
                             .most_bytes = static_cast<jq::Length>(job.max_item),
                             .timeout_ms = static_cast<jq::Length>(job.timeout.count()),
                             .single = job.single ? 1U : 0U};
    work_->request.append({reinterpret_cast<const char*>(&head), sizeof head});
    work_->request.append(job.args);
    work_->request.append(json);
    pool_.submit(work_);
  }
  /// The next record, whose text stays until the next call; false where none has come yet. Throws why none
  /// will.
  bool next(jq::RecordKind& kind, std::string_view& text) {
    if (at_ == records_.size() && !receive()) return false;
    jq::RecordHead head;
    std::memcpy(&head, records_.data() + at_, sizeof head);
    kind = head.kind;
    text = records_.view().substr(at_ + sizeof head, head.bytes);
    at_ += sizeof head + head.bytes;
    return true;
  }
  /// Whether all has come, once `next` has none.
  bool ended() const noexcept { return work_->ended; }
  /// How many items the next batch may have, once this one has ended.
  std::size_t most_next() const noexcept { return work_->next == 0 ? most_items : work_->next; }

 private:
  bool receive() {
    if (work_->answers.empty()) {
      if (work_->failed) std::rethrow_exception(work_->failed);
      return false;
    }
    std::swap(records_, work_->answers);
    work_->answers.clear();
    at_ = 0;
    std::memset(records_.prepare(Item::padding), 0, Item::padding);
    return true;
  }
  void forget() noexcept {
    if (work_) work_->changed = nullptr;
  }

  jq::Pool& pool_;
  Event& changed_;
  std::shared_ptr<jq::Work> work_;
  Buffer records_;
  std::size_t at_ = 0;
};

/// What a program makes of `taken`, all of it.
AsyncGenerator<Item> answers(Asked& asked, const Job& job, Taken& taken, Event& changed) {
  jq::RecordKind kind = {};
  std::string_view text;
  std::size_t most = most_items;
  for (std::size_t at = 0; at < taken.count();) {
    asked.ask(job, taken, at, std::min(most, taken.count() - at));
    for (;;) {
      if (!asked.next(kind, text)) {
        if (asked.ended()) break;
        co_await changed.wait();
      } else if (kind == jq::RecordKind::output) {
        Item output = Item::json(text);
        taken.name(output, at);
        co_yield std::move(output);
      } else {
        ++at;
        if (kind == jq::RecordKind::error && !job.drops_errors)
          throw Failure(FailureKind::internal, "jq: " + std::string(text), Again::useless);
      }
    }
    most = asked.most_next();
  }
  if (taken.gap()) co_yield std::move(*taken.gap());
}

AsyncGenerator<Item> transform(AsyncGenerator<Item> upstream, Job job) {
  Loop& loop = co_await this_loop();
  Event changed;
  detail::Upstream<Item> source(loop, std::move(upstream), changed);
  Asked asked(jq::Pools::of(loop.executor()).get(job.program), changed);
  Taken taken(job.single);
  std::exception_ptr failed;
  Poll status = Poll::item;
  while (status != Poll::done) {
    try {
      do {
        status = detail::gather_ready(source, taken);
      } while (status == Poll::item && !taken.full());
    } catch (...) {
      failed = std::current_exception();  // what came before it is given before it
      status = Poll::done;
    }
    if (!taken.empty()) {
      auto outputs = answers(asked, job, taken, changed);
      while (auto output = co_await outputs.next()) co_yield std::move(*output);
      taken.clear();
    } else if (status == Poll::pending) {
      co_await changed.wait();
    }
  }
  if (failed) std::rethrow_exception(failed);
}

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments,
                           OperatorContext context) {
  const Json* args = arguments.find<Json>("args");
  const auto timeout = arguments.get<std::chrono::nanoseconds>("timeout");
  Job job{.program = arguments.get<std::string>("program"),
          .args = args == nullptr ? "{}" : args->dump(-1, ' ', false, Json::error_handler_t::replace),
          .drops_errors = arguments.get<std::string>("on_error") == "drop",
          .single = arguments.get<std::string>("outputs") == "one",
          .timeout = std::chrono::ceil<std::chrono::milliseconds>(timeout),
          .max_item = context.max_item};
  return transform(std::move(upstream), std::move(job));
}

// ---- what is checked

Positions positions_of(const config::Arguments& constants) {
  const auto* outputs = constants.find<std::string>("outputs");
  return outputs != nullptr && *outputs == "one" ? Positions::kept : Positions::lost;
}

config::Mistake mistake_of(const std::string& what) {
  return {"jq: " + what, "try it with jq itself: jq PROGRAM file.json"};
}

/// What jq has against a program. Asking takes a while, and a request that fills something in is checked,
/// too: what has been asked once is kept, for all threads.
std::optional<config::Mistake> judged(const std::string& program) {
  static std::mutex mutex;
  static std::map<std::string, std::optional<config::Mistake>, std::less<>> known;
  const std::lock_guard lock(mutex);
  const auto found = known.find(program);
  if (found != known.end()) return found->second;
  try {
    const auto error = jq::compile_error(program);
    return known.emplace(program, error ? std::optional(mistake_of(*error)) : std::nullopt).first->second;
  } catch (const Failure& failure) {
    return config::Mistake{failure.what(), {}};  // of the moment, or it can be mended
  }
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  config::ParameterMistakes mistakes;
  const auto& program = arguments.get<std::string>("program");
  auto wrong = jq::refusal(program);
  if (!wrong) wrong = judged(program);
  if (wrong) mistakes.push_back({"program", *std::move(wrong)});
  const Json* args = arguments.find<Json>("args");
  if (args != nullptr && !args->is_object())
    mistakes.push_back({"args", {"is not an object", R"(write { "name": "${query.name}" })"}});
  return mistakes;
}

}  // namespace

Operator jq_operator() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::operator_,
           .name = "jq",
           .summary = "What a program in the language of jq makes of each item.",
           .parameters =
               {{.name = "program",
                 .type = ParameterType::text,
                 .summary = "The program: \"{ts, text: .msg}\".",
                 .required = true,
                 .request_values = false},
                {.name = "args",
                 .type = ParameterType::json,
                 .summary = "What the program has as $args: { \"name\": \"${query.name}\" }."},
                {.name = "outputs",
                 .type = ParameterType::choice,
                 .summary = "How many items may come of one: any number, or at most one, and a second one is "
                            "an error. A stream can go on behind the id of an item only with \"one\".",
                 .default_value = "any",
                 .choices = {"any", "one"},
                 .request_values = false},
                {.name = "on_error",
                 .type = ParameterType::choice,
                 .summary = "What becomes of the stream at an item for which the program ends with an error: "
                            "it fails, or the item is dropped.",
                 .default_value = "fail",
                 .choices = {"fail", "drop"},
                 .request_values = false},
                {.name = "timeout",
                 .type = ParameterType::duration,
                 .summary = "How much time of a processor one item may take; more is an error.",
                 .default_value = 1s,
                 .minimum = 10ms,
                 .maximum = 1h,
                 .request_values = false}},
           .main = "program",
           .example = R"({ "jq": "{ts, text: .msg}" })",
           .details =
               "Each output is an item, in order; a program without one (`empty`, `select`) drops the item. "
               "A text is a string in it, bytes the Base64 of them. jq 1.6 counts in floating point: whole "
               "numbers beyond 2^53 are rounded. `where`, `select` and `set` are faster at what they can "
               "do, and keep all digits.\n"
               "It runs in processes of its own, `coyield-jq`, at most two for each program and thread of "
               "the server. They are kept for a minute when there is nothing to do, and do not count for "
               "`limits.max_programs`. An item that kills jq, as some do (`todate` of nanoseconds), that "
               "takes too long, or more than 1 GiB, is an error, and the items around it are not. The "
               "outputs of one item may have `max_item` bytes together, and be nested 256 deep. The items "
               "that are ready are asked for together, up to 256 of them, before the first output.\n"
               "Of an item with an error there is no output with \"outputs\": \"one\"; with \"any\", what "
               "came before the error is given.\n"
               "A program has no way out: import, include, env, $ENV, input, inputs, debug, stderr, halt "
               "and what is like them are refused. `check` says at which place, and what jq has against a "
               "program.",
           .position =
               "With \"outputs\": \"one\" each has the id of its item. With \"any\" a client cannot come "
               "back with one, unless the endpoint is shared.",
           .check = &check},
      .positions = Positions::lost,
      .apply = &apply,
      .positions_of = &positions_of};
}

}  // namespace coyield::generators
