#include <coyield/coyield.hpp>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <thread>

namespace coyield::server {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;

/// Counts what is alive, across threads.
class Census {
 public:
  void add(int change) {
    const std::lock_guard lock(mutex_);
    alive_ += change;
    changed_.notify_all();
  }
  /// Waits until so many are alive; false when they are not within a long time.
  bool becomes(int wanted) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return alive_ == wanted; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int alive_ = 0;
};

class Resident {
 public:
  explicit Resident(Census& census) : census_(census) { census_.add(1); }
  Resident(const Resident&) = delete;
  Resident& operator=(const Resident&) = delete;
  ~Resident() { census_.add(-1); }

 private:
  Census& census_;
};

AsyncGenerator<int> sleeper(Census& census) {
  Resident resident(census);
  co_yield 1;
  co_await sleep_for(24h);
  co_yield 2;
}

/// Waits in an operation of Asio's, whose buffers are in the frame.
AsyncGenerator<int> timer_waiter(Census& census) {
  Resident resident(census);
  co_yield 1;
  const Executor executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(executor, 24h);
  co_await timer.async_wait(boost::asio::deferred);
  co_yield 2;
}

AsyncGenerator<int> silent(Census& census) {
  Resident resident(census);
  co_await sleep_for(24h);
  co_yield 1;
}

AsyncGenerator<std::string> endless(Census& census) {
  Resident resident(census);
  for (;;) co_yield std::string(100, 'x');
}

/// Items that are no bytes in the format `text`, and of which there is no end.
AsyncGenerator<Item> nothing(Census& census) {
  Resident resident(census);
  for (;;) co_yield Item::bytes("");
}

constexpr std::size_t block_bytes = 200'000;

/// A little text, and then blocks of one letter each that all stand in the same place.
AsyncGenerator<Item> blocks(char last) {
  co_yield Item::text("begin");
  std::string block;
  for (char letter = 'a'; letter <= last; ++letter) {
    block.assign(block_bytes, letter);
    co_yield Item::bytes(block);
  }
  co_yield Item::text("end");
}

std::string all_blocks(char last) {
  std::string all = "begin";
  for (char letter = 'a'; letter <= last; ++letter) all.append(block_bytes, letter);
  return all + "end";
}

/// Without the lengths.
std::string body_of_chunks(std::string_view chunks) {
  std::string body;
  for (;;) {
    const std::size_t line_end = chunks.find("\r\n");
    const std::size_t size = std::stoul(std::string(chunks.substr(0, line_end)), nullptr, 16);
    if (size == 0) return body;
    body += chunks.substr(line_end + 2, size);
    chunks.remove_prefix(line_end + 2 + size);
    EXPECT_EQ(chunks.substr(0, 2), "\r\n");
    chunks.remove_prefix(2);
  }
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    config::EndpointConfig impatient;
    impatient.first_item_timeout = 50ms;
    server_.stream("/sleeper", [this](const Params&) { return sleeper(census_); });
    server_.stream("/timer", [this](const Params&) { return timer_waiter(census_); });
    config::EndpointConfig shared;
    shared.share.emplace();
    server_.stream("/shared/{n}", [this](const Params&) { return sleeper(census_); }, shared);
    server_.stream(
        "/shared_fails/{n}",
        [](const Params& params) -> AsyncGenerator<int> {
          return [](int n) -> AsyncGenerator<int> { co_yield n; }(params.get<int>("n"));
        },
        shared);
    server_.stream("/silent", [this](const Params&) { return silent(census_); }, impatient);
    server_.stream("/endless", [this](const Params&) { return endless(census_); });
    server_.stream("/blocks/{last}",
                   [](const Params& params) { return blocks(params.get<std::string>("last").front()); });
    server_.stream("/too_large", [](const Params&) -> AsyncGenerator<Item> {
      return []() -> AsyncGenerator<Item> {
        co_yield Item::text("begin");
        const std::string block(config::Limits().max_item + 1, 'x');
        co_yield Item::bytes(block);
      }();
    });
    server_.stream("/nothing", [this](const Params&) { return nothing(census_); });
    server_.stream("/double/{n}", [](const Params& params) -> AsyncGenerator<int> {
      return [](int n) -> AsyncGenerator<int> { co_yield 2 * n; }(params.get<int>("n"));
    });
    server_.stream("/fails", [](const Params&) -> AsyncGenerator<int> {
      return []() -> AsyncGenerator<int> {
        throw Failure(FailureKind::not_found, "not there");
        co_yield 0;
      }();
    });
    server_.stream("/throws/{what}", [](const Params& params) -> AsyncGenerator<int> {
      if (params.get<std::string>("what") == "int") throw 7;
      throw std::runtime_error("a secret");
    });
    config::EndpointConfig rooms;
    rooms.share = config::Share{.replay = {.items = 10}};
    rooms.publish.emplace();
    server_.topic("/rooms/{room}", rooms);
    const std::string address = server_.listen("127.0.0.1:0").open().front();
    port_ = static_cast<unsigned short>(std::stoi(address.substr(address.rfind(':') + 1)));
    thread_ = std::thread([this] { exit_code_ = server_.run(); });
  }
  ~ServerTest() override {
    server_.stop();
    thread_.join();
    EXPECT_EQ(exit_code_, 0);
    EXPECT_TRUE(census_.becomes(0));
  }

