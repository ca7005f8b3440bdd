// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Several streams over one link, nodes with different numbers of them, and keys that change under
// load.

#include <set>
#include <tuple>

#include "dataplane/core/byte_order.h"
#include "dataplane/dpdk/ha2_frame.h"
#include "statesync/wire/schema.h"
#include "tests/dpdk/sync_pair.h"

namespace dataplane::testing {
namespace {

using statesync::ClearHeader;
using statesync::Readiness;

constexpr std::uint16_t kBasePort = 4'799;

ClearHeader HeaderOf(const Frame& frame) {
  ClearHeader header;
  std::memcpy(&header, frame.data() + kHa2HeaderBytes, sizeof(header));
  return header;
}
bool IsSealed(const Frame& frame) { return HeaderOf(frame).kind_phase >> 4 == 0; }

class StreamsTest : public SyncPairTest {
 protected:
  void SettleWith(std::uint8_t first, std::uint8_t second) {
    Remake({.boot_id = 0xa0, .streams = first}, {.boot_id = 0xb0, .streams = second});
    Settle();
    record_ = true;
  }
  // Insert, change, delete; the standby follows.
  void Work() {
    a().Open(0, 2'000);
    ASSERT_TRUE(RunUntilEqual());
    for (std::uint32_t i = 0; i < 2'000; i += 3) a().Advance(i, i << 12);
    a().Close(1'500, 500);
    ASSERT_TRUE(RunUntilEqual());
    EXPECT_EQ(b().table->live_count(), 1'500u);
    ASSERT_TRUE(RunUntil([this] { return b().readiness() == Readiness::kSynced; }));
    Run(50);  // Counters are copied now and then.
    EXPECT_EQ(a().Stat("replication.frames_repaired"), 0u);
    EXPECT_EQ(b().Stat("replication.digests_differed"), 0u);
  }
  // (stream, source port) of the sealed frames that a node sent.
  std::set<std::pair<std::uint16_t, std::uint16_t>> SentBy(std::size_t node) {
    std::set<std::pair<std::uint16_t, std::uint16_t>> sent;
    for (const Frame& frame : recorded_[node]) {
      if (!IsSealed(frame)) continue;
      const auto* const bytes = reinterpret_cast<const std::byte*>(frame.data());
      sent.emplace(HeaderOf(frame).stream.Get(), LoadHost16(bytes + 34));
      EXPECT_EQ(LoadHost16(bytes + 36), kBasePort) << "destination port";
    }
    return sent;
  }
};

TEST_F(StreamsTest, EachHasASourcePortOfItsOwn) {
  SettleWith(4, 4);
  Work();
  for (std::size_t node = 0; node < 2; ++node) {
    const std::set<std::pair<std::uint16_t, std::uint16_t>> expected = {
        {0, kBasePort}, {1, kBasePort + 1}, {2, kBasePort + 2}, {3, kBasePort + 3}};
    EXPECT_EQ(SentBy(node), expected) << "node " << node;
  }
  EXPECT_EQ(b().Stat("ha2.refused.other-source-port"), 0u);
}

TEST_F(StreamsTest, LossOnAllOfThemIsRepaired) {
  SettleWith(4, 4);
  cut_ = true;
  a().Open(0, 1'000);
  Run(5);
  cut_ = false;
  a().Open(1'000, 1'000);
  ASSERT_TRUE(RunUntilEqual());
  EXPECT_EQ(b().table->live_count(), 2'000u);
  Run(50);  // Counters are copied now and then.
  EXPECT_GT(a().Stat("replication.frames_repaired"), 0u);
}

TEST_F(StreamsTest, KeysChangeUnderLoadWithoutLossOrRepetition) {
  Remake({.boot_id = 0xa0, .streams = 2, .rekey_after_packets = 60},
         {.boot_id = 0xb0, .streams = 2});
  Settle();
  record_ = true;
  std::uint32_t next = 0;
  for (int round = 0; round < 60; ++round) {
    a().Open(next, 100);
    next += 100;
    Run(20);
  }
  ASSERT_TRUE(RunUntilEqual());
  EXPECT_EQ(b().table->live_count(), next);
  Run(50);
  EXPECT_GE(a().Stat("seal.keys_confirmed"), 5u);
  EXPECT_EQ(a().Stat("replication.frames_repaired") + b().Stat("replication.gaps_seen"), 0u)
      << "no frame was lost by a change of keys";
  for (SyncNode* node : {&a(), &b()}) {
    EXPECT_EQ(node->Stat("seal.bad-seal") + node->Stat("seal.no-key"), 0u);
    EXPECT_EQ(node->Stat("ha2.not_sealed"), 0u);
    EXPECT_EQ(node->Stat("ha2.peer_connected"), 1u) << "streams went on";
  }
  // A phase comes back after sixteen changes at the earliest; between, packet numbers only grow.
  std::map<std::tuple<unsigned, std::uint16_t>, std::uint64_t> highest;
  for (const Frame& frame : recorded_[0]) {
    if (!IsSealed(frame)) continue;
    const ClearHeader header = HeaderOf(frame);
    std::uint64_t& last = highest[{header.kind_phase & 0x0fu, header.stream.Get()}];
    EXPECT_GT(header.packet_number.Get(), last);
    last = header.packet_number.Get();
  }
}

}  // namespace
}  // namespace dataplane::testing
