#pragma once

/// All of coyield's public names, in the namespace `coyield`.
///
///     #include <coyield/coyield.hpp>
///     find_package(coyield REQUIRED)                          # CMake
///     target_link_libraries(program PRIVATE coyield::coyield)

#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/hub.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/items.hpp>
#include <coyield/generators/loop.hpp>
#include <coyield/generators/mirror.hpp>
#include <coyield/generators/operators.hpp>
#include <coyield/generators/publisher.hpp>
#include <coyield/generators/relay.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/spawn.hpp>
#include <coyield/generators/task.hpp>
#include <coyield/generators/topic.hpp>
#include <coyield/handlers/params.hpp>
#include <coyield/server/server.hpp>

namespace coyield {

using generators::AsyncGenerator;
using generators::Consumer;
using generators::Event;
using generators::Executor;
using generators::Failure;
using generators::FailureKind;
using generators::Hub;
using generators::Item;
using generators::Loop;
using generators::Mirror;
using generators::Next;
using generators::Poll;
using generators::Published;
using generators::Publisher;
using generators::ShareOptions;
using generators::SlowPolicy;
using generators::SubscribeOptions;
using generators::Task;
using generators::Topic;
using generators::TopicOptions;

using generators::for_each;
using generators::items;
using generators::relay;
using generators::share;
using generators::sleep_for;
using generators::sleep_until;
using generators::spawn;
using generators::this_loop;
using generators::yield_now;

using generators::batch;
using generators::concat;
using generators::enumerate;
using generators::filter;
using generators::map;
using generators::merge;
using generators::scan;
using generators::skip;
using generators::take;
using generators::take_while;
using generators::throttle;
using generators::timeout;

using handlers::Params;
using server::Server;

}  // namespace coyield