  tcp::socket connect() {
    tcp::socket socket(io_);
    socket.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port_));
    return socket;
  }
  tcp::socket ask(const std::string& path, const std::string& fields = {}) {
    tcp::socket socket = connect();
    boost::asio::write(
        socket, boost::asio::buffer("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n"));
    return socket;
  }
  tcp::socket ask_websocket(const std::string& path) {
    return ask(path,
               "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  }
  /// Reads up to and with `mark`.
  static std::string read_to(tcp::socket& socket, std::string_view mark) {
    std::string text;
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), mark);
    return text;
  }
  static void reset(tcp::socket& socket) {
    socket.set_option(boost::asio::socket_base::linger(true, 0));
    socket.close();
  }

  boost::asio::io_context io_;
  Census census_;
  Server server_{config::ServerConfig{.threads = 1}};
  unsigned short port_ = 0;
  std::thread thread_;
  int exit_code_ = -1;
};

TEST_F(ServerTest, GivesAParameterToTheGenerator) {
  tcp::socket socket = ask("/double/21");
  EXPECT_NE(read_to(socket, "\r\n0\r\n\r\n").find("\r\n\r\n3\r\n42\n\r\n"), std::string::npos);
}

TEST_F(ServerTest, SaysWhichParameterIsWrong) {
  tcp::socket socket = ask("/double/x");
  EXPECT_TRUE(read_to(socket, "}\n").starts_with("HTTP/1.1 400 "));
}

TEST_F(ServerTest, MakesAStatusOfAFailureBeforeTheFirstItem) {
  tcp::socket socket = ask("/fails");
  const std::string answer = read_to(socket, "}\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 ")) << answer;
  EXPECT_NE(answer.find("not there"), std::string::npos);
}

