#include <coyield/generators/trace.hpp>

#include <mutex>

namespace coyield::generators {

namespace {

/// Of the texts of all traces: one is written where a stream has failed, and read where somebody looks.
std::mutex errors;

std::string text_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "not an exception";
  }
}

}  // namespace

void Trace::begin(std::span<const std::string_view> names) {
  if (begun_.load(std::memory_order_relaxed)) return;
  stages_ = std::vector<Named>(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    stages_[i].name = names[i];
    stages_[i].trace = this;
    stages_[i].release = [](detail::Stage& stage) {
      intrusive_ptr_release(static_cast<Named&>(stage).trace);
    };
  }
  begun_.store(true, std::memory_order_release);
}

void Trace::attach(std::size_t place, const AsyncGenerator<Item>& generator) {
  if (place == 0) starts_.add(1);
  auto* promise = generator.promise();
  if (promise == nullptr) return;
  Named& stage = stages_[place];
  if (const detail::Stage* held = promise->stage().stage()) {
    stage.same.store(held, std::memory_order_relaxed);
    return;
  }
  stage.holder = &promise->stage();
  stage.generator = promise;
  intrusive_ptr_add_ref(this);
  promise->stage().hold(stage);
}

void Trace::note_awaited() noexcept {
  for (std::size_t place = stages_.size(); place > 0; --place) {
    const detail::PromiseBase* generator = stages_[place - 1].generator;
    if (generator == nullptr) continue;
    if (!generator->asked()) return;
    awaited_.set(static_cast<std::uint32_t>(place));
  }
}

void Trace::failed(const std::exception_ptr& failure) noexcept {
  try {
    auto text = std::make_unique<std::string>(text_of(failure));
    const std::lock_guard lock(errors);
    error_ = std::move(text);
  } catch (const std::bad_alloc&) {  // then nobody gets to know it
  }
}

std::span<const Trace::Named> Trace::known() const noexcept {
  if (!begun_.load(std::memory_order_acquire)) return {};
  return stages_;
}

std::vector<Trace::StageFigures> Trace::stages() const {
  std::vector<StageFigures> all;
  for (const Named& stage : known()) {
    const detail::Stage* same = stage.same.load(std::memory_order_relaxed);
    all.push_back({stage.name, (same != nullptr ? *same : stage).items.value()});
  }
  return all;
}

std::string_view Trace::awaited() const noexcept {
  const std::uint32_t place = awaited_.value();
  const auto stages = known();
  return place != 0 && place <= stages.size() ? stages[place - 1].name : std::string_view();
}

std::uint64_t Trace::restarts() const noexcept {
  const std::uint64_t starts = starts_.value();
  return starts > 1 ? starts - 1 : 0;
}

std::string Trace::last_error() const {
  const std::lock_guard lock(errors);
  return error_ ? *error_ : std::string();
}

}  // namespace coyield::generators
