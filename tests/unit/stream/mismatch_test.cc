// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A damaged entry: comparison names exactly its shard, and the shard is repaired. PROTOCOL.md §9.

#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "statesync/stream/mismatch_ledger.h"
#include "statesync/table/entry_damage.h"
#include "tests/unit/stream/engine_pair.h"

namespace statesync {
namespace {

// An owner with sessions in all shards and a peer that is proven to hold them. Values are walked
// quickly, so that a pass takes less than a second.
class Mismatch : public ::testing::Test {
 protected:
  void SetUp() override {
    pair_.Connect();
    pair_.MakeFirstActive();
    SessionMaker maker(1);
    for (int i = 0; i < 2'000; ++i) Insert(maker.Any());
    for (int i = 0; i < 100; ++i) pair_.Turn();
    ASSERT_TRUE(pair_.TurnUntilSynced());
    RunFor(options_.digest_interval * 4);
    ASSERT_EQ(found().found, 0u);
  }

  static EngineOptions Options() {
    EngineOptions options;
    options.scrub_interval = Millis(1);
    return options;
  }
  void Insert(const NewSession& session) {
    handles_.push_back(MustInsert(pair_.table(0), session));
    keys_.push_back(session.key);
  }
  // The peer's copy of a session.
  Handle Copy(std::size_t session) {
    const LookupResult at = pair_.table(1).Lookup(keys_[session]);
    EXPECT_NE(at.slot, kNoSlot);
    return {handles_[session].shard, at.slot};
  }
  // Damages it; returns its shard.
  ShardIndex Damage(std::size_t session, EntryDamage damage) {
    EXPECT_TRUE(pair_.table(1).Damage(Copy(session), damage));
    return handles_[session].shard;
  }
  void RunFor(Duration length) {
    for (const Instant end = pair_.now() + length; pair_.now() < end;) pair_.Turn();
  }
  template <typename Condition>
  [[nodiscard]] bool RunUntil(Condition holds) {
    for (int i = 0; i < 100'000 && !holds(); ++i) pair_.Turn();
    return holds();
  }
  [[nodiscard]] const ShardMismatches& found(std::size_t node = 1) {
    return pair_.status(node).tables[0].mismatches;
  }

  EngineOptions options_ = Options();
  EnginePair pair_{options_};
  std::vector<FlowKey> keys_;    // Of the sessions, in the order of their making,
  std::vector<Handle> handles_;  // and where the owner has them.
};

TEST_F(Mismatch, ADigestNamesExactlyTheShardAndItIsRepairedWithinOnePeriod) {
  std::uint64_t count = 0;
  for (const EntryDamage damage : {EntryDamage::kMissing, EntryDamage::kVersion}) {
    const ShardIndex shard = Damage(100 + count, damage);
    ++count;
    ASSERT_TRUE(RunUntil([&] { return found().found == count; }));
    EXPECT_EQ(found().open, 1u);
    EXPECT_EQ(found().shard, shard);
    EXPECT_EQ(found().kind, MismatchKind::kDigest);
    EXPECT_FALSE(found().is_repaired);
    EXPECT_EQ(found().found_at, pair_.now());
    EXPECT_EQ(pair_.status(1).reason, AtRiskReason::kDigestMismatch);
    ASSERT_TRUE(RunUntil([&] { return found().is_repaired; }));
    EXPECT_EQ(found().repaired_at, pair_.now());
    EXPECT_LE(found().repaired_at - found().found_at, options_.digest_interval + Millis(1));
    EXPECT_EQ(DifferingShards(pair_.table(0), pair_.table(1)), 0u);
  }
  RunFor(Seconds(2));
  EXPECT_EQ(found().found, count) << "found once each";
  EXPECT_EQ(found().open, 0u);
  EXPECT_EQ(found(0).found, 0u) << "the owner compares nothing";
}

TEST_F(Mismatch, SeveralDamagedShardsAreCountedEach) {
  std::set<ShardIndex> shards;
  for (std::size_t i = 0; i < 5; ++i) shards.insert(Damage(300 + i, EntryDamage::kMissing));
  ASSERT_TRUE(RunUntil([&] { return found().found == shards.size() && found().open == 0; }));
  EXPECT_EQ(shards.count(found().shard), 1u);
}

TEST_F(Mismatch, AScrubNamesTheShardOfADamagedValue) {
  const ShardIndex shard = Damage(7, EntryDamage::kValue);
  // Digests agree all the time; until the owner hears the question nothing is repaired.
  const std::uint64_t agreed = pair_.status(1).counters.digests_agreed;
  for (int i = 0; i < 20'000; ++i) {
    pair_.Turn(Micros(100), [](std::size_t from) { return from == 1; });
  }
  ASSERT_EQ(found().found, 1u);
  EXPECT_EQ(found().shard, shard);
  EXPECT_EQ(found().kind, MismatchKind::kValue);
  EXPECT_GT(pair_.status(1).counters.digests_agreed, agreed);
  EXPECT_FALSE(found().is_repaired);
  ASSERT_TRUE(RunUntil([&] { return found().is_repaired; }));
  EXPECT_EQ(pair_.table(1).entry(Copy(7)).rule, pair_.table(0).entry(handles_[7]).rule);
}

// What the links lose is no damage: a difference that frames explain is not counted.
TEST_F(Mismatch, LostFramesAreNoDamage) {
  SessionMaker maker(2);
  int turn = 0;
  for (int i = 0; i < 2'000; ++i) {
    Insert(maker.Any());
    pair_.Turn(Micros(100), [&] { return ++turn % 10 == 0; });
  }
  ASSERT_TRUE(pair_.TurnUntilSynced());
  EXPECT_EQ(found().found, 0u);
}

// An owner that has given up a peer which it does not hear numbers no frames for its changes, so
// that digests would change between two frames; a peer that hears them must not call that damage.
TEST_F(Mismatch, ChangesThatAreToldToNobodyAreNoDamage) {
  const auto is_receivers = [](std::size_t from) { return from == 1; };
  const auto run_unheard = [&] {
    for (int i = 0; i < 3'000; ++i) pair_.Turn(Micros(100), is_receivers);
  };
  const std::uint64_t epochs = pair_.status(0).counters.epochs_begun;
  SessionMaker maker(2);
  for (int round = 0; round < 10 && pair_.status(0).counters.epochs_begun == epochs; ++round) {
    for (const Handle handle : handles_) MustDelete(pair_.table(0), handle);
    handles_.clear();
    for (int i = 0; i < 500; ++i) Insert(maker.Any());
    run_unheard();
  }
  ASSERT_GT(pair_.status(0).counters.epochs_begun, epochs) << "deletes held too many slots";
  EXPECT_GT(pair_.engine(0).NextDeadline(pair_.now()), pair_.now()) << "nothing to do";
  for (int i = 0; i < 20; ++i) {
    Insert(maker.Any());
    run_unheard();
  }
  EXPECT_GT(pair_.status(0).counters.changes_dropped, 0u);
  EXPECT_EQ(found().found, 0u);
  ASSERT_TRUE(RunUntil([&] { return pair_.status(1).readiness == Readiness::kSynced; }));
  EXPECT_EQ(DifferingShards(pair_.table(0), pair_.table(1)), 0u);
  EXPECT_EQ(found().found, 0u);
}

TEST(MismatchLedger, ADifferenceSeenAgainIsTheSameOneUntilItAgreed) {
  MismatchLedger ledger;
  ledger.OnMismatch({1}, 9, MismatchKind::kDigest);
  ledger.OnMismatch({2}, 9, MismatchKind::kDigest);
  EXPECT_EQ(ledger.shown().found, 1u);
  EXPECT_EQ(ledger.shown().found_at, Instant{1});
  ledger.OnAgreed({3}, 8);
  EXPECT_FALSE(ledger.shown().is_repaired) << "another shard";
  ledger.OnAgreed({4}, 9);
  EXPECT_TRUE(ledger.shown().is_repaired);
  EXPECT_EQ(ledger.shown().repaired_at, Instant{4});
  ledger.OnMismatch({5}, 9, MismatchKind::kValue);
  EXPECT_EQ(ledger.shown().found, 2u);
  EXPECT_FALSE(ledger.shown().is_repaired);
}

TEST(MismatchLedger, ANodeThatTakesTheTableOverHasNothingToRepair) {
  MismatchLedger ledger;
  ledger.OnMismatch({1}, 3, MismatchKind::kDigest);
  ledger.OnOwned();
  EXPECT_EQ(ledger.shown().open, 0u);
  EXPECT_EQ(ledger.shown().found, 1u);
  EXPECT_FALSE(ledger.shown().is_repaired) << "nobody knows";
  ledger.OnMismatch({2}, 3, MismatchKind::kDigest);
  EXPECT_EQ(ledger.shown().found, 2u) << "as a standby again";
}

}  // namespace
}  // namespace statesync