TEST_F(ServerTest, MakesAStatusOfWhateverAFactoryThrows) {
  for (const char* path : {"/throws/error", "/throws/int"}) {
    tcp::socket socket = ask(path);
    const std::string answer = read_to(socket, "}\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << answer;
    EXPECT_EQ(answer.find("a secret"), std::string::npos);
  }
}

TEST_F(ServerTest, AnswersInTheOrderOfTheRequests) {
  tcp::socket socket = connect();
  boost::asio::write(socket,
                     boost::asio::buffer(std::string("GET /double/1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                                     "GET /double/2 HTTP/1.1\r\nHost: localhost\r\n\r\n")));
  std::string text;
  boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "\n4\n");
  EXPECT_LT(text.find("\n2\n"), text.find("\n4\n"));
}

/// A batch that never fills must not keep the thread.
TEST_F(ServerTest, ServesOthersBesideAStreamThatNeverHasToWait) {
  tcp::socket busy = ask("/nothing?format=text");
  ASSERT_TRUE(census_.becomes(1));
  tcp::socket other = ask("/double/21");
  EXPECT_NE(read_to(other, "\r\n0\r\n\r\n").find("\r\n42\n"), std::string::npos);
  busy.close();
  EXPECT_TRUE(census_.becomes(0));
}

/// Blocks that are sent from where the generator has them, to a client that takes them while it has gone on.
TEST_F(ServerTest, SendsLargeBlocksAsTheyWereWhenTheyCame) {
  tcp::socket socket = ask("/blocks/z?format=bytes");
  const std::string head = read_to(socket, "\r\n\r\n");
  std::string chunks = head.substr(head.find("\r\n\r\n") + 4);
  boost::asio::read_until(socket, boost::asio::dynamic_buffer(chunks), "\r\n0\r\n\r\n");
  EXPECT_TRUE(body_of_chunks(chunks) == all_blocks('z'));

  tcp::socket old = connect();
  boost::asio::write(old, boost::asio::buffer(std::string("GET /blocks/z?format=bytes HTTP/1.0\r\n\r\n")));
  std::string answer;
  boost::system::error_code end;
  boost::asio::read(old, boost::asio::dynamic_buffer(answer), end);
  EXPECT_EQ(end, boost::asio::error::eof);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n" + all_blocks('z')));
}

TEST_F(ServerTest, CutsAStreamAtABlockThatIsTooLong) {
  tcp::socket socket = ask("/too_large?format=bytes");
  std::string answer;
  boost::system::error_code end;
  boost::asio::read(socket, boost::asio::dynamic_buffer(answer), end);
  EXPECT_TRUE(answer.ends_with("\r\n5\r\nbegin\r\n")) << answer.substr(0, 1000);
}

using Leave = void (*)(tcp::socket&);
void leave_by_close(tcp::socket& socket) { socket.close(); }
void leave_by_half_close(tcp::socket& socket) { socket.shutdown(tcp::socket::shutdown_send); }
void leave_by_reset(tcp::socket& socket) {
  socket.set_option(boost::asio::socket_base::linger(true, 0));
  socket.close();
}

/// The generator waits for a day: that its destructors run at all says that it was cancelled.
TEST_F(ServerTest, DestroysTheGeneratorOfAClientThatLeaves) {
  for (const char* path : {"/sleeper", "/timer", "/silent", "/endless"}) {
    for (const Leave leave : {&leave_by_close, &leave_by_half_close, &leave_by_reset}) {
      SCOPED_TRACE(path);
      tcp::socket socket = ask(path);
      ASSERT_TRUE(census_.becomes(1));
      leave(socket);
      EXPECT_TRUE(census_.becomes(0));
    }
  }
}

TEST_F(ServerTest, MakesOneGeneratorForAllWhoAskWithTheSameValues) {
  tcp::socket first = ask("/shared/1?x=a");
  read_to(first, "1\n\r\n");
  tcp::socket second = ask("/shared/1?x=a&format=sse");
  read_to(second, "\r\n\r\n");
  EXPECT_TRUE(census_.becomes(1));
  tcp::socket other_query = ask("/shared/1?x=b");
  read_to(other_query, "1\n\r\n");
  tcp::socket other_path = ask("/shared/2?x=a");
  read_to(other_path, "1\n\r\n");
  EXPECT_TRUE(census_.becomes(3));
  reset(first);
  reset(other_query);
  reset(other_path);
  EXPECT_TRUE(census_.becomes(1)) << "one of them is still read";
  reset(second);
  EXPECT_TRUE(census_.becomes(0));
}

TEST_F(ServerTest, AWrongValueOfASharedStreamIsAStatus) {
  tcp::socket socket = ask("/shared_fails/x");
  EXPECT_TRUE(read_to(socket, "}\n").starts_with("HTTP/1.1 400 "));
}

TEST_F(ServerTest, DestroysTheGeneratorOfAClientThatLeavesBehindAnItem) {
  for (const Leave leave : {&leave_by_close, &leave_by_half_close, &leave_by_reset}) {
    tcp::socket socket = ask("/sleeper");
    read_to(socket, "\n1\n");
    leave(socket);
    EXPECT_TRUE(census_.becomes(0));
  }
}

TEST_F(ServerTest, DestroysTheGeneratorOfAWebSocketThatLeaves) {
  for (const char* path : {"/sleeper", "/timer", "/silent", "/endless"}) {
    for (const Leave leave : {&leave_by_close, &leave_by_half_close, &leave_by_reset}) {
      SCOPED_TRACE(path);
      tcp::socket socket = ask_websocket(path);
      read_to(socket, "\r\n\r\n");
      ASSERT_TRUE(census_.becomes(1));
      leave(socket);
      EXPECT_TRUE(census_.becomes(0));
    }
  }
}

TEST_F(ServerTest, DestroysTheGeneratorBehindTheCloseOfAWebSocket) {
  tcp::socket socket = ask_websocket("/sleeper");
  read_to(socket, "\r\n\r\n");
  ASSERT_TRUE(census_.becomes(1));
  const std::string close("\x88\x82\x00\x00\x00\x00\x03\xe8", 8);
  boost::asio::write(socket, boost::asio::buffer(close));
  EXPECT_TRUE(census_.becomes(0));
}

/// What has become of an item that the program publishes.
generators::Published published_by(Server& server, const std::string& topic, std::string_view text) {
  std::promise<generators::Published> said;
  server.publish(topic, generators::Item::text(text),
                 [&said](const generators::Published& published) { said.set_value(published); });
  return said.get_future().get();
}

TEST_F(ServerTest, TheProgramPublishes) {
  const auto first = published_by(server_, "/rooms/a", "hello");
  ASSERT_FALSE(first.failure);
  EXPECT_EQ(published_by(server_, "/rooms/a", "again").id.rfind("-1"), first.id.size() - 2);
  tcp::socket client = ask("/rooms/a?since=earliest");
  EXPECT_NE(read_to(client, "\"again\"\n").find("\"hello\"\n"), std::string::npos);
  server_.publish("/rooms/a", generators::Item::json("[3]"));
  read_to(client, "[3]\n");
}

TEST_F(ServerTest, ClientsPublishWhereTheProgramLetsThem) {
  tcp::socket reader = ask("/rooms/b?since=earliest");
  tcp::socket writer = connect();
  boost::asio::write(writer, boost::asio::buffer(std::string(
                                 "POST /rooms/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n5")));
  read_to(writer, "\"id\"");
  read_to(reader, "5\n");
}

TEST_F(ServerTest, NothingIsPublishedToATopicThatNobodyServes) {
  const auto refused = published_by(server_, "rooms", "hello");
  ASSERT_TRUE(refused.failure);
  EXPECT_EQ(refused.failure->kind(), FailureKind::not_found);
}

TEST_F(ServerTest, LetsStreamsGoWhenItStops) {
  tcp::socket stream = ask("/sleeper");
  tcp::socket websocket = ask_websocket("/timer");
  read_to(stream, "\n1\n");
  read_to(websocket, "\r\n\r\n");
  ASSERT_TRUE(census_.becomes(2));
  server_.stop();
  EXPECT_TRUE(census_.becomes(0));
}

TEST(Server, PublishesNothingBeforeItIsOpen) {
  Server server;
  server.topic("/t");
  EXPECT_THROW(server.publish("/t", generators::Item::text("x")), std::logic_error);
}

TEST(Server, RefusesAPatternThatIsTaken) {
  Server server;
  server.stream("/a/{x}", [](const Params&) { return AsyncGenerator<int>(); });
  EXPECT_THROW(server.stream("/a/{y}", [](const Params&) { return AsyncGenerator<int>(); }),
               std::invalid_argument);
  EXPECT_THROW(server.stream("a", [](const Params&) { return AsyncGenerator<int>(); }),
               std::invalid_argument);
  EXPECT_THROW(server.listen("nowhere"), std::invalid_argument);
}

TEST(Server, ServesAtSeveralAddressesWithSeveralThreads) {
  Server server(config::ServerConfig{.threads = 3});
  server.stream("/", [](const Params&) -> AsyncGenerator<int> {
    return []() -> AsyncGenerator<int> { co_yield 7; }();
  });
  const auto addresses = server.listen("127.0.0.1:0").listen("127.0.0.1:0").open();
  std::thread thread([&server] { EXPECT_EQ(server.run(), 0); });
  boost::asio::io_context io;
  for (int i = 0; i < 12; ++i) {
    const std::string& address = addresses[static_cast<std::size_t>(i) % addresses.size()];
    tcp::socket socket(io);
    socket.connect(
        tcp::endpoint(boost::asio::ip::address_v4::loopback(),
                      static_cast<unsigned short>(std::stoi(address.substr(address.rfind(':') + 1)))));
    boost::asio::write(socket, boost::asio::buffer(std::string("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")));
    std::string text;
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "\r\n0\r\n\r\n");
    EXPECT_NE(text.find("\n7\n"), std::string::npos);
  }
  server.stop();
  thread.join();
}

}  // namespace
}  // namespace coyield::server
