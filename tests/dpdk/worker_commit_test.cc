// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Commit-before-forward in a real worker: what waits, what ends the wait, and what a rule decides.
// The sync loop and the peer are played by hand.

#include <gtest/gtest.h>

#include <array>

#include "dataplane/core/commit_queue.h"
#include "tests/dpdk/worker_node.h"

namespace dataplane::testing {
namespace {

using statesync::Readiness;

constexpr std::uint32_t kDeadlineUs = 20'000;

class Commit {
 public:
  explicit Commit(CommitOptions commit, std::uint8_t workers = 1) : node(workers, With(commit)) {
    node.Activate();
    SetPeer(Readiness::kSynced);
    node.Run();
    node.TeachMac(kClients, kClient, kClientMac);
    node.TeachMac(kServers, kServer, kServerMac);
  }
  static CommitOptions With(CommitOptions commit) {
    commit.enabled = true;
    if (commit.deadline_us == 0) commit.deadline_us = kDeadlineUs;
    return commit;
  }
  void SetPeer(Readiness readiness) {
    node.shared->sync.peer_connected.store(true);
    node.shared->sync.peer_readiness.store(static_cast<std::uint8_t>(readiness));
  }

  void Syn(std::uint16_t port) {
    node.Give(kClients, node.To(kClients, TcpFrame({.source_port = port}), kClientMac));
  }
  void Datagram(std::uint16_t port, std::size_t bytes) {
    node.Give(kClients, node.To(kClients, UdpFrame(port, kServerPort, bytes), kClientMac));
  }
  // The sync loop publishes what is dirty; nobody has confirmed it yet.
  void Publish() {
    std::array<statesync::Handle, statesync::kBatchMax> handles;
    statesync::ReplicatedTable& table = node.tables->sessions->replicated();
    while (const std::size_t count = table.TakeDirtyBatch(handles)) {
      for (std::size_t i = 0; i < count; ++i) {
        last_ = handles[i];
        node.tables->sessions->entry(handles[i]).version =
            statesync::MakeVersion(kTerm, ++counter_).bits;
      }
    }
  }
  // The peer has applied all that was published.
  void Confirm() {
    node.shared->sync.confirmed[0].store(statesync::MakeVersion(kTerm, counter_).bits);
  }
  // The peer could not take the last one that was published.
  void RefuseLast() {
    const std::uint8_t generation = node.tables->sessions->entry(last_).generation;
    SyncFacts& facts = node.shared->sync;
    facts.refused[facts.refused_count.load() % kRefusedRing].store(
        SessionWord::Make(last_, generation).bits);
    facts.refused_count.fetch_add(1);
  }
  std::size_t Sent() { return node.Take(kServers).size(); }

  static constexpr statesync::Term kTerm = statesync::MakeTerm(1, 0);
  WorkerNode node;

