#include <coyield/generators/integer_text.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/source.hpp>
#include <cstdint>
#include <limits>
#include <random>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;

struct Point {
  std::uint64_t number;
  std::int64_t hundredths;
};

char* put(char* out, std::string_view text) noexcept {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

/// `-0.53`: always with two decimals.
char* write_hundredths(char* out, std::int64_t hundredths) noexcept {
  if (hundredths < 0) *out++ = '-';
  const auto size = static_cast<std::uint64_t>(hundredths < 0 ? -hundredths : hundredths);
  out = write_integer(out, size / 100);
  *out++ = '.';
  *out++ = static_cast<char>('0' + size / 10 % 10);
  *out++ = static_cast<char>('0' + size % 10);
  return out;
}

void write_point(const void* value, Buffer& out) {
  Point point;
  std::memcpy(&point, value, sizeof point);
  char* end = out.prepare(24 + 2 * integer_room);
  end = put(end, R"({"i":)");
  end = write_integer(end, point.number);
  end = put(end, R"(,"value":)");
  end = write_hundredths(end, point.hundredths);
  *end++ = '}';
  out.commit_to(end);
}

/// A walk is to be the same on every machine, with every compiler. The engine's numbers are laid down by the
/// standard, those of its distributions are not; so a step is made of the bits, in whole hundredths.
class Walk {
 public:
  explicit Walk(std::uint64_t seed) : engine_(seed) {}

  /// Where it stands after one more step.
  std::int64_t step() {
    constexpr std::uint64_t longest = 100;
    const std::uint64_t bits = engine_() >> 32;
    at_ += static_cast<std::int64_t>(bits * (2 * longest + 1) >> 32) - static_cast<std::int64_t>(longest);
    return at_;
  }

 private:
  std::mt19937_64 engine_;
  std::int64_t at_ = 0;
};

std::uint64_t seed_of(const config::Arguments& args) {
  if (const auto* given = args.find<std::int64_t>("seed")) return static_cast<std::uint64_t>(*given);
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

AsyncGenerator<Item> walk(config::Arguments args, SourceContext) {
  const auto interval = args.get<std::chrono::nanoseconds>("interval");
  const auto* given = args.find<std::int64_t>("count");
  const auto count =
      given != nullptr ? static_cast<std::uint64_t>(*given) : std::numeric_limits<std::uint64_t>::max();
  Walk walk(seed_of(args));
  Item item;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i != 0 && interval > 0ns) co_await sleep_for(interval);
    const Point point{i, walk.step()};
    item.set_value(point, &write_point);
    co_yield std::move(item);
  }
}

}  // namespace

Source random_source() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "random",
           .summary = "A random walk: made-up figures, to try things out with.",
           .parameters = {{.name = "interval",
                           .type = ParameterType::duration,
                           .summary =
                               "The pause before each item but the first, which comes at once. With 0s "
                               "the items come as fast as they are taken.",
                           .default_value = 1s,
                           .minimum = 0s,
                           .maximum = 8760h},
                          {.name = "seed",
                           .type = ParameterType::integer,
                           .summary = "The same seed gives the same items, on every machine. Without it each "
                                      "stream walks elsewhere."},
                          {.name = "count",
                           .type = ParameterType::integer,
                           .summary = "How many items there are. Without it the walk has no end.",
                           .minimum = 0}},
           .main = "interval",
           .example = R"({ "random": { "interval": "100ms", "seed": 42 } })",
           .details = R"(Yields {"i":0,"value":-0.53}: the number of the item, from 0, and where the walk )"
                      "stands. It sets out from 0, and each step is up to 1 up or down, all lengths in "
                      "hundredths being as likely. Ends after `count` items. The figures are no secret: "
                      "whoever knows the seed, or many items, knows the rest."},
      .start = &walk};
}

}  // namespace coyield::generators
