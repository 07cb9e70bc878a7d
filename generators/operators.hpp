#pragma once

/// All operators of the library. Each header has its reference; `compose.hpp` tells how `|` works.
#include <coyield/generators/operators/batch.hpp>
#include <coyield/generators/operators/buffer.hpp>
#include <coyield/generators/operators/combine_latest.hpp>
#include <coyield/generators/operators/concat.hpp>
#include <coyield/generators/operators/debounce.hpp>
#include <coyield/generators/operators/dedupe.hpp>
#include <coyield/generators/operators/delay.hpp>
#include <coyield/generators/operators/distinct.hpp>
#include <coyield/generators/operators/enumerate.hpp>
#include <coyield/generators/operators/filter.hpp>
#include <coyield/generators/operators/flat_map.hpp>
#include <coyield/generators/operators/map.hpp>
#include <coyield/generators/operators/merge.hpp>
#include <coyield/generators/operators/on_error.hpp>
#include <coyield/generators/operators/retry.hpp>
#include <coyield/generators/operators/sample.hpp>
#include <coyield/generators/operators/scan.hpp>
#include <coyield/generators/operators/skip.hpp>
#include <coyield/generators/operators/sort.hpp>
#include <coyield/generators/operators/take.hpp>
#include <coyield/generators/operators/take_while.hpp>
#include <coyield/generators/operators/tap.hpp>
#include <coyield/generators/operators/throttle.hpp>
#include <coyield/generators/operators/timeout.hpp>
#include <coyield/generators/operators/zip.hpp>
