#include <coyield/coyield.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <latch>
#include <string>
#include <thread>

namespace coyield::server {
namespace {

using local = boost::asio::local::stream_protocol;

/// A server of one thread, whose admin address is a Unix socket.
class AdminSideTest : public testing::Test {
 protected:
  AdminSideTest() {
    server_.stream("/busy", [this](const Params&) { return busy(*this); });
    server_.stream("/two", [](const Params&) { return two(); });
    server_.listen("127.0.0.1:0").open();
    thread_ = std::thread([this] { exit_code_ = server_.run(); });
  }
  ~AdminSideTest() override {
    server_.stop();
    thread_.join();
    EXPECT_EQ(exit_code_, 0);
  }

  /// Has its thread until `released_`.
  static AsyncGenerator<int> busy(AdminSideTest& test) {
    test.begun_.count_down();
    test.released_.wait();
    co_yield 7;
  }
  static AsyncGenerator<int> two() {
    co_yield 1;
    co_yield 2;
  }

  local::socket ask(const std::string& requests) {
    local::socket socket(io_);
    socket.connect(local::endpoint(path_));
    boost::asio::write(socket, boost::asio::buffer(requests));
    return socket;
  }
  static std::string get(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }
  static std::string read_to(local::socket& socket, const std::string& mark) {
    std::string text;
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), mark);
    return text;
  }
  static std::string read_all(local::socket& socket) {
    std::string text;
    boost::system::error_code end;
    boost::asio::read(socket, boost::asio::dynamic_buffer(text), end);
    return text;
  }
  static config::ServerConfig configuration(const std::string& path) {
    config::ServerConfig config{.threads = 1};
    config.admin = config::Admin{.listen = config::parse_listen_address("unix:" + path).value()};
    return config;
  }

  const std::string path_ = testing::TempDir() + "coyield-admin-" + std::to_string(::getpid()) + ".sock";
  boost::asio::io_context io_;
  std::latch begun_{1};
  std::latch released_{1};
  Server server_{configuration(path_)};
  std::thread thread_;
  int exit_code_ = -1;
};

TEST_F(AdminSideTest, AnswersWhileAGeneratorThatWasAskedForThereHasItsThread) {
  local::socket busy = ask(get("/.coyield/serve/busy"));
  begun_.wait();
  local::socket other = ask(get("/healthz") + get("/streams"));
  const std::string answers = read_to(other, "]\n");
  EXPECT_TRUE(answers.starts_with("HTTP/1.1 200 "));
  EXPECT_NE(answers.find("\"endpoint\":\"/busy\""), std::string::npos) << answers;
  released_.count_down();
  EXPECT_NE(read_to(busy, "0\r\n\r\n").find("7\n"), std::string::npos);
}

TEST_F(AdminSideTest, WhoIsHandedOverGetsOneAnswerAndTheEnd) {
  released_.count_down();
  local::socket socket = ask(get("/readyz") + get("/.coyield/serve/two") + get("/readyz"));
  const std::string text = read_all(socket);
  EXPECT_TRUE(text.starts_with("HTTP/1.1 200 "));
  const std::size_t stream = text.find("Connection: close\r\nTransfer-Encoding: chunked");
  ASSERT_NE(stream, std::string::npos) << text;
  EXPECT_NE(text.find("1\n2\n", stream), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("\r\n0\r\n\r\n")) << text;
}

TEST_F(AdminSideTest, WhatStandsUnderThePrefixAloneIsServedThere) {
  released_.count_down();
  local::socket socket = ask(get("/two"));
  EXPECT_TRUE(read_to(socket, "}\n").starts_with("HTTP/1.1 404 "));
  local::socket other = ask(get("/.coyield/serve/streams"));
  EXPECT_TRUE(read_to(other, "}\n").starts_with("HTTP/1.1 404 "))
      << "what the admin address has is no endpoint";
}

}  // namespace
}  // namespace coyield::server
