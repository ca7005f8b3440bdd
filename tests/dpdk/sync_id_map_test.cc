// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What sessions refer to changes while the pair runs: each node learns the other's new id map in a
// hello, nothing is lost, and the difference shows while there is one.

#include <array>

#include "tests/dpdk/sync_pair.h"

namespace dataplane::testing {
namespace {

using statesync::AtRiskReason;
using statesync::NetAddr;
using statesync::Readiness;

class IdMapTest : public SyncPairTest {
 protected:
  // What ForwardingSwap does for the sync loop.
  void Configure(SyncNode& node, std::uint64_t digest) {
    ForwardingFacts& facts = node.shared.forwarding;
    facts.id_map_digest.store(digest);
    facts.number.fetch_add(1);
  }
  static bool Differs(const SyncNode& node) {
    return node.readiness() == Readiness::kAtRisk &&
           node.shared.sync.at_risk_reason.load() ==
               static_cast<std::uint8_t>(AtRiskReason::kIdMapDiffers);
  }
};

TEST_F(IdMapTest, DifferenceShowsUntilThePeerHasTheSame) {
  Settle();
  const std::uint64_t connects = b().Stat("ha2.peer_connected");
  a().Open(0, 50);
  Configure(a(), 88);
  ASSERT_TRUE(RunUntil([this] { return Differs(b()); }));
  EXPECT_EQ(a().shared.forwarding.seen_by_sync.load(), 1u);
  a().Open(50, 50);
  Configure(b(), 88);
  ASSERT_TRUE(RunUntil([this] { return b().readiness() == Readiness::kSynced; }));
  ASSERT_TRUE(RunUntilEqual());
  EXPECT_EQ(b().Stat("ha2.peer_connected"), connects) << "the pair was dropped";
  Run(2'000);
  EXPECT_EQ(b().readiness(), Readiness::kSynced);
}

TEST_F(IdMapTest, NodesThatChangeTogetherAgreeWhateverCrossesOnTheWire) {
  Settle();
  for (std::uint64_t digest = 100; digest < 140; ++digest) {
    Configure(a(), digest);
    for (std::uint64_t i = 0; i < digest % 7; ++i) Step();
    Configure(b(), digest);
    for (std::uint64_t i = 0; i < digest % 5; ++i) Step();
  }
  ASSERT_TRUE(RunUntil([this] { return b().readiness() == Readiness::kSynced; }));
  Run(2'000);
  EXPECT_EQ(b().readiness(), Readiness::kSynced);
  EXPECT_EQ(a().shared.sync.peer_readiness.load(), static_cast<std::uint8_t>(Readiness::kSynced));
}

TEST_F(IdMapTest, SessionOfAnAddressThatThePeerLearnsLaterComesBySoonAfter) {
  Settle();
  const NetAddr other = MakeAddr(192, 0, 2, 9);
  const std::array<NetAddr, 4> list{MakeAddr(192, 0, 2, 1), 0, 0, other};
  statesync::NatAddresses addresses;
  addresses.Init(list);
  a().table->SetNatAddresses(addresses);
  Configure(a(), 88);
  statesync::NewSession session = SyncNode::SessionOf(1);
  session.nat_addr = other;
  session.nat_port =
      HostToNet(statesync::SessionTable::NatPortInShard(session.key, session.nat_addr, 7));
  statesync::Handle handle;
  ASSERT_EQ(a().table->Insert(session, handle), statesync::InsertResult::kInserted);
  a().table->MarkDirtyBatch(0, {&handle, 1});
  Run(200);
  EXPECT_EQ(b().table->live_count(), 0u);
  EXPECT_EQ(b().readiness(), Readiness::kAtRisk);

  b().table->SetNatAddresses(addresses);
  Configure(b(), 88);
  ASSERT_TRUE(RunUntil([this] { return b().table->live_count() == 1; }));
  EXPECT_EQ(a().Dump(), b().Dump());
  ASSERT_TRUE(RunUntil([this] { return b().readiness() == Readiness::kSynced; }));
}

}  // namespace
}  // namespace dataplane::testing
