// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Stories of lost, late and doubled frames.

#include "tests/sim/story.h"

namespace sim {

using statesync::Micros;
using statesync::Millis;

// A frame in the middle is lost; the next one shows it. Repaired in about 1.5 round trips.
TEST(LossScenario, LostFrameIsRepairedSoonAfterTheNextOneArrives) {
  const auto world = Synced(Calm());
  world->DropNext(kOwner, 1);
  Open(*world, kOwner, 1, 1);
  world->RunFor(Micros(200));
  EXPECT_FALSE(Holds(*world, kReceiver, 1));
  Open(*world, kOwner, 2, 1);
  // Flush 50 us, delay 60, request 60, repair 60, and the loop's turns.
  world->RunFor(Micros(350));
  EXPECT_TRUE(Holds(*world, kReceiver, 1));
  EXPECT_EQ(world->Status(kOwner).counters.frames_repaired, 1u);
  EXPECT_QUIET(*world);
}

// Nothing follows the lost frame but a keepalive: its stated next number shows the loss.
TEST(LossScenario, LossOfTheLastFrameIsFoundByTheKeepalive) {
  const auto world = Synced(Calm());
  world->DropNext(kOwner, 1);
  Open(*world, kOwner, 1, 3);
  EXPECT_TRUE(world->RunUntil([&] { return Holds(*world, kReceiver, 3); }, Millis(15)));
  EXPECT_QUIET(*world);
}

// The repair is lost, too, and so is the repair of the repair.
TEST(LossScenario, LostRepairsAreRepaired) {
  const auto world = Synced(Calm());
  world->DropNext(kOwner, 1);
  Open(*world, kOwner, 1, 1);
  world->RunFor(Micros(100));
  world->DropNext(kOwner, 3);
  Open(*world, kOwner, 2, 1);
  world->RunFor(Micros(100));
  EXPECT_TRUE(world->RunUntil(
      [&] { return Holds(*world, kReceiver, 1) && Holds(*world, kReceiver, 2); }, Millis(40)));
  EXPECT_QUIET(*world);
}

// A world in which one frame can be made late.
WorldOptions Patient() {
  WorldOptions options = Calm();
  options.engine.reorder_wait = Millis(30);
  return options;
}
void MakeLinkSlow(World& world, bool slow) {
  LinkFaults faults;
  if (slow) faults.delay_min = faults.delay_max = Millis(3);
  world.SetLinkFaults(faults);
}
// A frame comes late, so the next one that does is waited for.
void LearnPatience(World& world) {
  MakeLinkSlow(world, true);
  Open(world, kOwner, 901, 1);
  world.RunFor(Micros(200));
  MakeLinkSlow(world, false);
  Open(world, kOwner, 902, 1);
  EXPECT_QUIET(world);
}

// An update arrives before the insert that teaches its handle, and the question for it is lost. The
// late insert is older than the update, so it is not the answer: the question is repeated.
TEST(LossScenario, UpdateThatOvertakesItsInsertIsNotLost) {
  WorldOptions options = Patient();
  options.engine.digest_interval = statesync::Seconds(1);  // No other way to find out.
  const auto world = Synced(options);
  LearnPatience(*world);
  MakeLinkSlow(*world, true);
  const auto handles = Open(*world, kOwner, 1, 1);
  world->RunFor(Micros(200));
  MakeLinkSlow(*world, false);
  world->CutOneWay(kReceiver, true);
  Advance(*world, kOwner, handles);
  world->RunFor(Millis(4));
  const auto slot = world->node(kReceiver).table().Lookup(KeyOf(1)).slot;
  ASSERT_NE(slot, statesync::kNoSlot);
  const auto& entry = world->node(kReceiver).table().entry({handles[0].shard, slot});
  EXPECT_EQ(entry.edge[1], 0u);
  EXPECT_GE(world->Status(kOwner).exposure.changes, 1u);
  world->CutOneWay(kReceiver, false);
  world->RunFor(Millis(10));
  EXPECT_EQ(entry.edge[1], 1'024u);
  EXPECT_EQ(world->Status(kOwner).exposure.changes, 0u);
  EXPECT_QUIET(*world);
}

// I4: the delete comes first, the insert after it.
TEST(LossScenario, DeleteThatOvertakesItsInsertWins) {
  const auto world = Synced(Patient());
  LearnPatience(*world);
  const std::uint64_t stale = world->Status(kReceiver).counters.records_stale;
  MakeLinkSlow(*world, true);
  const auto handles = Open(*world, kOwner, 1, 1);
  world->RunFor(Micros(200));
  MakeLinkSlow(*world, false);
  Close(*world, kOwner, handles);
  for (int i = 0; i < 60; ++i) {
    world->RunFor(Micros(100));
    EXPECT_FALSE(Holds(*world, kReceiver, 1)) << i;
  }
  EXPECT_EQ(world->Status(kReceiver).counters.records_stale, stale + 1);
  EXPECT_QUIET(*world);
}

// Every datagram arrives two times; records are applied once.
TEST(LossScenario, DuplicatesAreHarmless) {
  const auto world = Synced(Calm());
  LinkFaults twice;
  twice.duplicate_ppm = 1'000'000;
  world->SetLinkFaults(twice);
  Close(*world, kOwner, Open(*world, kOwner, 1, 50));
  Open(*world, kOwner, 101, 50);
  world->RunFor(Millis(20));
  EXPECT_GT(world->Status(kReceiver).counters.frames_duplicate, 0u);
  EXPECT_EQ(world->Status(kReceiver).counters.records_stale, 0u);
  EXPECT_QUIET(*world);
}

// A third of all datagrams is lost for half a second, under load.
TEST(LossScenario, HeavyLossEndsInEqualTables) {
  WorldOptions options = Calm();
  options.workload_runs = true;
  options.link.loss_ppm = 300'000;
  const auto world = Started(options);
  world->RunFor(Millis(500));
  EXPECT_GT(world->Status(kOwner).counters.frames_repaired, 0u);
  EXPECT_QUIET(*world);
}

// All credit is used and a frame of it is lost: the repair needs none.
TEST(LossScenario, RepairNeedsNoCredit) {
  WorldOptions options = Calm();
  options.engine.credit_frames = 2;
  options.engine.flush_delay = {};
  const auto world = Synced(options);
  world->DropNext(kOwner, 2);
  for (std::uint32_t i = 1; i < 6; ++i) {
    Open(*world, kOwner, i, 1);
    world->RunFor(Micros(10));
  }
  EXPECT_TRUE(world->RunUntil([&] { return Holds(*world, kReceiver, 5); }, Millis(50)));
  EXPECT_QUIET(*world);
}

}  // namespace sim
