#include <coyield/config/describe.hpp>

#include <gtest/gtest.h>

#include "sample.hpp"

namespace coyield::config {
namespace {

TEST(Describe, ListsAKindInAlphabeticalOrder) {
  EXPECT_EQ(describe(sample::catalogue(), ComponentKind::operator_),
            "sample  A part of the items.\n"
            "take    The first items alone.\n"
            "where   Items that have certain values.\n");
}

TEST(Describe, SaysAllThatIsKnownOfASource) {
  EXPECT_EQ(describe(*sample::component("counter")),
            R"(counter (source)
Whole numbers, one after the other.
Yields the first number at once. Ends after `to`.

Position:
Each number is the id of itself.

Parameters:
  from      a whole number, default 1
            The first number.
  to        a whole number, at most 1000000, may be left out
            The last number; without it there is none.
  interval  a duration, at most "1h", default "0s"
            The time between two numbers.

The short form { "counter": ... } sets "to".

Example:
  { "counter": { "from": 1, "to": 5, "interval": "500ms" } }
)");
}

TEST(Describe, SaysWhatIsRequiredAndWhatTheChoicesAre) {
  EXPECT_EQ(describe(*sample::component("file")),
            R"(file (source)
The lines of a file.

Parameters:
  path    text, required
          The file to read.
  root    text, may be left out
          A folder that `path` cannot leave.
          Takes no value from a request.
  follow  true or false, default false
          Whether to wait for more.
  decode  "lines" | "json" | "bytes", default "lines"
          What a line is.
  block   a size, from "512B" to "1MiB", default "64KiB"
          How much to read at a time.

The short form { "file": ... } sets "path".

Example:
  { "file": { "path": "/var/log/app.jsonl", "follow": true, "decode": "json" } }
)");
}

TEST(Describe, LeavesOutWhatThereIsNot) {
  EXPECT_EQ(describe(Component{.kind = ComponentKind::format, .name = "sse", .summary = "Events."}),
            "sse (format)\nEvents.\n");
}

}  // namespace
}  // namespace coyield::config
