#pragma once

/// The test kit, for generators of your own too: a clock that stands still, a source that follows a script,
/// and a record of what came and when. It needs no test framework.
///
///     TEST(Ticks, ComeEverySecond) {
///       coyield::testing::TestLoop loop;
///       auto seen = loop.collect(ticks(1s));
///       loop.advance(3s);
///       EXPECT_EQ(seen.times(), (std::vector<std::chrono::nanoseconds>{1s, 2s, 3s}));
///     }
#include <coyield/generators/testing/collection.hpp>
#include <coyield/generators/testing/manual_clock.hpp>
#include <coyield/generators/testing/script.hpp>
#include <coyield/generators/testing/test_loop.hpp>
