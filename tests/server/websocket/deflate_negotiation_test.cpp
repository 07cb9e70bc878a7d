#include <coyield/server/websocket/deflate_negotiation.hpp>

#include <gtest/gtest.h>

namespace coyield::server::websocket {
namespace {

/// Settings that ask for nothing, so that a row shows what the offer does.
DeflateSettings generous() {
  DeflateSettings settings;
  settings.server = {.window_bits = 15, .takeover = Takeover::keep};
  settings.client = {.window_bits = 15, .takeover = Takeover::keep};
  return settings;
}

struct OfferRow {
  const char* name;
  const char* offer;
  const char* answer;  // nullptr: declined
  DeflateParams params;
};

class Offers : public testing::TestWithParam<OfferRow> {};

TEST_P(Offers, AreAnswered) {
  const auto agreement = negotiate_deflate(GetParam().offer, generous());
  if (GetParam().answer == nullptr) {
    EXPECT_FALSE(agreement);
    return;
  }
  ASSERT_TRUE(agreement);
  EXPECT_EQ(agreement->answer, GetParam().answer);
  EXPECT_EQ(agreement->params, GetParam().params);
}

constexpr DeflateParams full{{15, Takeover::keep}, {15, Takeover::keep}};

INSTANTIATE_TEST_SUITE_P(
    Table, Offers,
    testing::Values(
        OfferRow{"Nothing", "", nullptr, {}},  //
        OfferRow{"Plain", "permessage-deflate", "permessage-deflate", full},
        OfferRow{"CaseOfTheName", "Permessage-Deflate", "permessage-deflate", full},
        OfferRow{"OtherExtension", "x-webkit-deflate-frame", nullptr, {}},
        OfferRow{"ThatOfChrome", "permessage-deflate; client_max_window_bits", "permessage-deflate", full},
        OfferRow{"ServerWithoutTakeover",
                 "permessage-deflate; server_no_context_takeover",
                 "permessage-deflate; server_no_context_takeover",
                 {{15, Takeover::none}, {15, Takeover::keep}}},
        OfferRow{"ClientWithoutTakeover",
                 "permessage-deflate;client_no_context_takeover",
                 "permessage-deflate; client_no_context_takeover",
                 {{15, Takeover::keep}, {15, Takeover::none}}},
        OfferRow{"ServerWindow",
                 "permessage-deflate; server_max_window_bits=10",
                 "permessage-deflate; server_max_window_bits=10",
                 {{10, Takeover::keep}, {15, Takeover::keep}}},
        OfferRow{"QuotedWindow",
                 "permessage-deflate; server_max_window_bits=\"1\\0\"",
                 "permessage-deflate; server_max_window_bits=10",
                 {{10, Takeover::keep}, {15, Takeover::keep}}},
        OfferRow{"ClientWindow",
                 "permessage-deflate; client_max_window_bits=9",
                 "permessage-deflate; client_max_window_bits=9",
                 {{15, Takeover::keep}, {9, Takeover::keep}}},
        OfferRow{"EverythingTight",
                 "permessage-deflate; client_max_window_bits=8; server_max_window_bits=9; "
                 "client_no_context_takeover; server_no_context_takeover",
                 "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
                 "server_max_window_bits=9; client_max_window_bits=8",
                 {{9, Takeover::none}, {8, Takeover::none}}},
        OfferRow{"SecondChoice",
                 "foo; a=\"b\", permessage-deflate; server_max_window_bits=8, permessage-deflate",
                 "permessage-deflate", full},
        OfferRow{"EmptyElements", " , ,permessage-deflate,", "permessage-deflate", full},
        OfferRow{"WindowOf8FromTheServer", "permessage-deflate; server_max_window_bits=8", nullptr, {}},
        OfferRow{"WindowOf16", "permessage-deflate; server_max_window_bits=16", nullptr, {}},
        OfferRow{"WindowOf7", "permessage-deflate; client_max_window_bits=7", nullptr, {}},
        OfferRow{"LeadingZero", "permessage-deflate; client_max_window_bits=09", nullptr, {}},
        OfferRow{"NoNumber", "permessage-deflate; client_max_window_bits=ten", nullptr, {}},
        OfferRow{"TrailingLetters", "permessage-deflate; client_max_window_bits=10x", nullptr, {}},
        OfferRow{"ServerWindowWithoutValue", "permessage-deflate; server_max_window_bits", nullptr, {}},
        OfferRow{"FlagWithValue", "permessage-deflate; server_no_context_takeover=1", nullptr, {}},
        OfferRow{"FlagTwice",
                 "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
                 nullptr,
                 {}},
        OfferRow{"WindowTwice",
                 "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
                 nullptr,
                 {}},
        OfferRow{"WindowTwiceTheOtherWay",
                 "permessage-deflate; client_max_window_bits=10; client_max_window_bits",
                 nullptr,
                 {}},
        OfferRow{"UnknownParameter", "permessage-deflate; brotli", nullptr, {}},
        OfferRow{"BrokenGrammar", "permessage-deflate, foo; =1", nullptr, {}},
        OfferRow{"OpenQuote", "permessage-deflate, foo; a=\"b", nullptr, {}},
        OfferRow{"QuoteThatEndsInABackslash", "permessage-deflate, foo; a=\"b\\", nullptr, {}},
        OfferRow{"QuotedBlank", "permessage-deflate, foo; a=\"b c\"", nullptr, {}},
        OfferRow{"NoSeparator", "permessage-deflate permessage-deflate", nullptr, {}}),
    [](const auto& row) { return row.param.name; });

TEST(Negotiation, AsksOfTheClientWhatTheSettingsWant) {
  const auto agreement = negotiate_deflate("permessage-deflate; client_max_window_bits", DeflateSettings{});
  ASSERT_TRUE(agreement);
  EXPECT_EQ(agreement->answer, "permessage-deflate; client_no_context_takeover; client_max_window_bits=12");
  EXPECT_EQ(agreement->params, (DeflateParams{{12, Takeover::keep}, {12, Takeover::none}}));
}

TEST(Negotiation, LeavesItsWindowToAClientThatDidNotOfferToLimitIt) {
  const auto agreement = negotiate_deflate("permessage-deflate", DeflateSettings{});
  ASSERT_TRUE(agreement);
  EXPECT_EQ(agreement->answer, "permessage-deflate; client_no_context_takeover");
  EXPECT_EQ(agreement->params.client.window_bits, 15);
}

TEST(Negotiation, NeverExceedsTheSettings) {
  const auto agreement =
      negotiate_deflate("permessage-deflate; server_max_window_bits=14", DeflateSettings{});
  ASSERT_TRUE(agreement);
  EXPECT_EQ(agreement->answer, "permessage-deflate; client_no_context_takeover; server_max_window_bits=12");
  EXPECT_EQ(agreement->params.server.window_bits, 12);
}

TEST(Negotiation, OfAClientAndAServerOfOursEndsWithParametersThatFit) {
  for (const DeflateSettings& client : {DeflateSettings{}, generous()}) {
    for (const DeflateSettings& server : {DeflateSettings{}, generous()}) {
      const auto agreement = negotiate_deflate(offer_deflate(client), server);
      ASSERT_TRUE(agreement);
      const auto accepted = accept_deflate(agreement->answer, client);
      ASSERT_TRUE(accepted) << agreement->answer;
      // A sender may do with less than was agreed, a receiver may not.
      EXPECT_LE(accepted->client.window_bits, agreement->params.client.window_bits);
      EXPECT_TRUE(accepted->client.takeover == Takeover::none ||
                  agreement->params.client.takeover == Takeover::keep);
      EXPECT_EQ(accepted->server.takeover, agreement->params.server.takeover);
      EXPECT_GE(accepted->server.window_bits, agreement->params.server.window_bits);
    }
  }
}

TEST(Negotiation, OfAClientRefusesAnAnswerThatIsNotOneToItsOffer) {
  DeflateSettings settings;
  settings.server = {.window_bits = 12, .takeover = Takeover::none};
  EXPECT_TRUE(
      accept_deflate("permessage-deflate; server_no_context_takeover; server_max_window_bits=12", settings));
  for (const char* answer : {"permessage-deflate; server_max_window_bits=12",
                             "permessage-deflate; server_no_context_takeover; server_max_window_bits=13",
                             "permessage-deflate; server_no_context_takeover",
                             "permessage-deflate; server_no_context_takeover; server_max_window_bits=12; "
                             "client_max_window_bits",
                             "permessage-deflate; server_no_context_takeover; server_max_window_bits=12; "
                             "client_max_window_bits=8",
                             "permessage-bzip2", "", "permessage-deflate; x",
                             "permessage-deflate; server_no_context_takeover; server_max_window_bits=12, "
                             "permessage-deflate; server_no_context_takeover; server_max_window_bits=12"}) {
    EXPECT_FALSE(accept_deflate(answer, settings)) << answer;
  }
}

}  // namespace
}  // namespace coyield::server::websocket
