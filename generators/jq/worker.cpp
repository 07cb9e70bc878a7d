#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <coyield/generators/jq/input_output.hpp>
#include <coyield/generators/jq/worker.hpp>
#include <cstring>
#include <string>
#include <vector>

/// libjq cannot be interrupted. So a timer ticks, in the worker's own processor time: it stands still while
/// nothing is asked. A tick that comes while libjq runs writes the answers that are complete, which must not
/// wait for an item that takes long, and ends the worker where it has taken too long.

namespace coyield::generators::jq {

namespace {

constexpr Length tick_ms = 10;
constexpr Length ticks_of_a_batch = 5;  // after which it leaves the rest for the next, since others wait

/// The server has gone.
bool nobody_reads() noexcept {
  pollfd output = {STDOUT_FILENO, 0, 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

class Worker final : Sink {
 public:
  Worker(const Program& program, Progress& progress) : program_(program), progress_(progress) {}

  /// One batch. False at the end of the input.
  bool answer() {
    BatchHead head;
    if (!read_all(&head, sizeof head)) return false;
    batch_.resize(head.args_bytes + head.items_bytes);
    if (!read_all(batch_.data(), batch_.size())) return false;
    begin(head);
    std::string_view rest(batch_.data(), batch_.size());
    program_.set_args(rest.substr(0, head.args_bytes));
    rest.remove_prefix(head.args_bytes);
    for (Length i = 0; i < head.items && !enough(); ++i) {
      Length size = 0;
      std::memcpy(&size, rest.data(), sizeof size);
      answer_one(rest.substr(sizeof size, size));
      rest.remove_prefix(sizeof size + size);
    }
    if (!flush(true)) return false;
    progress_.busy = false;
    return true;
  }

  /// Called by the signal.
  void tick() noexcept {
    ++batch_ticks_;
    if (!in_libjq_) return;
    if (++item_ticks_ * tick_ms > head_.timeout_ms) {
      progress_.too_long = true;
      ::kill(::getpid(), SIGKILL);
    }
    if (nobody_reads() || (complete_ != 0 && !flush(false))) ::_exit(1);
  }

 private:
  void begin(const BatchHead& head) noexcept {
    head_ = head;
    batch_ticks_ = 0;
    answered_bytes_ = 0;
    progress_.answered = 0;
    progress_.at = 0;
    progress_.timeout_ms = head.timeout_ms;
    progress_.too_long = false;
    progress_.busy = true;
  }
  bool enough() const noexcept {
    return batch_ticks_ >= ticks_of_a_batch || answered_bytes_ + complete_ >= most_answer_bytes;
  }

  void answer_one(std::string_view item) {
    item_ticks_ = 0;
    item_outputs_ = 0;
    refusal_.clear();
    std::string error = program_.run(item, *this);
    if (!refusal_.empty()) error = refusal_;
    if (!error.empty() && head_.single != 0) answers_.resize(complete_);
    append(error.empty() ? RecordKind::done : RecordKind::error, error);
    complete_ = answers_.size();
    ++progress_.at;
  }

  // While libjq runs the timer may write what is complete, and move the rest of `answers_` to the front.
  void enter() noexcept override { set_in_libjq(true); }
  void leave() noexcept override { set_in_libjq(false); }
  /// The compiler must move nothing of `answers_` across it; the signal comes on this thread.
  void set_in_libjq(bool is) noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    in_libjq_.store(is, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  bool output(std::string_view json) override {
    if (++item_outputs_ > 1 && head_.single != 0) {
      refusal_ = "it makes several outputs of one item, and \"outputs\" says one";
      return false;
    }
    if (answers_.size() - complete_ + json.size() > head_.most_bytes) {
      refusal_ = "it makes more than " + std::to_string(head_.most_bytes) + " bytes of one item";
      return false;
    }
    append(RecordKind::output, json);
    return true;
  }
  void append(RecordKind kind, std::string_view text) {
    const RecordHead head{kind, static_cast<Length>(text.size())};
    const auto* bytes = reinterpret_cast<const char*>(&head);
    answers_.insert(answers_.end(), bytes, bytes + sizeof head);
    answers_.insert(answers_.end(), text.begin(), text.end());
  }

  bool flush(bool last) noexcept {
    const ChunkHead head{static_cast<Length>(complete_), last ? 1U : 0U, 0};
    progress_.writing = true;
    if (!write_all(head, {answers_.data(), complete_})) return false;
    progress_.answered = progress_.at.load();
    progress_.writing = false;
    answered_bytes_ += complete_;
    // Nothing is allocated here.
    const std::size_t rest = answers_.size() - complete_;
    if (rest != 0) std::memmove(answers_.data(), answers_.data() + complete_, rest);
    answers_.resize(rest);
    complete_ = 0;
    return true;
  }

  const Program& program_;
  Progress& progress_;
  BatchHead head_ = {};
  std::vector<char> batch_;
  std::vector<char> answers_;
  std::size_t complete_ = 0;  // bytes of whole items in `answers_`
  std::size_t answered_bytes_ = 0;
  Length item_outputs_ = 0;
  std::string refusal_;
  std::atomic<bool> in_libjq_ = false;
  std::atomic<Length> item_ticks_ = 0;
  std::atomic<Length> batch_ticks_ = 0;
};

Worker* ticking = nullptr;  // for the signal, which has no other way to it

void start_ticking(Worker& worker) noexcept {
  ticking = &worker;
  struct sigaction action = {};
  action.sa_handler = [](int) {
    const int error = errno;
    ticking->tick();
    errno = error;
  };
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGPROF, &action, nullptr);
  const timeval tick = {0, tick_ms * 1000};
  const itimerval timer = {tick, tick};
  ::setitimer(ITIMER_PROF, &timer, nullptr);
}

}  // namespace

int work(const Program& program, Progress& progress) {
  Worker worker(program, progress);
  start_ticking(worker);
  while (worker.answer()) continue;
  return 0;
}

}  // namespace coyield::generators::jq
