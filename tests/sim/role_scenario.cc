// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Stories of takeovers, readiness and exposure.

#include "tests/sim/story.h"

namespace sim {

using statesync::AtRiskReason;
using statesync::Micros;
using statesync::Millis;
using statesync::Readiness;
using statesync::Seconds;

// The owner dies; the other node goes on with every session and replicates back when it returns.
TEST(RoleScenario, TakeoverThenReplicationInTheOtherDirection) {
  const auto world = Synced(Calm());
  const auto handles = Open(*world, kOwner, 1, 500);
  world->RunFor(Millis(10));
  world->Crash(kOwner);
  world->RunFor(Millis(50));
  world->Activate(kReceiver);
  EXPECT_EQ(world->node(kReceiver).table().live_count(), 500u);
  Open(*world, kReceiver, 1'001, 50);
  world->Boot(kOwner);
  EXPECT_QUIET(*world);
  EXPECT_EQ(world->node(kOwner).table().live_count(), 550u);
}

// Make before break: nothing is lost and the old owner becomes the receiver.
TEST(RoleScenario, SwitchoverKeepsEverySession) {
  const auto world = Synced(Calm());
  Open(*world, kOwner, 1, 500);
  world->RunFor(Millis(10));
  world->Switchover();
  ASSERT_EQ(world->Owner(), kReceiver);
  EXPECT_QUIET(*world);
  world->Switchover();
  ASSERT_EQ(world->Owner(), kOwner);
  EXPECT_QUIET(*world);
  EXPECT_EQ(world->node(kOwner).table().live_count(), 500u);
}

// The owner stands still, the other one takes over, then the first one wakes and still publishes:
// its sections are of an older term, or meet an owner. None is applied (I6).
TEST(RoleScenario, SectionsOfAnOlderTermAreRefused) {
  const auto world = Synced(Calm());
  const auto handles = Open(*world, kOwner, 1, 10);
  world->RunFor(Millis(10));
  world->Activate(kReceiver);
  Advance(*world, kOwner, handles);
  world->RunFor(Millis(5));
  EXPECT_GT(world->Status(kReceiver).counters.frames_unwanted, 0u);
  world->MakeStandby(kReceiver);  // Its term stays the fence.
  const auto applied = world->Status(kReceiver).counters.records_applied;
  Advance(*world, kOwner, handles);
  world->RunFor(Millis(20));
  EXPECT_EQ(world->Status(kReceiver).counters.records_applied, applied);
  EXPECT_GT(world->Status(kReceiver).counters.frames_stale_term, 0u);
  EXPECT_EQ(world->Status(kOwner).peer_term.value >> 3, 1u);
}

// I5: everything arrived and the sweep is done, but no digest has been compared.
TEST(RoleScenario, NotSyncedBeforeDigestsAgree) {
  WorldOptions options = Calm();
  options.engine.digest_interval = Seconds(5);
  const auto world = Started(options);
  bool was_catch_up = false;
  EXPECT_TRUE(world->RunUntil(
      [&] {
        was_catch_up = was_catch_up || world->Status(kReceiver).readiness == Readiness::kCatchUp;
        return world->Status(kReceiver).readiness == Readiness::kSynced;
      },
      Seconds(8)));
  EXPECT_TRUE(was_catch_up);
  EXPECT_EQ(world->Status(kReceiver).counters.digests_agreed, 256u);
}

// A difference that no frame explains: found by digests, named, and repaired by a bulk.
TEST(RoleScenario, SilentDifferenceIsFoundAndHealed) {
  const auto world = Synced(Calm());
  Open(*world, kOwner, 1, 20);
  world->RunFor(Millis(200));
  ASSERT_TRUE(world->IsSynced());
  statesync::SessionTable& table = world->node(kReceiver).table();
  const auto found = table.Lookup(KeyOf(7));
  statesync::SlotIndex slot = 0;
  const auto shard = statesync::SessionTable::ShardOf(KeyOf(7));
  ASSERT_NE(found.slot, statesync::kNoSlot);
  // Bit rot, or a bug: the entry vanishes. Until digests are compared nobody can know.
  world->SetChecked(false);
  table.replicated().SweepBatch(shard, slot, table.slots_per_shard(), {}, {~std::uint64_t{0}});
  EXPECT_TRUE(world->RunUntil(
      [&] { return world->Status(kReceiver).readiness == Readiness::kAtRisk; }, Seconds(1)));
  EXPECT_EQ(world->Status(kReceiver).reason, AtRiskReason::kDigestMismatch);
  EXPECT_QUIET(*world);
  EXPECT_TRUE(Holds(*world, kReceiver, 7));
  EXPECT_LT(world->Status(kOwner).counters.inserts_sent, 30u);  // One shard, not the table.
}

// The link is cut: what the owner would lose now grows, and both nodes say at-risk.
TEST(RoleScenario, ExposureGrowsWhenTheLinkIsCut) {
  const auto world = Synced(Calm());
  EXPECT_EQ(world->Status(kOwner).exposure.changes, 0u);
  world->Cut(true);
  Open(*world, kOwner, 1, 25);
  world->RunFor(Millis(50));
  EXPECT_EQ(world->Status(kOwner).exposure.changes, 25u);
  EXPECT_GE(world->Status(kOwner).exposure.age, Millis(49));
  world->RunFor(Millis(100));
  EXPECT_EQ(world->Status(kOwner).peer_readiness, Readiness::kAtRisk);
  EXPECT_EQ(world->Status(kOwner).reason, AtRiskReason::kHa2Silent);
  EXPECT_EQ(world->Status(kReceiver).readiness, Readiness::kAtRisk);
  EXPECT_EQ(world->Status(kReceiver).reason, AtRiskReason::kHa2Silent);
  EXPECT_QUIET(*world);
  EXPECT_TRUE(Holds(*world, kReceiver, 25));
}

// One direction only: the receiver hears, the owner does not. The change is applied, not confirmed.
TEST(RoleScenario, UnconfirmedChangesMakeTheOwnerSayAtRisk) {
  WorldOptions options = Calm();
  options.engine.silence_limit = Seconds(5);
  options.engine.exposure_limit = Millis(100);
  const auto world = Synced(options);
  world->CutOneWay(kReceiver, true);
  Open(*world, kOwner, 1, 1);
  world->RunFor(Millis(200));
  EXPECT_TRUE(Holds(*world, kReceiver, 1));
  EXPECT_EQ(world->Status(kOwner).peer_readiness, Readiness::kAtRisk);
  EXPECT_EQ(world->Status(kOwner).reason, AtRiskReason::kExposure);
  EXPECT_QUIET(*world);
}

// state-synchronization no: frames of tables stop, the link stays alive; yes again brings a bulk.
TEST(RoleScenario, StateSynchronizationCanBeSwitchedOff) {
  const auto world = Synced(Calm());
  world->node(kOwner).engine().SetStateSync(world->now(), false);
  Open(*world, kOwner, 1, 5);
  world->RunFor(Millis(100));
  EXPECT_FALSE(Holds(*world, kReceiver, 1));
  EXPECT_TRUE(world->Status(kReceiver).peer_connected);
  EXPECT_EQ(world->Status(kOwner).reason, AtRiskReason::kStateSyncDisabled);
  world->RunFor(Seconds(2));
  EXPECT_NE(world->Status(kReceiver).readiness, Readiness::kSynced);  // The proof grew too old.
  world->node(kOwner).engine().SetStateSync(world->now(), true);
  world->Kick(kOwner);
  EXPECT_QUIET(*world);
  EXPECT_TRUE(Holds(*world, kReceiver, 5));
}

TEST(RoleScenario, EqualOptionsGiveEqualRuns) {
  WorldOptions options = DrawOptions(17);
  std::uint64_t hashes[2];
  for (std::uint64_t& hash : hashes) {
    World world(options);
    world.Boot(0);
    world.Boot(1);
    world.SetFaults(true);
    world.RunFor(Seconds(2));
    hash = world.trace_hash();
  }
  EXPECT_EQ(hashes[0], hashes[1]);
  options.seed = 18;
  World other(options);
  other.Boot(0);
  other.Boot(1);
  other.RunFor(Seconds(2));
  EXPECT_NE(other.trace_hash(), hashes[0]);
}

}  // namespace sim
