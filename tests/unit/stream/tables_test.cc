// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Peers of another version, with other tables or smaller ones. There is one generation of schemas,
// so the numbers of the others are made up.

#include "gtest/gtest.h"
#include "statesync/wire/version_range.h"
#include "tests/unit/stream/engine_pair.h"

namespace statesync {
namespace {

constexpr std::size_t kSessions = static_cast<std::size_t>(TableId::kSession);

TEST(VersionRange, TheHighestCommonNumberIsUsed) {
  EXPECT_EQ(HighestCommon({1, 1}, {1, 1}), 1);
  EXPECT_EQ(HighestCommon({1, 3}, {2, 5}), 3);
  EXPECT_EQ(HighestCommon({2, 5}, {1, 3}), 3);
  EXPECT_EQ(HighestCommon({1, 9}, {4, 4}), 4);
  EXPECT_EQ(HighestCommon({1, 3}, {3, 5}), 3);
}

TEST(VersionRange, NothingInCommonIsZero) {
  EXPECT_EQ(HighestCommon({1, 2}, {3, 5}), 0);
  EXPECT_EQ(HighestCommon({3, 5}, {1, 2}), 0);
  EXPECT_EQ(HighestCommon({1, 2}, {}), 0);
  EXPECT_EQ(HighestCommon({2, 1}, {1, 2}), 0);
}

// One of each kind, so that both schemas of inserts occur.
void Fill(EnginePair& pair, std::size_t count) {
  SessionMaker maker(1);
  for (std::size_t i = 0; i < count; ++i) {
    (void)MustInsert(pair.table(0), i % 2 == 0 ? maker.Plain() : maker.Nat());
  }
}

void RunFor(EnginePair& pair, Duration length) {
  for (const Instant end = pair.now() + length; pair.now() < end;) pair.Turn();
}

TEST(Tables, ATableThatThePeerLacksIsNotPublishedAndNamed) {
  EnginePair pair;
  PeerInfo info;
  info.schemas.fill({});
  pair.Connect(info);
  pair.MakeFirstActive();
  Fill(pair, 100);
  RunFor(pair, Millis(300));
  const EngineStatus& owner = pair.status(0);
  EXPECT_EQ(owner.counters.records_sent, 0u);
  EXPECT_GE(owner.counters.records_untold, 100u);
  EXPECT_EQ(owner.peer_readiness, Readiness::kAtRisk);
  EXPECT_EQ(owner.tables[0].reason, AtRiskReason::kTableUnknown);
  EXPECT_EQ(owner.reason, AtRiskReason::kTableUnknown);
  EXPECT_EQ(pair.status(1).readiness, Readiness::kAtRisk);
  EXPECT_EQ(pair.status(1).reason, AtRiskReason::kTableUnknown);
}

TEST(Tables, SchemasWithoutOverlapAreAsIfTheTableWereMissing) {
  EnginePair pair;
  PeerInfo info;
  info.schemas[kSessions] = {3, 9};
  pair.Connect(info);
  pair.MakeFirstActive();
  Fill(pair, 10);
  RunFor(pair, Millis(300));
  EXPECT_EQ(pair.status(0).counters.records_sent, 0u);
  EXPECT_EQ(pair.status(0).tables[0].reason, AtRiskReason::kTableUnknown);
}

// Slots of what was deleted come back although nobody can be told.
TEST(Tables, AnUntoldTableDoesNotFillWithDeletes) {
  EnginePair pair({}, 256);
  PeerInfo info;
  info.schemas.fill({});
  pair.Connect(info);
  pair.MakeFirstActive();
  SessionMaker maker(1);
  for (int i = 0; i < 20'000; ++i) {
    const Handle handle = MustInsert(pair.table(0), maker.Plain());
    pair.Turn();
    MustDelete(pair.table(0), handle);
    pair.Turn();
    ASSERT_FALSE(HasFailure()) << i;
  }
}

// … nor with those of entries that an earlier peer was told of.
TEST(Tables, DeletesOfWhatAnEarlierPeerKnewComeBackToo) {
  EnginePair pair({}, 1'024);
  pair.Connect();
  pair.MakeFirstActive();
  SessionMaker maker(1);
  std::vector<Handle> handles(500);
  for (Handle& handle : handles) handle = MustInsert(pair.table(0), maker.Plain());
  ASSERT_TRUE(pair.TurnUntilSynced());
  PeerInfo info;
  info.node = 1;
  info.boot_id = 999;
  info.schemas.fill({});
  pair.engine(0).OnPeerLost(pair.now());
  pair.engine(0).OnPeerConnected(pair.now(), info);
  for (int round = 0; round < 50; ++round) {
    for (Handle& handle : handles) {
      MustDelete(pair.table(0), handle);
      pair.Turn(Micros(100), [] { return true; });
      handle = MustInsert(pair.table(0), maker.Plain());
      ASSERT_FALSE(HasFailure()) << round;
    }
  }
}

TEST(Tables, ANewerPeerIsToldEverything) {
  EnginePair pair;
  PeerInfo info;
  info.schemas[kSessions] = {1, 7};
  pair.Connect(info);
  pair.MakeFirstActive();
  Fill(pair, 100);
  ASSERT_TRUE(pair.TurnUntilSynced());
  EXPECT_EQ(pair.table(1).live_count(), 100u);
  EXPECT_EQ(pair.status(0).counters.records_untold, 0u);
  EXPECT_EQ(pair.status(0).tables[0].reason, AtRiskReason::kNone);
}

// An older peer gets what it understands; what it does not is counted and named.
TEST(Tables, AnOlderPeerIsToldWhatItUnderstands) {
  EnginePair pair;
  PeerInfo info;
  info.schemas[kSessions] = {1, kSessionInsertV4};
  pair.Connect(info);
  pair.MakeFirstActive();
  Fill(pair, 100);
  RunFor(pair, Millis(300));
  EXPECT_EQ(pair.table(1).live_count(), 50u);
  EXPECT_GE(pair.status(0).counters.records_untold, 50u);
  EXPECT_EQ(pair.status(0).peer_readiness, Readiness::kAtRisk);
  EXPECT_EQ(pair.status(0).tables[0].reason, AtRiskReason::kTableUnknown);
}

TEST(Tables, ASmallerPeerIsNamedBeforeItsTableIsFull) {
  EnginePair pair;
  PeerInfo info;
  info.capacity[kSessions] = 1'000;
  pair.Connect(info);
  pair.MakeFirstActive();
  Fill(pair, 900);
  ASSERT_TRUE(pair.TurnUntilSynced());
  RunFor(pair, Millis(20));
  EXPECT_EQ(pair.status(0).tables[0].reason, AtRiskReason::kNone);
  SessionMaker maker(2);
  (void)MustInsert(pair.table(0), maker.Plain());
  RunFor(pair, Millis(20));
  EXPECT_EQ(pair.status(0).tables[0].reason, AtRiskReason::kPeerCapacity);
  EXPECT_EQ(pair.status(0).peer_readiness, Readiness::kSynced);  // A warning, no risk yet.
}

}  // namespace
}  // namespace statesync
