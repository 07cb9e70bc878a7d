#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <coyield/coyield.hpp>
#include <iostream>
using namespace std::chrono_literals;

coyield::AsyncGenerator<int> squares() {
  for (int i = 1;; ++i) {
    co_await coyield::sleep_for(1ms);
    co_yield i* i;
  }
}

boost::asio::awaitable<void> print_some() {
  auto even = squares() | coyield::filter([](int n) { return n % 2 == 0; }) | coyield::take(3);
  co_await coyield::for_each(std::move(even), [](int n) { std::cout << n << '\n'; });
}

int main() {
  boost::asio::io_context io(1);
  boost::asio::co_spawn(io, print_some(), boost::asio::detached);
  io.run();
}
