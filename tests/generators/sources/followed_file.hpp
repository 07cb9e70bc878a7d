#pragma once

#include <gtest/gtest.h>

#include <boost/asio/bind_executor.hpp>
#include <chrono>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/failure.hpp>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "start_source.hpp"
#include "temporary_directory.hpp"

namespace coyield::generators {

using Texts = std::vector<std::string>;

/// A log file and who follows it: real files and real inotify, on a real loop. Nothing waits for a time, only
/// for what must come.
class FollowedFile : public ::testing::Test {
 protected:
  using Seen = testing::Collection<Item>;

  std::string path(const std::string& name = "app.log") const { return (directory.path() / name).string(); }
  void append(std::string_view text, const std::string& name = "app.log") const {
    std::ofstream(path(name), std::ios::binary | std::ios::app) << text;
  }
  void rename(const std::string& from, const std::string& to) const {
    std::filesystem::rename(path(from), path(to));
  }
  void cut(std::uintmax_t size = 0, const std::string& name = "app.log") const {
    std::filesystem::resize_file(path(name), size);
  }

  SourceContext sources_context(const std::string& resume_after = {}) {
    SourceContext all;
    all.blocking = &pool;
    all.resume_after = resume_after;
    all.start = start = std::make_shared<StartPosition>();
    return all;
  }
  /// Follows the file; the first that `more` names is the file's path, where it has one.
  Seen follow(const Given& more = {}, const std::string& resume_after = {},
              std::size_t limit = Seen::no_limit) {
    Given given = more;
    given.emplace_back("follow", true);
    if (given.front().first != "path") given.emplace_back("path", path());
    return Seen(Loop::of(context.get_executor()),
                start_source("file", std::move(given), sources_context(resume_after)), limit);
  }

  template <class Condition>
  void run_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "what was waited for has not come";
      context.restart();
      context.run_one_for(std::chrono::milliseconds(10));
    }
  }
  void run_until_size(const Seen& seen, std::size_t size) {
    run_until([&] { return seen.size() >= size || seen.ended(); });
  }
  /// Until everything that has happened has been looked at: the pool has one thread, which comes to this call
  /// behind those that it has.
  void settle() {
    for (int i = 0; i < 4; ++i) {
      bool passed = false;
      const auto nothing = [] {};
      pool.run(nothing,
               asio::bind_executor(context.get_executor(), [&](std::exception_ptr) { passed = true; }));
      run_until([&] { return passed; });
      context.poll();
    }
  }

  static std::string id_of(const Seen& seen, std::size_t i) {
    return std::string(seen.stamped()[i].item.id());
  }
  static std::string failure_of(const Seen& seen, FailureKind kind) {
    try {
      seen.rethrow_failure();
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.kind(), kind) << failure.what();
      return failure.what();
    }
    return "it did not fail";
  }

  BlockingPool pool{1};
  asio::io_context context;
  TemporaryDirectory directory;
  std::shared_ptr<StartPosition> start;  ///< of the stream that was started last
};

}  // namespace coyield::generators
