#include <coyield/coyield.hpp>
using namespace std::chrono_literals;

coyield::AsyncGenerator<int> async_counter(int n) {
  for (int i = 1; i <= n; ++i) {
    co_await coyield::sleep_for(500ms);
    co_yield i;
  }
}

int main() {
  coyield::Server server;
  server.stream("/count/{n}", [](const coyield::Params& params) { return async_counter(params.get<int>("n")); });
  return server.listen("127.0.0.1:8080").run();
}
