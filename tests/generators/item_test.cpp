#include <coyield/generators/item.hpp>

#include <gtest/gtest.h>

#include <string>

namespace coyield::generators {
namespace {

class Places final : public IdWriter {
 public:
  std::string_view write_id(std::uint64_t place) noexcept override {
    ++written;
    text_ = "place " + std::to_string(place);
    return text_;
  }
  int written = 0;

 private:
  std::string text_;
};

TEST(Item, HasAnIdThatIsWrittenOnlyWhenItIsAskedFor) {
  Places places;
  Item item = Item::text("x");
  EXPECT_EQ(item.id(), "");
  item.set_id(places, 7);
  Item moved = std::move(item);
  Item other;
  other.set_id_of(moved);
  EXPECT_EQ(places.written, 0);
  EXPECT_EQ(other.id(), "place 7");
  EXPECT_EQ(moved.id(), "place 7");
  EXPECT_EQ(places.written, 2);
  moved.set_id("given");
  EXPECT_EQ(moved.id(), "given");
}

TEST(Item, KeepsAnIdThatWasNotWrittenYet) {
  Item kept;
  {
    Places places;
    Item item = Item::text("x");
    item.set_id(places, 8);
    item.set_event("e");
    kept = item.own();
  }
  EXPECT_EQ(kept.id(), "place 8");
  EXPECT_EQ(kept.payload(), "x");
  EXPECT_EQ(kept.event(), "e");
}

}  // namespace
}  // namespace coyield::generators
