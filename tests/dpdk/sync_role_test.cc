// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One writer at any instant: the hand-over between workers and sync loop, in both directions.

#include "tests/dpdk/sync_pair.h"

namespace dataplane::testing {
namespace {

using statesync::Readiness;
using statesync::Role;

TEST_F(SyncPairTest, WorkersMayWriteOnlyAfterTheSyncLoopHasLetGo) {
  a().SetRole(Role::kStandby, 0);
  Step();
  EXPECT_FALSE(a().MayWrite());
  a().SetRole(Role::kActive, 8);
  EXPECT_FALSE(a().MayWrite()) << "the sync loop has not seen it";
  Step();
  EXPECT_TRUE(a().MayWrite());
}

TEST_F(SyncPairTest, AStandbyAppliesNothingBeforeItsWorkersHaveStopped) {
  Settle();
  a().Open(0, 10);
  ASSERT_TRUE(RunUntilEqual());
  // Node 1 takes over; node 0 hears of it, but its worker is in the middle of a burst.
  b().SetRole(Role::kActive, 17);
  a().SetRole(Role::kStandby, 17, /*worker_sees=*/false);
  b().Open(1'000, 10);
  Run(200);
  EXPECT_EQ(a().table->live_count(), 10u);
  EXPECT_GT(a().Stat("ha2.handovers_waited"), 0u);
  a().WorkerSees();
  ASSERT_TRUE(RunUntil([this] { return a().table->live_count() == 20; }));
  ASSERT_TRUE(RunUntil([this] { return a().readiness() == Readiness::kSynced; }));
  EXPECT_TRUE(RunUntilEqual());
}

TEST_F(SyncPairTest, ThePairSwitchesToAndFro) {
  Settle();
  a().Open(0, 300);
  ASSERT_TRUE(RunUntilEqual());
  std::uint32_t term = 8;
  for (std::uint32_t round = 1; round <= 4; ++round) {
    SyncNode& next = round % 2 == 1 ? b() : a();
    SyncNode& last = round % 2 == 1 ? a() : b();
    term += 8;
    last.SetRole(Role::kStandby, term);
    next.SetRole(Role::kActive, term);
    Run(1);
    ASSERT_TRUE(next.MayWrite());
    ASSERT_FALSE(last.MayWrite());
    next.Open(round * 1'000, 100);
    next.Close((round - 1) * 1'000, 50);
    ASSERT_TRUE(RunUntil([&] { return last.readiness() == Readiness::kSynced; })) << round;
    EXPECT_TRUE(RunUntilEqual());
    EXPECT_EQ(last.table->live_count(), 300 + 50 * round);
  }
}

// Its workers forward nothing past the deadline: the peer must not go on hearing of an active node.
TEST_F(SyncPairTest, ANodeWhoseHaThreadStandsStillSaysSo) {
  Settle();
  const auto peer_role = [this] { return b().shared.sync.peer_role.load(); };
  ASSERT_EQ(peer_role(), static_cast<std::uint8_t>(Role::kActive));
  stalled_[0] = true;
  Run(60);
  EXPECT_EQ(peer_role(), static_cast<std::uint8_t>(Role::kNonfunctional));
  stalled_[0] = false;
  Run(30);
  EXPECT_EQ(peer_role(), static_cast<std::uint8_t>(Role::kActive));
}

// The role may change twice between two turns of a worker or of the sync loop.
TEST_F(SyncPairTest, ANewTermOfTheSameRoleIsReleasedAnew) {
  Settle();
  a().SetRole(Role::kStandby, 8, /*worker_sees=*/false);
  a().SetRole(Role::kActive, 16, /*worker_sees=*/false);
  EXPECT_FALSE(a().MayWrite());
  Step();
  EXPECT_TRUE(a().MayWrite());
  a().WorkerSees();
  a().Open(0, 100);
  ASSERT_TRUE(RunUntilEqual());
}

TEST(SyncLoopWithoutHa2, HandsOverAndFreesDeletedEntries) {
  SyncNode node(NodeSetup{.has_ha2 = false, .capacity = 2'048});
  std::int64_t now_ns = 1'000'000'000;
  node.SetRole(Role::kActive, 8);
  node.loop->Turn(now_ns);
  ASSERT_TRUE(node.MayWrite());
  for (std::uint32_t round = 0; round < 20; ++round) {  // Ten times what the table holds.
    node.Open(round * 1'000, 1'000);
    for (int i = 0; i < 10; ++i) node.loop->Turn(now_ns += 100'000);
    ASSERT_EQ(node.table->live_count(), 1'000u) << round;
    node.Close(round * 1'000, 1'000);
    for (int i = 0; i < 10; ++i) node.loop->Turn(now_ns += 100'000);
  }
  std::vector<StatValue> stats;
  node.loop->AppendStats(stats);
  EXPECT_FALSE(stats.empty());
}

}  // namespace
}  // namespace dataplane::testing