 private:
  std::uint64_t counter_ = 0;
  statesync::Handle last_;
};

TEST(WorkerCommit, FirstPacketLeavesWhenThePeerHasTheSessionAndNotBefore) {
  Commit commit({});
  commit.Syn(1'001);
  commit.node.Run(1);
  EXPECT_EQ(commit.Sent(), 0u);
  commit.Publish();
  commit.node.Run(1);
  EXPECT_EQ(commit.Sent(), 0u) << "published is not confirmed";
  commit.Confirm();
  commit.node.Run(1);
  const std::vector<Bytes> out = commit.node.Take(kServers);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_TRUE(ChecksumsAreRight(out[0]));
  EXPECT_EQ(LoadNet32(&out[0][26]), kNatAddr);
  EXPECT_EQ(LoadMac(out[0].data()), kServerMac);
  EXPECT_EQ(commit.node.Count(Event::kHeld), 1u);
  EXPECT_EQ(commit.node.Count(Event::kHeldConfirmed), 1u);
  EXPECT_EQ(commit.node.Count(Event::kHeldWaitUs), 2'000u);
}

TEST(WorkerCommit, ChangeThatAPacketWaitsForIsMarkedAsHeld) {
  Commit commit({});
  commit.Syn(1'001);
  commit.node.Run(1);
  const FlowKey key{kClient, kServer, HostToNet(std::uint16_t{1'001}), HostToNet(kServerPort), 6};
  const auto found = commit.node.tables->sessions->Lookup(key);
  const auto& entry =
      commit.node.tables->sessions->entry({statesync::SessionTable::ShardOf(key), found.slot});
  EXPECT_EQ(entry.dirty.load(), static_cast<std::uint8_t>(statesync::ChangeClass::kHeld));
}

TEST(WorkerCommit, OtherSessionsGoOnMeanwhile) {
  Commit commit({});
  commit.Datagram(1'001, 10);
  commit.node.Run(1);
  commit.Publish();
  commit.Confirm();
  commit.node.Run(1);
  ASSERT_EQ(commit.Sent(), 1u);
  commit.Syn(1'002);  // Waits.
  commit.Datagram(1'001, 11);
  commit.node.Run(2);
  EXPECT_EQ(commit.Sent(), 1u);
  EXPECT_EQ(commit.node.Count(Event::kHeldConfirmed), 1u);
}

TEST(WorkerCommit, LaterPacketsOfASessionKeepTheirOrder) {
  Commit commit({});
  commit.Datagram(1'001, 10);
  commit.node.Run(1);
  commit.Datagram(1'001, 11);
  commit.Datagram(1'001, 12);
  commit.node.Run(1);
  EXPECT_EQ(commit.Sent(), 0u);
  commit.Publish();
  commit.Confirm();
  commit.Datagram(1'001, 13);  // Comes in the turn that releases the others.
  commit.node.Run(1);
  const std::vector<Bytes> out = commit.node.Take(kServers);
  ASSERT_EQ(out.size(), 4u);
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i].size(), 14 + 20 + 8 + 10 + i);
  commit.Datagram(1'001, 14);
  commit.node.Run(1);
  EXPECT_EQ(commit.Sent(), 1u) << "a session that the peer has waits no more";
}

TEST(WorkerCommit, DeadlineReleasesWhereTheRuleSaysSo) {
  Commit commit({});
  commit.Syn(1'001);
  commit.node.Run(20);
  EXPECT_EQ(commit.Sent(), 0u);
  commit.node.Run(1);
  EXPECT_EQ(commit.Sent(), 1u);
  EXPECT_EQ(commit.node.Count(Event::kHeldLate), 1u);
  EXPECT_EQ(commit.node.tables->sessions->live_count(), 1u);
}

TEST(WorkerCommit, DeadlineDropsAndTakesTheSessionBackWhereTheRuleSaysSo) {
  Commit commit({.drop_on_deadline = true});
  commit.Datagram(1'001, 10);
  commit.node.Run(1);
  commit.Datagram(1'001, 11);
  commit.node.Run(21);
  EXPECT_EQ(commit.Sent(), 0u);
  EXPECT_EQ(commit.node.Count(DropReason::kHoldDeadline), 2u);
  EXPECT_EQ(commit.node.Count(Event::kSessionsTakenBack), 1u);
  EXPECT_EQ(commit.node.tables->sessions->live_count(), 0u);
  commit.Datagram(1'001, 12);  // The next attempt waits again instead of slipping through.
  commit.node.Run(1);
  EXPECT_EQ(commit.Sent(), 0u);
  commit.Publish();
  commit.Confirm();
  commit.node.Run(1);
  EXPECT_EQ(commit.Sent(), 1u);
}

TEST(WorkerCommit, RefusalReleasesOrDropsAtOnceByTheRule) {
  for (const bool drops : {false, true}) {
    Commit commit({.drop_on_deadline = drops});
    commit.Syn(1'001);
    commit.node.Run(1);
    commit.Publish();
    commit.RefuseLast();
    commit.Confirm();  // Its frame is acknowledged all the same.
    commit.node.Run(1);
    EXPECT_EQ(commit.Sent(), drops ? 0u : 1u);
    EXPECT_EQ(commit.node.Count(Event::kHeldRefused), drops ? 0u : 1u);
    EXPECT_EQ(commit.node.Count(DropReason::kHoldRefused), drops ? 1u : 0u);
    EXPECT_EQ(commit.node.Count(Event::kHeldConfirmed), 0u);
  }
}

TEST(WorkerCommit, WithoutASyncedPeerNothingWaits) {
  for (const Readiness readiness : {Readiness::kNoPeer, Readiness::kBulk, Readiness::kAtRisk}) {
    Commit commit({});
    commit.SetPeer(readiness);
    commit.Syn(1'001);
    commit.node.Run(1);
    EXPECT_EQ(commit.Sent(), 1u);
    EXPECT_EQ(commit.node.Count(Event::kUnheldNoPeer), 1u);
    EXPECT_EQ(commit.node.Count(Event::kHeld), 0u);
  }
  Commit alone({});
  alone.node.shared->sync.peer_connected.store(false);
  alone.Syn(1'001);
  alone.node.Run(1);
  EXPECT_EQ(alone.Sent(), 1u);
}

TEST(WorkerCommit, WithoutASyncedPeerARuleMayRefuseNewSessions) {
  Commit commit({.drop_without_peer = true});
  commit.SetPeer(Readiness::kBulk);
  commit.Syn(1'001);
  commit.node.Run(1);
  EXPECT_EQ(commit.Sent(), 0u);
  EXPECT_EQ(commit.node.Count(DropReason::kHoldNoPeer), 1u);
  EXPECT_EQ(commit.node.tables->sessions->live_count(), 0u);
}

TEST(WorkerCommit, BeyondTheBoundTheRuleDecides) {
  for (const bool drops : {false, true}) {
    Commit commit({.deadline_us = 1'000'000, .drop_on_deadline = drops});
    std::uint16_t port = 1'024;
    for (std::uint32_t i = 0; i < kHeldMax; ++i) {
      commit.Syn(port++);
      if (i % 16 == 15) commit.node.Run(1, 1'000);
    }
    EXPECT_EQ(commit.node.Count(Event::kHeld), kHeldMax);
    EXPECT_EQ(commit.Sent(), 0u);
    commit.Syn(port++);
    commit.node.Run(1, 1'000);
    EXPECT_EQ(commit.Sent(), drops ? 0u : 1u);
    EXPECT_EQ(commit.node.Count(Event::kUnheldFull), drops ? 0u : 1u);
    EXPECT_EQ(commit.node.Count(DropReason::kHoldFull), drops ? 1u : 0u);
    EXPECT_EQ(commit.node.tables->sessions->live_count(), drops ? kHeldMax : kHeldMax + 1);
    commit.Publish();
    commit.Confirm();
    commit.node.Run(1, 1'000);
    EXPECT_EQ(commit.node.Count(Event::kHeldConfirmed), kHeldMax);
    EXPECT_EQ(commit.Sent(), kHeldMax - 1) << "the test's ring has room for one less";
  }
}

TEST(WorkerCommit, LosingTheRoleDropsWhatWaits) {
  Commit commit({});
  commit.Syn(1'001);
  commit.node.Run(1);
  commit.node.SetRole(statesync::Role::kStandby, 2);
  commit.Publish();
  commit.Confirm();
  commit.node.Run(1);
  EXPECT_EQ(commit.Sent(), 0u);
  EXPECT_EQ(commit.node.Count(DropReason::kHoldRole), 1u);
  EXPECT_EQ(rte_mempool_in_use_count(commit.node.pool.get()), 0u);
}

TEST(WorkerCommit, ConfirmationLeftFromAnotherTermReleasesNothing) {
  Commit commit({});
  commit.node.shared->sync.confirmed[0].store(
      statesync::MakeVersion(statesync::MakeTerm(0, 1), 1'000).bits);
  commit.Syn(1'001);
  commit.node.Run(1);
  commit.Publish();
  commit.node.Run(2);
  EXPECT_EQ(commit.Sent(), 0u);
}

TEST(WorkerCommit, EveryWorkerHoldsItsOwn) {
  Commit commit({}, 3);
  for (std::uint16_t port = 1'024; port < 1'084; ++port) commit.Syn(port);
  commit.node.Run(3);
  EXPECT_EQ(commit.node.Count(Event::kHeld), 60u);
  EXPECT_EQ(commit.Sent(), 0u);
  commit.Publish();
  commit.Confirm();
  commit.node.Run(3);
  EXPECT_EQ(commit.Sent(), 60u);
}

TEST(WorkerCommit, NoBufferIsLostWhenAWorkerEndsWhileItHolds) {
  Commit commit({});
  commit.Syn(1'001);
  commit.node.Run(1);
  EXPECT_EQ(rte_mempool_in_use_count(commit.node.pool.get()), 1u);
  commit.node.all_workers.clear();
  EXPECT_EQ(rte_mempool_in_use_count(commit.node.pool.get()), 0u);
}

}  // namespace
}  // namespace dataplane::testing
