#include <coyield/generators/jq/program.hpp>

extern "C" {
#include <jq.h>
}

#include <coyield/generators/jq/reader.hpp>
#include <coyield/generators/jq/value.hpp>
#include <new>
#include <stdexcept>

namespace coyield::generators::jq {

namespace {

/// A text as it is, anything else as JSON.
std::string text_of(jv value) {
  const Value owned(jv_get_kind(value) == JV_KIND_STRING ? value : jv_dump_string(value, 0));
  return std::string(owned.text());
}

std::string message_of(const Value& invalid) {
  std::string message = text_of(jv_invalid_get_msg(invalid.copy()));
  return message.empty() ? "an error without a message" : message;
}

void keep_message(void* messages, jv message) {
  std::string text = text_of(message);
  auto& all = *static_cast<std::string*>(messages);
  if (!all.empty()) all += "; ";
  all += text.substr(0, text.find('\n'));  // behind that stands the whole program
}

void remove_all(std::string& text, std::string_view part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) text.erase(at, part.size());
}

/// Without what it says of the command line.
std::string tidied(std::string messages, bool one_line) {
  for (const char* summary : {"; jq: 1 compile error", "; jq: 2 compile errors", "; jq: 3 compile errors"}) {
    const auto at = messages.find(summary);
    if (at != std::string::npos) messages.resize(at);
  }
  remove_all(messages, "jq: error: ");
  remove_all(messages, " (Unix shell quoting issues?)");
  if (one_line) remove_all(messages, " at <top-level>, line 1:");
  remove_all(messages, " at <top-level>,");
  while (messages.ends_with(' ') || messages.ends_with(':')) messages.pop_back();
  return messages;
}

}  // namespace

struct Program::State {
  State() : jq(jq_init()) {
    if (jq == nullptr) throw std::bad_alloc();
    jq_set_error_cb(jq, &keep_message, &messages);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    jv_free(args);
    jq_teardown(&jq);
  }

  jq_state* jq;
  std::string messages;
  bool takes_args = false;
  std::string args_text;
  jv args = jv_object();
  std::string json;
};

Program::Program(const std::string& text) : state_(std::make_unique<State>()) {
  // By itself first: what stands around it for $args could be taken for a part of it.
  const jv names = jv_object_set(jv_object(), jv_string("args"), jv_object());
  if (jq_compile_args(state_->jq, text.c_str(), names) == 0)
    throw std::invalid_argument(tidied(state_->messages, text.find('\n') == std::string::npos));
  state_->takes_args = text.find("args") != std::string::npos;
  if (!state_->takes_args) return;
  const std::string whole = ". as [$__item, $args] | $__item | (" + text + "\n)";
  if (jq_compile(state_->jq, whole.c_str()) == 0) throw std::invalid_argument(tidied(state_->messages, true));
}
Program::~Program() = default;

void Program::set_args(std::string_view args) const {
  if (!state_->takes_args || state_->args_text == args) return;
  state_->args_text = args;
  jv_free(state_->args);
  state_->args = read_json(args);
}

std::string Program::run(std::string_view item, Sink& sink) const {
  sink.enter();
  jv input = read_json(item);
  if (jv_is_valid(input) == 0) {
    const Value invalid(input);
    sink.leave();
    return message_of(invalid);
  }
  if (state_->takes_args) input = jv_array_append(jv_array_append(jv_array(), input), jv_copy(state_->args));
  state_->messages.clear();
  jq_start(state_->jq, input, 0);
  for (;;) {
    sink.enter();
    const Value result(jq_next(state_->jq));
    if (jv_is_valid(result.get()) == 0) {
      sink.leave();
      return jv_invalid_has_msg(result.copy()) != 0 ? message_of(result) : "";
    }
    state_->json.clear();
    const bool whole = append_json(state_->json, result);
    sink.leave();
    if (!whole) return "it makes something that is nested too deeply";
    if (!sink.output(state_->json)) return "";
  }
}

}  // namespace coyield::generators::jq
