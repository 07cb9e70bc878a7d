#include <coyield/generators/sources/host_figures.hpp>

#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>

#include "temporary_directory.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view stat =
    "cpu  100 20 30 1000 50 6 7 8 9 10\n"
    "cpu0 50 10 15 500 25 3 3 4 4 5\n"
    "intr 12345 0 1\n";
constexpr std::string_view meminfo =
    "MemTotal:       16303428 kB\n"
    "MemFree:          100000 kB\n"
    "MemAvailable:    8000000 kB\n"
    "HugePages_Total:       0\n";
constexpr std::string_view loadavg = "0.52 1.25 10.00 3/512 12345\n";
constexpr std::string_view net_dev =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "
    "carrier compressed\n"
    "    lo: 999999     100    0    0    0     0          0         0   999999     100    0    0    0     0  "
    "  "
    "   0          0\n"
    "  eth0:   1000      10    0    0    0     0          0         0     2000      20    0    0    0     0  "
    "  "
    "   0          0\n"
    "wlan0:4000000000000       1    0    0    0     0          0         0       30       1    0    0    0   "
    " "
    " 0       0          0\n";

TEST(HostFigures, StatTellsTheTimeOfAllProcessorsWhereWaitingForADiskIsIdle) {
  EXPECT_EQ(parse_stat(stat), (ProcessorTime{171, 1221}));
}

TEST(HostFigures, MeminfoIsInBytes) {
  EXPECT_EQ(parse_meminfo(meminfo), (Memory{16303428ull * 1024, 8000000ull * 1024}));
}

TEST(HostFigures, LoadavgHasThreeMeans) { EXPECT_EQ(parse_loadavg(loadavg), (Load{0.52, 1.25, 10})); }

TEST(HostFigures, NetDevIsTheSumOfAllInterfacesButTheLoopback) {
  EXPECT_EQ(parse_net_dev(net_dev), (Traffic{4000000001000, 2030}));
  EXPECT_EQ(parse_net_dev("Inter-| Receive\n face |bytes\n    lo: 5 0 0 0 0 0 0 0 5 0 0 0 0 0 0 0\n"),
            Traffic{});
}

TEST(HostFigures, WhatIsNoSuchFileHasNone) {
  for (const char* text :
       {"", "cpu", "cpu 1 2 3", "cpu 1 2 3 4 5 6 7 x\n", "cpu -1 2 3 4 5 6 7 8", "cpu0 1 2 3 4 5 6 7 8"}) {
    EXPECT_FALSE(parse_stat(text)) << text;
  }
  for (const char* text : {"", "MemTotal: 5 kB\n", "MemTotal: 5 kB\nMemAvailable: 5 MB\n",
                           "MemAvailable: 5 kB\n", "MemTotal: five kB\nMemAvailable: 5 kB\n"}) {
    EXPECT_FALSE(parse_meminfo(text)) << text;
  }
  for (const char* text : {"", "0.5 0.5", "0.5 0.5 x", "0.5 nan 0.5"})
    EXPECT_FALSE(parse_loadavg(text)) << text;
  for (const char* text : {"a\nb\neth0 5\n", "a\nb\neth0: 5 6\n", "a\nb\neth0: x 0 0 0 0 0 0 0 5\n"})
    EXPECT_FALSE(parse_net_dev(text)) << text;
}

std::string figures(const HostReading& earlier, const HostReading& later, std::chrono::nanoseconds apart) {
  Buffer out;
  append_host_figures(out, earlier, later, apart);
  return std::string(out.view());
}

TEST(HostFigures, AreWhatWasAddedBetweenTwoReadings) {
  const HostReading earlier{{100, 1000}, {100, 60}, {1, 1, 1}, {1000, 500}};
  const HostReading later{{125, 1200}, {100, 50}, {0.5, 0.25, 3}, {4000, 500}};
  EXPECT_EQ(figures(earlier, later, 2s),
            R"({"cpu":12.5,"memory_total":100,"memory_available":50,"load_1":0.5,"load_5":0.25,"load_15":3,)"
            R"("received":1500,"sent":0})");
}

TEST(HostFigures, AreNoneWhereNothingWasCountedOrACounterBeganAnew) {
  const HostReading before{{100, 1000}, {1, 1}, {}, {1000, 500}};
  HostReading after = before;
  after.traffic = {10, 600};
  EXPECT_EQ(figures(before, after, 0s),
            R"({"cpu":0,"memory_total":1,"memory_available":1,"load_1":0,"load_5":0,"load_15":0,)"
            R"("received":0,"sent":0})");
  EXPECT_NE(figures(before, after, 1s).find(R"("received":0,"sent":100)"), std::string::npos);
}

TEST(HostFigures, FailWithTheNameOfTheFileThatIsMissingOrSomethingElse) {
  const TemporaryDirectory proc;
  const auto failure = [&] {
    try {
      read_host(proc.path().string());
    } catch (const Failure& caught) {
      EXPECT_EQ(caught.kind(), FailureKind::unavailable);
      return std::string(caught.message());
    }
    return std::string("none");
  };
  const std::string in = proc.path().string();
  EXPECT_EQ(failure(), in + "/stat, which has the host's figures, cannot be read");
  proc.write("stat", stat);
  proc.write("meminfo", "nonsense");
  EXPECT_EQ(failure(), in + "/meminfo is not what Linux writes there");
  proc.write("meminfo", meminfo);
  proc.write("loadavg", loadavg);
  EXPECT_EQ(failure(), in + "/net/dev, which has the host's figures, cannot be read");
  proc.write("net/dev", net_dev);
  EXPECT_EQ(failure(), "none");
}

}  // namespace
}  // namespace coyield::generators
