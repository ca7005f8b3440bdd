// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Stories of full transfers: joining, sweeping, and what interrupts them.

#include "tests/sim/story.h"

namespace sim {

using statesync::AtRiskReason;
using statesync::Micros;
using statesync::Millis;
using statesync::Readiness;
using statesync::Seconds;

TEST(BulkScenario, JoinerPullsEverythingAndLiveChangesGoOn) {
  WorldOptions options = Calm();
  options.capacity[0] = options.capacity[1] = 16'384;
  options.engine.bulk_frames_per_turn = 1;
  const auto world = Started(options);
  world->RunFor(Millis(100));
  world->Crash(kReceiver);
  Open(*world, kOwner, 1, 8'000);
  world->RunFor(Millis(100));
  world->Boot(kReceiver);
  ASSERT_TRUE(world->RunUntil([&] { return world->node(kReceiver).table().live_count() > 1'000; },
                              Seconds(1)));
  const auto before = world->node(kReceiver).table().live_count();
  EXPECT_LT(before, 8'000u);
  Open(*world, kOwner, 10'001, 1);
  world->RunFor(Millis(1));
  EXPECT_TRUE(Holds(*world, kReceiver, 10'001));  // A live change does not queue behind the bulk.
  EXPECT_QUIET(*world);
  EXPECT_EQ(world->node(kReceiver).table().live_count(), 8'001u);
}

TEST(BulkScenario, LossDuringBulkUnderLoadStillConverges) {
  WorldOptions options = Calm();
  options.workload_runs = true;
  options.link.loss_ppm = 100'000;
  options.link.late_ppm = 100'000;
  const auto world = Started(options);
  world->RunFor(Millis(300));
  world->Crash(kReceiver);
  world->RunFor(Millis(50));
  world->Boot(kReceiver);
  world->RunFor(Millis(300));
  EXPECT_QUIET(*world);
}

// The receiver dies in the middle of its transfer and starts again, with nothing.
TEST(BulkScenario, CrashDuringBulkStartsOver) {
  WorldOptions options = Calm();
  options.engine.bulk_frames_per_turn = 1;
  const auto world = Started(options);
  Open(*world, kOwner, 1, 3'000);
  ASSERT_TRUE(world->RunUntil(
      [&] {
        return world->node(kReceiver).is_up() && world->node(kReceiver).table().live_count() > 500;
      },
      Seconds(1)));
  world->Crash(kReceiver);
  world->RunFor(Millis(20));
  world->Boot(kReceiver);
  EXPECT_QUIET(*world);
  EXPECT_EQ(world->node(kReceiver).table().live_count(), 3'000u);
}

// The link is cut for long, and sessions end and begin at the owner. The streams go on where they
// were: no bulk, no sweep, and only what changed is sent.
TEST(BulkScenario, RejoinBringsOnlyWhatChanged) {
  const auto world = Synced(Calm());
  const auto handles = Open(*world, kOwner, 1, 1'000);
  world->RunFor(Millis(50));
  ASSERT_TRUE(Holds(*world, kReceiver, 1));
  const auto bulks = world->Status(kOwner).counters.bulks_started;
  const auto records = world->Status(kOwner).counters.records_sent;
  world->Cut(true);
  world->RunFor(Seconds(1));
  EXPECT_FALSE(world->Status(kOwner).peer_connected);
  Close(*world, kOwner, {handles.begin(), handles.begin() + 50});
  Open(*world, kOwner, 2'001, 10);
  world->RunFor(Millis(10));
  EXPECT_EQ(world->Status(kOwner).exposure.changes, 60u);
  EXPECT_EQ(world->Status(kOwner).reason, AtRiskReason::kHa2Silent);
  world->Cut(false);
  EXPECT_QUIET(*world);
  EXPECT_FALSE(Holds(*world, kReceiver, 1));
  EXPECT_TRUE(Holds(*world, kReceiver, 2'005));
  EXPECT_EQ(world->Status(kOwner).counters.rejoins, 1u);
  EXPECT_EQ(world->Status(kOwner).counters.bulks_started, bulks);
  // Twice at most: the owner knows of the reconnection first, and its first frames may be too
  // early.
  EXPECT_LE(world->Status(kOwner).counters.records_sent, records + 120);
}

// Deletes for a silent peer hold slots. Before new sessions find none the peer's memory is given
// up; what it holds too much is swept when it is back.
TEST(BulkScenario, DormantPeerIsGivenUpBeforeSlotsRunOut) {
  const auto world = Synced(Calm());
  std::vector<statesync::Handle> handles;
  for (std::uint32_t i = 1; handles.size() < 40; ++i) {
    if (statesync::SessionTable::ShardOf(KeyOf(i)) != 7) continue;
    handles.push_back(Open(*world, kOwner, i, 1).at(0));
  }
  world->RunFor(Millis(50));
  world->Cut(true);
  world->RunFor(Seconds(1));
  Close(*world, kOwner, handles);
  world->RunFor(Millis(50));
  EXPECT_EQ(world->Status(kOwner).exposure.changes, 0u);  // Nobody to be exposed to.
  world->Cut(false);
  EXPECT_QUIET(*world);
  EXPECT_EQ(world->Status(kOwner).counters.rejoins, 0u);
  EXPECT_EQ(world->Status(kReceiver).counters.entries_swept, 40u);
  EXPECT_EQ(world->node(kReceiver).table().live_count(), 0u);
}

// A node that took over with half a table must not make anybody remove the other half (I5).
TEST(BulkScenario, IncompleteOwnerCausesNoSweep) {
  WorldOptions options = Calm();
  options.engine.bulk_frames_per_turn = 1;
  const auto world = Started(options);
  Open(*world, kOwner, 1, 3'000);
  ASSERT_TRUE(world->RunUntil([&] { return world->node(kReceiver).table().live_count() > 500; },
                              Seconds(1)));
  world->MakeStandby(kOwner);
  world->Activate(kReceiver);
  world->RunFor(Seconds(1));
  EXPECT_EQ(world->node(kOwner).table().live_count(), 3'000u);
  EXPECT_EQ(world->Status(kOwner).readiness, Readiness::kAtRisk);
  EXPECT_EQ(world->Status(kOwner).reason, AtRiskReason::kDigestMismatch);
}

// … but what it published itself and does not hold any more is gone for good.
TEST(BulkScenario, IncompleteOwnerSweepsWhatItPublishedItself) {
  WorldOptions options = Calm();
  options.engine.bulk_frames_per_turn = 1;
  const auto world = Started(options);
  Open(*world, kOwner, 1, 3'000);
  ASSERT_TRUE(world->RunUntil([&] { return world->node(kReceiver).table().live_count() > 500; },
                              Seconds(1)));
  world->Crash(kOwner);
  world->Activate(kReceiver);
  const auto handles = Open(*world, kReceiver, 5'001, 100);
  world->Boot(kOwner);
  ASSERT_TRUE(world->RunUntil([&] { return Holds(*world, kOwner, 5'100); }, Seconds(1)));
  world->Cut(true);
  world->RunFor(Millis(500));
  Close(*world, kReceiver, handles);
  world->RunFor(Millis(10));
  EXPECT_QUIET(*world);
  EXPECT_FALSE(Holds(*world, kOwner, 5'001));
}

// The receiver's table is smaller: what does not fit is refused, counted on both nodes, and
// visible.
TEST(BulkScenario, FullTableIsRefusedAndVisible) {
  WorldOptions options = Calm();
  options.capacity[kOwner] = 65'536;  // 368 slots per shard.
  options.capacity[kReceiver] = 256;  // 68 slots per shard.
  const auto world = Synced(options);
  std::vector<statesync::Handle> handles;
  for (std::uint32_t i = 1; handles.size() < 200; ++i) {
    if (statesync::SessionTable::ShardOf(KeyOf(i)) != 7) continue;
    handles.push_back(Open(*world, kOwner, i, 1).at(0));
  }
  world->RunFor(Millis(300));
  EXPECT_EQ(world->Status(kReceiver).readiness, Readiness::kAtRisk);
  EXPECT_EQ(world->Status(kReceiver).reason, AtRiskReason::kRefusedEntries);
  EXPECT_GT(world->Status(kReceiver).counters.records_refused, 0u);
  EXPECT_GT(world->Status(kOwner).counters.refusals_reported, 0u);
  EXPECT_EQ(world->Status(kOwner).peer_readiness, Readiness::kAtRisk);
  EXPECT_EQ(world->Status(kOwner).exposure.changes, 0u);  // Refused is not unconfirmed.
  // When there is room again the pair finds back by itself.
  Close(*world, kOwner, {handles.begin(), handles.begin() + 150});
  EXPECT_QUIET(*world);
  EXPECT_EQ(world->node(kReceiver).table().live_count(), 50u);
}

TEST(BulkScenario, OperatorCanAskForOneAtAnyTime) {
  const auto world = Synced(Calm());
  Open(*world, kOwner, 1, 100);
  world->RunFor(Millis(20));
  const auto before = world->Status(kReceiver).counters.bulks_finished;
  world->node(kReceiver).engine().RequestBulk(world->now());
  world->Kick(kReceiver);
  EXPECT_QUIET(*world);
  EXPECT_EQ(world->Status(kReceiver).counters.bulks_finished, before + 1);
  EXPECT_EQ(world->Status(kReceiver).counters.entries_swept, 0u);
}

}  // namespace sim
