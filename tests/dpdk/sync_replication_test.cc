// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two sync loops over a link: handshake, replication, comparison, restart, silence, a slow link.

#include <algorithm>
#include <cstring>

#include "dataplane/core/commit_rule.h"
#include "tests/dpdk/sync_pair.h"

namespace dataplane::testing {
namespace {

using statesync::Readiness;
using statesync::Role;

TEST_F(SyncPairTest, TwoNodesFindEachOther) {
  a().SetRole(Role::kStandby, 0);
  b().SetRole(Role::kStandby, 0);
  EXPECT_EQ(a().shared.sync.peer_boot_id.load(), 0u);
  Run(300);
  EXPECT_TRUE(a().shared.sync.peer_connected.load());
  EXPECT_TRUE(b().shared.sync.peer_connected.load());
  EXPECT_EQ(a().shared.sync.peer_boot_id.load(), 0xb0u);
  EXPECT_EQ(b().shared.sync.peer_boot_id.load(), 0xa0u);
  EXPECT_EQ(a().Stat("seal.bad-seal") + b().Stat("seal.bad-seal"), 0u);
}

TEST_F(SyncPairTest, FramesOfAnIdlePairAreHeartbeats) {
  Settle();
  for (int i = 0; i < 50; ++i) {
    Run(11);  // heartbeat_ms is 10.
    EXPECT_GE(a().shared.sync.ha2_last_heard_ns.load(), now_ns_ - 12'000'000);
    EXPECT_GE(b().shared.sync.ha2_last_heard_ns.load(), now_ns_ - 12'000'000);
  }
  EXPECT_EQ(a().shared.sync.peer_role.load(), static_cast<std::uint8_t>(Role::kStandby));
  EXPECT_EQ(b().shared.sync.peer_role.load(), static_cast<std::uint8_t>(Role::kActive));
  EXPECT_EQ(b().shared.sync.peer_term.load(), 8u);
  EXPECT_EQ(a().shared.sync.peer_readiness.load(), static_cast<std::uint8_t>(Readiness::kSynced));
}

TEST_F(SyncPairTest, InsertsUpdatesAndDeletesReachTheStandby) {
  Settle();
  a().Open(0, 1'000);
  ASSERT_TRUE(RunUntilEqual());
  EXPECT_EQ(b().table->live_count(), 1'000u);

  for (std::uint32_t i = 0; i < 1'000; i += 2) a().Advance(i, i << 12);
  a().Close(900, 100);
  ASSERT_TRUE(RunUntilEqual());
  EXPECT_EQ(b().table->live_count(), 900u);
  ASSERT_TRUE(RunUntil([this] { return b().readiness() == Readiness::kSynced; }));
  EXPECT_GT(a().shared.sync.round_trip_ns.load(), 0);
  EXPECT_EQ(a().Stat("replication.frames_lost"), 0u);
  EXPECT_EQ(b().Stat("replication.digests_differed"), 0u);
}

// What packets of commit-before-forward wait for.
TEST_F(SyncPairTest, TheOwnerSaysWhatThePeerHasConfirmed) {
  Settle();
  a().Open(0, 50);
  const auto is_confirmed = [this](std::uint32_t i) {
    const statesync::Handle handle = a().Find(i);
    const SyncFacts& facts = a().shared.sync;
    Confirmed confirmed{.term = {8}, .stream_count = facts.stream_count.load(), .versions = {}};
    for (std::size_t s = 0; s < confirmed.stream_count; ++s) {
      confirmed.versions[s] = facts.confirmed[s].load();
    }
    return confirmed.Covers(handle.shard, VersionOf(a().table->entry(handle)));
  };
  EXPECT_FALSE(is_confirmed(7));
  ASSERT_TRUE(RunUntil([&] { return is_confirmed(7); }));
  EXPECT_NE(b().Find(7).slot, statesync::kNoSlot);
  cut_ = true;
  a().Open(50, 1);
  Run(50);
  EXPECT_FALSE(is_confirmed(50)) << "published, not applied";
  EXPECT_TRUE(is_confirmed(7));
  a().SetRole(Role::kStandby, 8);
  Run(1);
  EXPECT_FALSE(is_confirmed(7)) << "who owns nothing has nothing confirmed";
}

TEST_F(SyncPairTest, TheOwnerLearnsWhichSessionsThePeerCouldNotTake) {
  nodes_[1].reset();
  nodes_[1] = std::make_unique<SyncNode>(NodeSetup{.index = 1, .boot_id = 0xb1, .capacity = 256});
  Settle();
  const std::uint32_t room = b().table->slots_per_shard() * statesync::kShardCount;
  a().Open(0, room + 2'000);
  const SyncFacts& facts = a().shared.sync;
  ASSERT_TRUE(RunUntil([&] { return facts.refused_count.load() > 0; }));
  const SessionWord name{facts.refused[0].load()};
  EXPECT_EQ(a().table->entry(name.handle()).generation, name.generation());
  const statesync::SessionEntry& entry = a().table->entry(name.handle());
  const statesync::FlowKey key{entry.client_addr, entry.server_addr, entry.client_port,
                               entry.server_port, 6};
  EXPECT_EQ(b().table->Lookup(key).slot, statesync::kNoSlot);
}

TEST_F(SyncPairTest, NothingOfASessionIsOnTheWireInTheClear) {
  Settle();
  record_ = true;
  a().Open(0, 200);
  ASSERT_TRUE(RunUntilEqual());
  ASSERT_FALSE(recorded_[0].empty());
  const std::uint32_t server = SyncNode::SessionOf(0).key.target_addr;
  for (const Frame& frame : recorded_[0]) {
    EXPECT_EQ(memmem(frame.data(), frame.size(), &server, sizeof(server)), nullptr);
  }
}

TEST_F(SyncPairTest, LostFramesAreRepaired) {
  Settle();
  a().Open(0, 500);
  Step();
  cut_ = true;
  Run(5);
  cut_ = false;
  a().Open(500, 500);
  ASSERT_TRUE(RunUntilEqual());
  EXPECT_EQ(b().table->live_count(), 1'000u);
}

TEST_F(SyncPairTest, ARestartedNodeIsKnownAndFilledAgain) {
  Settle();
  a().Open(0, 2'000);
  ASSERT_TRUE(RunUntilEqual());
  nodes_[1].reset();
  nodes_[1] = std::make_unique<SyncNode>(NodeSetup{.index = 1, .boot_id = 0xb1});
  b().SetRole(Role::kStandby, 8);
  Run(500);
  EXPECT_EQ(a().shared.sync.peer_boot_id.load(), 0xb1u);
  EXPECT_EQ(a().Stat("ha2.peer_restarted"), 1u);
  ASSERT_TRUE(RunUntil([this] { return b().readiness() == Readiness::kSynced; }));
  EXPECT_EQ(b().Dump(), a().Dump());
}

TEST_F(SyncPairTest, ASilentPeerIsGivenUpAndFoundAgain) {
  Settle();
  a().Open(0, 600);
  ASSERT_TRUE(RunUntilEqual());
  cut_ = true;
  Run(3'000);
  a().Close(0, 200);
  a().Open(600, 100);
  Run(100);
  EXPECT_TRUE(a().shared.sync.peer_connected.load()) << "a short cut ends nothing";
  EXPECT_GT(a().shared.sync.exposure_changes.load(), 0u);
  Run(9'000);
  EXPECT_FALSE(a().shared.sync.peer_connected.load());
  EXPECT_EQ(a().Stat("ha2.peer_silent"), 1u);

  cut_ = false;
  ASSERT_TRUE(RunUntil([this] {
    return a().shared.sync.peer_connected.load() && b().readiness() == Readiness::kSynced;
  }));
  EXPECT_EQ(b().Dump(), a().Dump());
  EXPECT_EQ(b().table->live_count(), 500u);
}

// Deletes of what the peer knows hold their slots until it confirms them, which a silent one does
// not.
TEST_F(SyncPairTest, ASilentPeerCannotFillTheTableWithDeletes) {
  Settle();
  a().Open(0, 12'000);
  ASSERT_TRUE(RunUntil([this] { return b().table->live_count() == 12'000; }));
  Run(50);  // The last of them are acknowledged.
  cut_ = true;
  Run(200);
  a().Close(0, 12'000);
  Run(200);
  a().Open(12'000, 20'000);  // More than the table has room for beside the deleted ones.
  Run(200);
  EXPECT_TRUE(a().shared.sync.peer_connected.load()) << "the engine begins an epoch by itself";
  EXPECT_EQ(a().Stat("ha2.peer_silent"), 0u);
  EXPECT_EQ(a().table->live_count(), 20'000u);
  cut_ = false;
  ASSERT_TRUE(RunUntil([this] {
    return b().readiness() == Readiness::kSynced && b().table->live_count() == 20'000;
  }));
  EXPECT_EQ(b().Dump(), a().Dump());
}

TEST_F(SyncPairTest, StateSyncSwitchedOffKeepsHeartbeatsOnly) {
  Settle();
  a().shared.requests.state_sync_enabled.store(false);
  Run(20);
  a().Open(0, 100);
  Run(300);
  EXPECT_EQ(b().table->live_count(), 0u);
  EXPECT_GE(b().shared.sync.ha2_last_heard_ns.load(), now_ns_ - 12'000'000);
  a().shared.requests.state_sync_enabled.store(true);
  ASSERT_TRUE(RunUntilEqual());
}

TEST_F(SyncPairTest, AResyncBringsAFullTransfer) {
  Settle();
  a().Open(0, 300);
  ASSERT_TRUE(RunUntilEqual());
  const std::uint64_t before = b().Stat("replication.bulks_finished");
  b().shared.requests.resync.fetch_add(1);
  ASSERT_TRUE(RunUntil([&] { return b().Stat("replication.bulks_finished") > before; }));
  EXPECT_EQ(b().Dump(), a().Dump());
}

// The ring takes seven frames; what does not fit waits and goes later, in order.
TEST_F(SyncPairTest, AFullTransmitQueueLosesNothing) {
  nodes_[0].reset();
  nodes_[0] = std::make_unique<SyncNode>(NodeSetup{.index = 0, .boot_id = 0xa1, .ring_frames = 8});
  Settle();
  a().Open(0, 4'000);
  ASSERT_TRUE(RunUntilEqual());
  EXPECT_GT(a().Stat("ha2.send_waits"), 0u);
  EXPECT_EQ(a().Stat("ha2.send_dropped"), 0u);
  EXPECT_EQ(a().Stat("replication.frames_repaired"), 0u);
}

}  // namespace
}  // namespace dataplane::testing
