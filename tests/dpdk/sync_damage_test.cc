// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// `debug corrupt-entry`: one damaged entry of the standby ends `synced`, and is repaired.

#include "statesync/engine.h"
#include "tests/dpdk/sync_pair.h"

namespace dataplane::testing {
namespace {

using statesync::EntryDamage;
using statesync::Readiness;

class DamageTest : public SyncPairTest {
 protected:
  void SettleWithSessions() {
    Remake({.boot_id = 0xa0}, {.boot_id = 0xb0, .debug = true});
    Settle();
    a().Open(0, 400);
    ASSERT_TRUE(RunUntilEqual());
    ASSERT_TRUE(RunUntil([this] { return b().readiness() == Readiness::kSynced; }));
  }
  // As lockstepctl shows them.
  static statesync::ShardMismatches Mismatches(const SyncNode& node) {
    return node.shared.status.Read().tables[0].mismatches;
  }
  // Asks for it, and says whether the loop did it.
  bool Damage(SyncNode& node, std::uint32_t session, EntryDamage damage) {
    const std::uint32_t number = DamageRequest{node.shared.requests.damage.load()}.number() + 1;
    node.shared.requests.damage.store(DamageRequest::Make(number, damage, node.Find(session)).bits);
    Step();
    const std::uint64_t done = node.shared.requests.damage_done.load();
    EXPECT_EQ(static_cast<std::uint32_t>(done), number);
    return (done & kDamageWasDone) != 0;
  }
};

TEST_F(DamageTest, AnOlderVersionOrAMissingEntryIsFoundAndRepaired) {
  SettleWithSessions();
  std::uint64_t count = 0;
  for (const EntryDamage damage : {EntryDamage::kVersion, EntryDamage::kMissing}) {
    const statesync::ShardIndex shard = b().Find(17).shard;
    ASSERT_TRUE(Damage(b(), 17, damage));
    EXPECT_NE(a().Dump(), b().Dump());
    ASSERT_TRUE(RunUntil([&] { return Mismatches(b()).found == count + 1; }));
    EXPECT_EQ(Mismatches(b()).shard, shard);
    EXPECT_EQ(Mismatches(b()).kind, statesync::MismatchKind::kDigest);
    ASSERT_TRUE(RunUntil([&] { return Mismatches(b()).is_repaired; }));
    EXPECT_EQ(a().Dump(), b().Dump());
    const statesync::Duration took = Mismatches(b()).repaired_at - Mismatches(b()).found_at;
    EXPECT_LE(took, statesync::EngineOptions().digest_interval + statesync::Millis(2))
        << "repaired within one period";
    ASSERT_TRUE(RunUntil([this] { return b().readiness() == Readiness::kSynced; }));
    EXPECT_EQ(Mismatches(b()).found, ++count) << "no other shard was named";
  }
}

TEST_F(DamageTest, ADamagedValueIsFoundByTheBackgroundComparison) {
  SettleWithSessions();
  const statesync::ShardIndex shard = b().Find(17).shard;
  ASSERT_TRUE(Damage(b(), 17, EntryDamage::kValue));
  EXPECT_NE(a().Dump(), b().Dump());
  EXPECT_TRUE(RunUntil([this] {
    return b().table->entry(b().Find(17)).rule == a().table->entry(a().Find(17)).rule;
  }));
  EXPECT_EQ(a().Dump(), b().Dump());
  ASSERT_TRUE(RunUntil([this] { return Mismatches(b()).is_repaired; }));
  EXPECT_EQ(Mismatches(b()).found, 1u);
  EXPECT_EQ(Mismatches(b()).shard, shard);
  EXPECT_EQ(Mismatches(b()).kind, statesync::MismatchKind::kValue);
}

TEST_F(DamageTest, IsRefusedOnTheActiveAndWithoutTheDebugSetting) {
  SettleWithSessions();
  EXPECT_FALSE(Damage(a(), 17, EntryDamage::kMissing));
  Remake({.boot_id = 0xa1, .debug = true}, {.boot_id = 0xb1});
  Settle();
  a().Open(0, 400);
  ASSERT_TRUE(RunUntilEqual());
  EXPECT_FALSE(Damage(a(), 17, EntryDamage::kMissing)) << "this node is active";
  EXPECT_FALSE(Damage(b(), 17, EntryDamage::kMissing)) << "no debug setting";
  EXPECT_EQ(a().Dump(), b().Dump());
}

}  // namespace
}  // namespace dataplane::testing
