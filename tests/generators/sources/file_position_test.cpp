#include <coyield/generators/sources/file_position.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>

#include <coyield/generators/file_descriptor.hpp>
#include <string>

#include "temporary_directory.hpp"

namespace coyield::generators {
namespace {

std::string text_of(const FilePosition& position) {
  char text[FilePosition::max_text];
  return {text, write_position(text, position)};
}

TEST(FilePosition, IsReadAsItWasWritten) {
  const FilePosition positions[] = {{0, 0, 0},           {1, 2, 3},
                                    {36, 1'000'000, 35}, {UINT64_MAX, INT64_MAX, UINT32_MAX},
                                    {1, 2, 3, true},     {UINT64_MAX, INT64_MAX, UINT32_MAX, true}};
  for (const FilePosition& position : positions) {
    const std::string text = text_of(position);
    EXPECT_EQ(parse_position(text), position) << text;
    EXPECT_EQ(text.find_first_not_of("0123456789abcdef.w"), std::string::npos) << text;
  }
  EXPECT_EQ(text_of({16, 1'000'000, 35}), "10.1000000.23");
}

TEST(FilePosition, IsNothingElse) {
  for (const char* text : {"",
                           ".",
                           "..",
                           "1.2",
                           "1.2.",
                           ".2.3",
                           "1..3",
                           "1.2.3.4",
                           "1.2.w",
                           ".w",
                           "1.2.3.w.w",
                           "1.2.3w",
                           "1.2.3 ",
                           " 1.2.3",
                           "1.-2.3",
                           "1.+2.3",
                           "1.2x.3",
                           "1.9223372036854775808.3",
                           "1.2.zzzzzzzz",
                           "zzzzzzzzzzzzzz.2.3",
                           "end",
                           "1,2,3",
                           "1.2.3\n",
                           "1.00000000000000000000000000000000000000000000000002.3"}) {
    EXPECT_FALSE(parse_position(text)) << text;
  }
}

class Head : public ::testing::Test {
 protected:
  FileHead head_of(const std::string& content) {
    file = FileDescriptor(::open(directory.write("a", content).c_str(), O_RDONLY));
    FileHead head;
    head.read(file.get());
    return head;
  }
  TemporaryDirectory directory;
  FileDescriptor file;
};

TEST_F(Head, TellsFilesApartByTheirBeginningAndByWhatStandsInFront) {
  const std::string content(1000, 'x');
  const auto check = head_of(content).check(500, "before");
  ASSERT_TRUE(check);
  EXPECT_EQ(head_of(content + "more").check(500, "before"), check);
  EXPECT_NE(head_of(content).check(500, "befOre"), check);
  std::string other = content;
  other[255] = 'y';
  EXPECT_NE(head_of(other).check(500, "before"), check);
  other = content;
  other[256] = 'y';
  EXPECT_EQ(head_of(other).check(500, "before"), check);
}

TEST_F(Head, LooksNoFurtherThanThePlace) {
  const auto check = head_of("0123456789").check(5, "01234");
  ASSERT_TRUE(check);
  EXPECT_EQ(head_of("01234").check(5, "01234"), check);
  EXPECT_EQ(head_of("01234 and more").check(5, "01234"), check);
  EXPECT_FALSE(head_of("0123").check(5, "01234")) << "it does not know as much";
}

TEST_F(Head, BytesInFrontOfAPlaceAreThoseThatThereAre) {
  head_of("0123456789");
  char room[4];
  EXPECT_EQ(read_before(file.get(), 0, room), "");
  EXPECT_EQ(read_before(file.get(), 3, room), "012");
  EXPECT_EQ(read_before(file.get(), 9, room), "5678");
}

}  // namespace
}  // namespace coyield::generators
