#pragma once

/// All operators of the library. Each header has its reference; `compose.hpp` tells how `|` works.
#include <coyield/generators/operators/batch.hpp>
#include <coyield/generators/operators/concat.hpp>
#include <coyield/generators/operators/enumerate.hpp>
#include <coyield/generators/operators/filter.hpp>
#include <coyield/generators/operators/map.hpp>
#include <coyield/generators/operators/merge.hpp>
#include <coyield/generators/operators/scan.hpp>
#include <coyield/generators/operators/skip.hpp>
#include <coyield/generators/operators/take.hpp>
#include <coyield/generators/operators/take_while.hpp>
#include <coyield/generators/operators/throttle.hpp>
#include <coyield/generators/operators/timeout.hpp>
