#pragma once

#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/server/connections/connection.hpp>
#include <deque>
#include <memory>
#include <optional>

namespace coyield::server {

/// Where the messages of a WebSocket client go.
///
/// Bounded by whoever fills it: while it is `full`, nothing more is read from the client. It wakes the
/// connection when there is room again, and counts as held for it. On the thread of the connection.
class MessageSink {
 public:
  virtual ~MessageSink() = default;
  MessageSink() = default;
  MessageSink(const MessageSink&) = delete;
  MessageSink& operator=(const MessageSink&) = delete;

  virtual void push(generators::PayloadKind kind, std::string_view payload) = 0;
  virtual bool full() const noexcept = 0;
  /// No more will come.
  virtual void close() noexcept = 0;
  /// What has come has had its consequences.
  virtual bool settled() { return true; }
  /// Why the client may not stay, because of what it has sent; once.
  virtual std::optional<generators::Failure> refusal() { return std::nullopt; }
};

/// What a WebSocket client has sent and the generator has not yet taken. One generator reads it.
class Inbox final : public MessageSink {
 public:
  /// `connection` must outlive the inbox, or be forgotten with `close`.
  explicit Inbox(Connection& connection) noexcept : connection_(&connection) {}

  void push(generators::PayloadKind kind, std::string_view payload) override {
    generators::Item borrowed;
    borrowed.set(kind, payload);
    bytes_ += payload.size();
    items_.push_back(borrowed.own());
    count();
    arrived_.set();
  }
  bool full() const noexcept override { return items_.size() >= max_items || bytes_ >= max_bytes; }
  /// The generator ends behind what is there.
  void close() noexcept override {
    closed_ = true;
    if (connection_ != nullptr) connection_->hold(Connection::Held::inbox, 0);
    connection_ = nullptr;
    arrived_.set();
  }

  /// Yields what is pushed, in order, until the end of `inbox`.
  static generators::AsyncGenerator<generators::Item> items(std::shared_ptr<Inbox> inbox) {
    for (;;) {
      while (inbox->items_.empty()) {
        if (inbox->closed_) co_return;
        co_await inbox->arrived_.wait();
      }
      const bool was_full = inbox->full();
      generators::Item item = std::move(inbox->items_.front());
      inbox->items_.pop_front();
      inbox->bytes_ -= item.payload().size();
      inbox->count();
      if (was_full && !inbox->full() && inbox->connection_ != nullptr) inbox->connection_->wake().set();
      co_yield std::move(item);
    }
  }

 private:
  static constexpr std::size_t max_items = 256;
  static constexpr std::size_t max_bytes = 128 * 1024;

  void count() {
    if (connection_ == nullptr) return;
    connection_->hold(Connection::Held::inbox, bytes_ + items_.size() * sizeof(generators::Item));
  }

  Connection* connection_;
  generators::Event arrived_;
  std::deque<generators::Item> items_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace coyield::server
