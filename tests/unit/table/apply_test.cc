// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Records of the peer become entries: larger versions win, whatever the order and however often.

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/table/session_maker.h"

namespace statesync {
namespace {

// An active table and a standby with another seed and other slots.
class Apply : public testing::Test {
 protected:
  Apply() { MustInsert(*active_, maker_.Plain()); }  // So that slots differ from the standby's.

  Published Publish(Handle handle) {
    table_mark(handle);
    for (const Published& p : PublishDirty(*active_, counter_)) {
      if (p.record.handle == handle) return p;
    }
    ADD_FAILURE() << "nothing published";
    return {};
  }
  void table_mark(Handle handle) { active_->MarkDirtyBatch(0, {&handle, 1}); }

  SessionMaker maker_{1};
  std::unique_ptr<SessionTable> active_ = MakeTable();
  std::unique_ptr<SessionTable> standby_ = MakeTable(2'048, /*index_seed=*/99);
  std::uint64_t counter_ = 1;
};

TEST_F(Apply, InsertMakesTheSessionFindable) {
  for (const NewSession& session : {maker_.Plain(), maker_.Nat()}) {
    const Published p = Publish(MustInsert(*active_, session));
    const ApplyOutcome outcome = ApplyInsert(*standby_, p);
    ASSERT_EQ(outcome.result, ApplyResult::kApplied);
    const LookupResult found = standby_->Lookup(session.key);
    EXPECT_EQ(found.slot, outcome.slot);
    EXPECT_EQ(standby_->Lookup(ReplyKey(session)).slot, outcome.slot);
    const SessionEntry& entry = standby_->entry({p.record.handle.shard, outcome.slot});
    EXPECT_EQ(entry.generation, outcome.generation);
    EXPECT_EQ(entry.version, p.version.bits);
    EXPECT_EQ(entry.rule, 77);
    EXPECT_EQ(entry.nat_addr, session.nat_addr);
    EXPECT_EQ(entry.nat_port, session.nat_port);
    EXPECT_EQ(entry.dirty.load(), 0);
  }
}

TEST_F(Apply, AppliedEntriesWaitForAnAnchorAndAreDueAfterTakeover) {
  const Published p = Publish(MustInsert(*active_, maker_.Plain()));
  standby_->replicated().OnTime(Instant{} + Seconds(1'234));
  const ApplyOutcome outcome = ApplyInsert(*standby_, p);
  const Handle own{p.record.handle.shard, outcome.slot};
  EXPECT_EQ(standby_->entry(own).last_seen_s, 1'234u);
  EXPECT_EQ(standby_->entry(own).flags & (kSessionReanchorClient | kSessionReanchorServer),
            kSessionReanchorClient | kSessionReanchorServer);
  std::array<Handle, 4> due;
  EXPECT_EQ(standby_->ListExpired(own.shard, 70'000, due), 1u);
}

TEST_F(Apply, UpdateCarriesStateAndEdges) {
  const Handle handle = MustInsert(*active_, maker_.Plain());
  const Published insert = Publish(handle);
  const ApplyOutcome outcome = ApplyInsert(*standby_, insert);
  active_->BeginWrite(handle);
  active_->entry(handle).edge[0] = 0x12345601;
  active_->entry(handle).edge[1] = 0x00000100;
  active_->entry(handle).state = static_cast<std::uint8_t>(SessionState::kTcpFinWait);
  active_->EndWrite(handle);
  const Published update = Publish(handle);
  ASSERT_EQ(update.record.op, Op::kUpdate);
  ASSERT_EQ(ApplyUpdate(*standby_, update, OwnOf(insert, outcome)).result, ApplyResult::kApplied);
  const SessionEntry& entry = standby_->entry({handle.shard, outcome.slot});
  EXPECT_EQ(entry.edge[0], 0x12345700u);  // Rounded up: never behind.
  EXPECT_EQ(entry.edge[1], 0x00000100u);
  EXPECT_EQ(entry.state, static_cast<std::uint8_t>(SessionState::kTcpFinWait));
  EXPECT_EQ(entry.version, update.version.bits);
  EXPECT_EQ(standby_->replicated().Digest(handle.shard).sum,
            active_->replicated().Digest(handle.shard).sum);
}

TEST_F(Apply, EqualAndOlderVersionsAreStale) {
  const Handle handle = MustInsert(*active_, maker_.Plain());
  const Published first = Publish(handle);
  const ApplyOutcome outcome = ApplyInsert(*standby_, first);
  const OwnHandle own = OwnOf(first, outcome);
  const Published second = Publish(handle);
  EXPECT_EQ(ApplyInsert(*standby_, first).result, ApplyResult::kStale);
  ASSERT_EQ(ApplyUpdate(*standby_, second, own).result, ApplyResult::kApplied);
  EXPECT_EQ(ApplyUpdate(*standby_, second, own).result, ApplyResult::kStale);
  EXPECT_EQ(ApplyInsert(*standby_, first).result, ApplyResult::kStale);
  EXPECT_EQ(ApplyInsert(*standby_, first).slot, kNoSlot);
  EXPECT_EQ(ApplyDelete(*standby_, first.version, own).result, ApplyResult::kStale);
  EXPECT_EQ(standby_->live_count(), 1u);
}

TEST_F(Apply, DeleteFreesTheSlotAndTheDigest) {
  const NewSession session = maker_.Nat();
  const Handle handle = MustInsert(*active_, session);
  const Published insert = Publish(handle);
  const ApplyOutcome outcome = ApplyInsert(*standby_, insert);
  const Version later = MakeVersion(kTerm, 1'000);
  ASSERT_EQ(ApplyDelete(*standby_, later, OwnOf(insert, outcome)).result, ApplyResult::kApplied);
  EXPECT_EQ(standby_->Lookup(session.key).slot, kNoSlot);
  EXPECT_EQ(standby_->Lookup(ReplyKey(session)).slot, kNoSlot);
  EXPECT_EQ(standby_->live_count(), 0u);
  EXPECT_EQ(standby_->replicated().Digest(handle.shard).sum, DigestSum{});
  EXPECT_EQ(ApplyDelete(*standby_, later, OwnOf(insert, outcome)).result, ApplyResult::kStale);
}

// A client reuses its port: the session's next incarnation has another slot at the active. The
// delete of the first was lost and comes repaired, with the larger version. It must not hit the
// second.
TEST_F(Apply, RepairedDeleteOfAnOldIncarnationDoesNotRemoveTheNewOne) {
  const NewSession session = maker_.Plain();
  const Handle first = MustInsert(*active_, session);
  const Published insert = Publish(first);
  const OwnHandle own = OwnOf(insert, ApplyInsert(*standby_, insert));
  MustDelete(*active_, first);
  PublishDirty(*active_, counter_);  // The delete, lost on the way.
  const Handle second = MustInsert(*active_, session);
  ASSERT_NE(second.slot, first.slot);
  ASSERT_EQ(ApplyInsert(*standby_, Publish(second)).result, ApplyResult::kApplied);
  const Published repaired = Publish(first);
  ASSERT_EQ(repaired.record.op, Op::kDelete);
  EXPECT_EQ(ApplyDelete(*standby_, repaired.version, own).result, ApplyResult::kStale);
  EXPECT_NE(standby_->Lookup(session.key).slot, kNoSlot);
  EXPECT_EQ(standby_->live_count(), 1u);
}

TEST_F(Apply, LateUpdateOfAnOldIncarnationIsStale) {
  const NewSession session = maker_.Plain();
  const Handle first = MustInsert(*active_, session);
  const Published insert = Publish(first);
  const OwnHandle own = OwnOf(insert, ApplyInsert(*standby_, insert));
  Published update = Publish(first);
  ASSERT_EQ(ApplyDelete(*standby_, MakeVersion(kTerm, 500), own).result, ApplyResult::kApplied);
  update.version = MakeVersion(kTerm, 1'000);
  EXPECT_EQ(ApplyUpdate(*standby_, update, own).result, ApplyResult::kStale);
}

// The port behind NAT was given to another client, and the delete of its first holder is late.
TEST_F(Apply, LargerVersionTakesTheNatPort) {
  const NewSession first = maker_.Nat();
  NewSession second = first;
  do {
    second.key.source_addr = static_cast<NetAddr>(maker_.Random());
  } while (SessionTable::ShardOf(second.key) != SessionTable::ShardOf(first.key));
  const Handle handle = MustInsert(*active_, first);
  const Published older = Publish(handle);
  const OwnHandle own = OwnOf(older, ApplyInsert(*standby_, older));
  MustDelete(*active_, handle);
  const Published newer = Publish(MustInsert(*active_, second));
  const ApplyOutcome outcome = ApplyInsert(*standby_, newer);
  ASSERT_EQ(outcome.result, ApplyResult::kApplied);
  EXPECT_EQ(standby_->Lookup(first.key).slot, kNoSlot);
  EXPECT_EQ(standby_->Lookup(ReplyKey(second)).slot, outcome.slot);
  EXPECT_EQ(standby_->live_count(), 1u);
  EXPECT_EQ(standby_->counters().conflicts_won.load(), 1u);
  // What belonged to the loser finds nothing any more; its own insert is history.
  EXPECT_EQ(ApplyDelete(*standby_, MakeVersion(kTerm, 900), own).result, ApplyResult::kStale);
  EXPECT_EQ(ApplyInsert(*standby_, older).result, ApplyResult::kStale);
  // Against an entry of a higher term the loser is another owner's: that is not history.
  Published foreign = newer;
  foreign.version = MakeVersion({kTerm.value + 8}, 1);
  ASSERT_EQ(ApplyInsert(*standby_, foreign).result, ApplyResult::kApplied);
  const ApplyOutcome refused = ApplyInsert(*standby_, older);
  EXPECT_EQ(refused.result, ApplyResult::kRefused);
  EXPECT_EQ(refused.reason, RefusalReason::kKeyConflict);
}

// The same two endpoints, opened from the other side: one of the two is history.
TEST_F(Apply, LargerVersionTakesThePairOfEndpoints) {
  const NewSession first = maker_.Plain();
  NewSession second = first;
  second.key = Reverse(first.key);
  const Handle handle = MustInsert(*active_, first);
  const Published older = Publish(handle);
  ASSERT_EQ(ApplyInsert(*standby_, older).result, ApplyResult::kApplied);
  MustDelete(*active_, handle);
  const Published newer = Publish(MustInsert(*active_, second));
  ASSERT_EQ(ApplyInsert(*standby_, newer).result, ApplyResult::kApplied);
  EXPECT_EQ(standby_->live_count(), 1u);
  EXPECT_EQ(standby_->Lookup(second.key).direction, Direction::kFromClient);
  EXPECT_EQ(ApplyInsert(*standby_, older).result, ApplyResult::kStale);
}

TEST_F(Apply, NatOfASessionCanChange) {
  NewSession session = maker_.Nat();
  const Handle handle = MustInsert(*active_, session);
  ASSERT_EQ(ApplyInsert(*standby_, Publish(handle)).result, ApplyResult::kApplied);
  const FlowKey old_reply = ReplyKey(session);
  MustDelete(*active_, handle);
  const std::uint16_t first_port = SessionTable::NatPortInShard(session.key, kNatAddr, 0);
  session.nat_port = FromNetwork(FromNetwork(session.nat_port) != first_port
                                     ? first_port
                                     : SessionTable::NatPortInShard(session.key, kNatAddr, 1));
  const ApplyOutcome outcome = ApplyInsert(*standby_, Publish(MustInsert(*active_, session)));
  ASSERT_EQ(outcome.result, ApplyResult::kApplied);
  EXPECT_EQ(standby_->Lookup(old_reply).slot, kNoSlot);
  EXPECT_EQ(standby_->Lookup(ReplyKey(session)).slot, outcome.slot);
  EXPECT_EQ(standby_->live_count(), 1u);
}

TEST_F(Apply, NamesWhatIsMalformed) {
  const Published good = Publish(MustInsert(*active_, maker_.Nat()));
  const auto apply_with = [&](std::size_t offset, int change) {
    Published bad = good;
    bad.record.bytes[offset] ^= static_cast<std::byte>(change);
    return ApplyInsert(*standby_, bad).result;
  };
  const auto count = [&](Verdict v) {
    return standby_->counters().malformed[static_cast<std::size_t>(v)].load();
  };
  EXPECT_EQ(apply_with(offsetof(SessionInsertV4, handle), 1), ApplyResult::kMalformed);
  EXPECT_EQ(count(Verdict::kSessionWrongShard), 1u);
  EXPECT_EQ(apply_with(offsetof(SessionInsertV4, state), 0x20), ApplyResult::kMalformed);
  EXPECT_EQ(count(Verdict::kSessionState), 1u);
  EXPECT_EQ(apply_with(offsetof(SessionInsertV4Nat, nat_port), 1), ApplyResult::kMalformed);
  EXPECT_EQ(count(Verdict::kSessionNatShard), 1u);
  Published no_slot = good;
  no_slot.record.bytes[1] = no_slot.record.bytes[2] = std::byte{0xff};
  EXPECT_EQ(ApplyInsert(*standby_, no_slot).result, ApplyResult::kMalformed);
  EXPECT_EQ(count(Verdict::kSlotNone), 1u);
  EXPECT_EQ(standby_->live_count(), 0u);
}

TEST_F(Apply, NatThatIsTheClientItselfIsMalformed) {
  Published p = Publish(MustInsert(*active_, maker_.Nat()));
  SessionInsertV4Nat wire;
  std::memcpy(static_cast<void*>(&wire), p.record.bytes.data(), sizeof(wire));
  std::memcpy(static_cast<void*>(&wire.base.client_addr), &kNatAddr, sizeof(kNatAddr));
  wire.base.client_port = wire.nat_port;
  std::memcpy(p.record.bytes.data(), &wire, sizeof(wire));
  EXPECT_EQ(ApplyInsert(*standby_, p).result, ApplyResult::kMalformed);
  EXPECT_EQ(
      standby_->counters().malformed[static_cast<std::size_t>(Verdict::kSessionNatIsClient)].load(),
      1u);
}

TEST_F(Apply, UpdateToAnotherProtocolIsMalformed) {
  const Handle handle = MustInsert(*active_, maker_.Plain());
  const Published insert = Publish(handle);
  const OwnHandle own = OwnOf(insert, ApplyInsert(*standby_, insert));
  Published update = Publish(handle);
  update.record.bytes[offsetof(SessionUpdate, state)] =
      static_cast<std::byte>(SessionState::kUdpMultiple);
  EXPECT_EQ(ApplyUpdate(*standby_, update, own).result, ApplyResult::kMalformed);
  update.record.bytes[offsetof(SessionUpdate, state)] = std::byte{0};
  EXPECT_EQ(ApplyUpdate(*standby_, update, own).result, ApplyResult::kMalformed);
  EXPECT_EQ(standby_->entry({own.shard, own.slot}).version, insert.version.bits);
}

TEST_F(Apply, UnknownNatAddressIsRefused) {
  Published p = Publish(MustInsert(*active_, maker_.Nat()));
  p.record.bytes[offsetof(SessionInsertV4Nat, nat_index)] = std::byte{2};
  const ApplyOutcome outcome = ApplyInsert(*standby_, p);
  EXPECT_EQ(outcome.result, ApplyResult::kRefused);
  EXPECT_EQ(outcome.reason, RefusalReason::kUnknownId);
}

TEST_F(Apply, FullTableRefusesAndKeepsTheOthers) {
  auto small = MakeTable(256, 5);
  auto large = MakeTable(131'072, 6);
  std::uint64_t counter = 1;
  std::uint32_t refused = 0;
  std::uint32_t applied = 0;
  for (int i = 0; i < 40'000; ++i) MustInsert(*large, maker_.Plain());
  for (const Published& p : PublishDirty(*large, counter)) {
    const ApplyOutcome outcome = ApplyInsert(*small, p);
    if (outcome.result == ApplyResult::kRefused) {
      EXPECT_EQ(outcome.reason, RefusalReason::kTableFull);
      ++refused;
    } else {
      ++applied;
    }
  }
  EXPECT_EQ(applied, small->live_count());
  EXPECT_GT(refused, 1'000u);
  EXPECT_EQ(small->counters().refused_full.load(), refused);
}

TEST_F(Apply, SweepRemovesWhatLiesWithinItsVersions) {
  std::vector<Published> all;
  for (int i = 0; i < 500; ++i) all.push_back(Publish(MustInsert(*active_, maker_.Any())));
  for (const Published& p : all) {
    ASSERT_EQ(ApplyInsert(*standby_, p).result, ApplyResult::kApplied);
  }
  const Version cut = all[299].version;
  std::size_t removed = 0;
  for (std::size_t s = 0; s < kShardCount; ++s) {
    for (SlotIndex slot = 0; slot != kNoSlot;) {
      removed += standby_->replicated().SweepBatch(static_cast<ShardIndex>(s), slot, 3,
                                                   all[100].version, cut);
    }
  }
  EXPECT_EQ(removed, 200u);
  EXPECT_EQ(standby_->live_count(), 300u);
}

// Inserts, updates and deletes, each delivered in random order and some twice: both tables agree.
TEST_F(Apply, AnyOrderOfInsertsEndsInTheSameTable) {
  SessionMaker random(77);
  for (int round = 0; round < 20; ++round) {
    auto active = MakeTable(2'048, 1);
    auto standby = MakeTable(2'048, 2);
    std::uint64_t counter = 1;
    std::vector<Published> all;
    std::vector<Handle> handles;
    for (int i = 0; i < 300; ++i) {
      Handle handle;
      const NewSession session = random.Any();
      if (active->Insert(session, handle) != InsertResult::kInserted) continue;
      active->MarkDirtyBatch(0, {&handle, 1});
      handles.push_back(handle);
    }
    // Keyed images, several generations of each.
    for (int i = 0; i < 900; ++i) {
      const Handle handle = handles[random.Random() % handles.size()];
      const PreparedRecord record = Prepare(*active, handle, /*keyed_only=*/true);
      const Version version = MakeVersion(kTerm, counter++);
      active->replicated().OnPublished(record, version, kEpoch);
      all.push_back({record, version});
    }
    const std::size_t count = all.size();
    for (std::size_t i = 0; i < count / 4; ++i) all.push_back(all[random.Random() % count]);
    for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[random.Random() % i]);
    for (const Published& p : all) {
      const ApplyResult result = ApplyInsert(*standby, p).result;
      ASSERT_TRUE(result == ApplyResult::kApplied || result == ApplyResult::kStale);
    }
    ASSERT_EQ(DifferingShards(*active, *standby), 0u);
  }
}

// One batch that holds the same key twice, and two keys that fight for one NAT port.
TEST_F(Apply, RecordsOfOneBatchSeeEachOther) {
  const Handle handle = MustInsert(*active_, maker_.Plain());
  const Published one = Publish(handle);
  Published two = one;
  two.version = MakeVersion(kTerm, 1'000);
  const std::array<const std::byte*, 3> records = {one.record.bytes.data(), two.record.bytes.data(),
                                                   one.record.bytes.data()};
  const std::array<Version, 3> versions = {one.version, two.version, one.version};
  std::array<ApplyOutcome, 3> outcomes;
  standby_->replicated().ApplyInsertBatch(one.record.schema, records, versions, outcomes);
  EXPECT_EQ(outcomes[0].result, ApplyResult::kApplied);
  EXPECT_EQ(outcomes[1].result, ApplyResult::kApplied);
  EXPECT_EQ(outcomes[1].slot, outcomes[0].slot);
  EXPECT_NE(outcomes[1].generation, outcomes[0].generation);
  EXPECT_EQ(outcomes[2].result, ApplyResult::kStale);
  EXPECT_EQ(standby_->live_count(), 1u);
}

// What the digest sees of a damaged entry, and that the record it came from repairs it.
TEST_F(Apply, DamageIsSeenByTheDigestUnlessItIsOfTheValueAlone) {
  for (const EntryDamage damage :
       {EntryDamage::kVersion, EntryDamage::kValue, EntryDamage::kMissing}) {
    const Published p = Publish(MustInsert(*active_, maker_.Plain()));
    const ApplyOutcome outcome = ApplyInsert(*standby_, p);
    const Handle own{p.record.handle.shard, outcome.slot};
    const ShardDigest before = standby_->replicated().Digest(own.shard);
    ASSERT_TRUE(standby_->Damage(own, damage));
    const ShardDigest after = standby_->replicated().Digest(own.shard);
    EXPECT_EQ(after.sum == before.sum, damage == EntryDamage::kValue);
    EXPECT_EQ(after.count, before.count - (damage == EntryDamage::kMissing ? 1 : 0));
    if (damage == EntryDamage::kValue) {
      EXPECT_NE(standby_->entry(own).rule, active_->entry(p.record.handle).rule);
      continue;
    }
    EXPECT_EQ(ApplyInsert(*standby_, p).result, ApplyResult::kApplied);
    EXPECT_TRUE(standby_->replicated().Digest(own.shard).sum == before.sum);
  }
}

TEST_F(Apply, OnlyALiveEntryWithAnOlderVersionIsDamaged) {
  const Published p = Publish(MustInsert(*active_, maker_.Plain()));
  const ApplyOutcome outcome = ApplyInsert(*standby_, p);
  const Handle own{p.record.handle.shard, outcome.slot};
  EXPECT_FALSE(standby_->Damage({own.shard, kNoSlot}, EntryDamage::kMissing));
  ASSERT_TRUE(standby_->Damage(own, EntryDamage::kMissing));
  EXPECT_FALSE(standby_->Damage(own, EntryDamage::kMissing));
  EXPECT_FALSE(standby_->Damage(own, EntryDamage::kVersion));
  const Handle never = MustInsert(*active_, maker_.Plain());
  EXPECT_FALSE(active_->Damage(never, EntryDamage::kVersion)) << "it has no version yet";
}

}  // namespace
}  // namespace statesync
