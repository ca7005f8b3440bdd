// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The small machines: bulk, readiness, digests, wants, credit. Tables are visited cell by cell.

#include "gtest/gtest.h"
#include "statesync/stream/bulk_receiver.h"
#include "statesync/stream/bulk_sender.h"
#include "statesync/stream/credit.h"
#include "statesync/stream/digest_exchange.h"
#include "statesync/stream/readiness.h"
#include "statesync/stream/round_trip.h"
#include "statesync/stream/shard_hold.h"
#include "statesync/stream/tombstones.h"
#include "statesync/stream/want_queue.h"

namespace statesync {
namespace {

TEST(BulkReceiver, OnlyTheEndOfASweepLeadsToDone) {
  for (std::size_t state = 0; state < kBulkReceiveStates; ++state) {
    for (std::size_t event = 0; event < kBulkReceiveEvents; ++event) {
      const BulkReceiveState next = kBulkReceiveSteps[state][event];
      if (next != BulkReceiveState::kDone) continue;
      const bool stays = state == static_cast<std::size_t>(BulkReceiveState::kDone);
      const bool swept = state == static_cast<std::size_t>(BulkReceiveState::kSweeping) &&
                         event == static_cast<std::size_t>(BulkReceiveEvent::kSwept);
      EXPECT_TRUE(stays || swept) << state << " " << event;
    }
    EXPECT_EQ(kBulkReceiveSteps[state][static_cast<std::size_t>(BulkReceiveEvent::kGiveUp)],
              BulkReceiveState::kIdle);
    EXPECT_EQ(kBulkReceiveSteps[state][static_cast<std::size_t>(BulkReceiveEvent::kAsk)],
              BulkReceiveState::kAsking);
  }
}

TEST(BulkReceiver, StatementsOfAnotherIdChangeNothing) {
  BulkReceiver bulk;
  bulk.Ask({}, ShardSet::All(), false);
  bulk.OnStatement({.bulk_id = 9, .finished = true, .end_frame = 5});
  EXPECT_EQ(bulk.state(), BulkReceiveState::kAsking);
  EXPECT_TRUE(bulk.IsRequestDue({}, Millis(5)));
}

TEST(BulkReceiver, SweepsOnlyWhenEveryFrameIsHere) {
  BulkReceiver bulk;
  bulk.Ask({}, ShardSet::All(), false);
  bulk.OnStatement({.bulk_id = bulk.bulk_id(), .finished = true, .end_frame = 50});
  EXPECT_FALSE(bulk.OnContiguous(49));
  EXPECT_TRUE(bulk.OnContiguous(50));
  EXPECT_EQ(bulk.state(), BulkReceiveState::kSweeping);
  // The sender is not complete, so nothing is swept.
  EXPECT_EQ(bulk.Sweep({}, 0, 1, 100), 0u);
  EXPECT_TRUE(bulk.IsAnswerDue());
  bulk.OnAnswered();
  EXPECT_FALSE(bulk.IsAnswerDue());
  bulk.OnStatement({.bulk_id = bulk.bulk_id(), .finished = true, .end_frame = 50});
  EXPECT_TRUE(bulk.IsAnswerDue());  // The sender has not heard it.
}

TEST(BulkSender, EarlierRequestsDoNotComeBack) {
  BulkSender bulk;
  EXPECT_FALSE(bulk.OnRequest({}, 0, ShardSet::All(), {}, 0));
  EXPECT_TRUE(bulk.OnRequest({}, 7, ShardSet::All(), {}, 0));
  EXPECT_FALSE(bulk.OnRequest({}, 7, ShardSet::All(), {}, 0));
  EXPECT_FALSE(bulk.OnRequest({}, 6, ShardSet::All(), {}, 0));
  EXPECT_TRUE(bulk.OnRequest({}, 8, ShardSet::All(), {}, 0));
  bulk.GiveUp();
  EXPECT_TRUE(bulk.OnRequest({}, 1, ShardSet::All(), {}, 0));
}

TEST(BulkSender, DoneOfAnotherIdDoesNotEndIt) {
  BulkSender bulk;
  EXPECT_TRUE(bulk.OnRequest({}, 7, ShardSet::All(), {}, 0));
  std::size_t table = 0;
  EXPECT_EQ(bulk.ListBatch({}, 0, 1, {}, table), 0u);
  ASSERT_TRUE(bulk.is_walk_over());
  bulk.OnWalked(12);
  bulk.OnDone(6);
  EXPECT_EQ(bulk.state(), BulkSendState::kFinished);
  bulk.OnDone(7);
  EXPECT_EQ(bulk.state(), BulkSendState::kIdle);
}

TEST(Readiness, PeerLossAlwaysEndsInNoPeer) {
  for (const auto& row : kReadinessSteps) {
    EXPECT_EQ(row[static_cast<std::size_t>(ReadinessEvent::kPeerLost)], Readiness::kNoPeer);
    EXPECT_NE(row[static_cast<std::size_t>(ReadinessEvent::kDoubt)], Readiness::kSynced);
  }
}

TEST(Readiness, RiskHidesButDoesNotEndTheProof) {
  ReadinessMachine machine;
  machine.SetRisk(AtRiskReason::kHa2Silent, true);
  EXPECT_EQ(machine.shown(), Readiness::kNoPeer);
  machine.On(ReadinessEvent::kConnected);
  machine.On(ReadinessEvent::kBulkAsked);
  EXPECT_EQ(machine.shown(), Readiness::kAtRisk);
  machine.SetRisk(AtRiskReason::kDigestMismatch, true);
  machine.SetRisk(AtRiskReason::kRefusedEntries, true);
  machine.SetRisk(AtRiskReason::kHa2Silent, false);
  EXPECT_EQ(machine.reason(), AtRiskReason::kRefusedEntries);
  machine.ClearRisks();
  machine.On(ReadinessEvent::kBulkDone);
  machine.On(ReadinessEvent::kAllAgreed);
  EXPECT_EQ(machine.shown(), Readiness::kSynced);
}

const ShardDigest kSome{5, {1, 2}};
const ShardDigest kOther{5, {1, 3}};
const ShardSet kNine = [] {
  ShardSet set;
  set.Add(9);
  return set;
}();

TEST(DigestComparison, AllShardsMustAgree) {
  DigestComparison comparison(1);
  comparison.Configure(0, 64);
  for (unsigned shard = 0; shard < 256; shard += 64) {
    EXPECT_FALSE(comparison.AllAgreed());
    comparison.Compare({}, 0, static_cast<ShardIndex>(shard), 5, true, kSome, kSome);
  }
  EXPECT_TRUE(comparison.AllAgreed());
  comparison.Compare({}, 0, 64, 6, true, kSome, kOther);
  EXPECT_FALSE(comparison.AllAgreed());
}

TEST(DigestComparison, ShardTouchedByALaterFrameIsUndecided) {
  using Outcome = DigestComparison::Outcome;
  DigestComparison comparison(1);
  comparison.Configure(0, 1);
  comparison.OnTouched(0, 9, 6);
  EXPECT_EQ(comparison.Compare({}, 0, 9, 5, true, kSome, kOther), Outcome::kUndecided);
  EXPECT_EQ(comparison.Compare({}, 0, 9, 6, false, kSome, kOther), Outcome::kUndecided);
  EXPECT_EQ(comparison.Compare({}, 0, 9, 6, true, kSome, kSome), Outcome::kAgreed);
}

TEST(DigestComparison, WhatNoFrameInFlightExplainsDiffersAtOnce) {
  using Outcome = DigestComparison::Outcome;
  DigestComparison comparison(1);
  comparison.Configure(0, 1);
  comparison.OnTouched(0, 9, 6);
  EXPECT_EQ(comparison.Compare({}, 0, 9, 5, true, {0, {}}, {500, {1, 2}}), Outcome::kDiffered);
}

TEST(DigestComparison, DifferenceAfterAgreementIsAMismatch) {
  using Outcome = DigestComparison::Outcome;
  DigestComparison comparison(1);
  comparison.Configure(0, 1);
  EXPECT_EQ(comparison.Compare({}, 0, 9, 5, true, kSome, kOther), Outcome::kDiffered);
  EXPECT_TRUE(comparison.Differing(false).Has(9));
  EXPECT_EQ(comparison.Compare({}, 0, 9, 6, true, kSome, kSome), Outcome::kAgreed);
  EXPECT_EQ(comparison.Compare({}, 0, 9, 7, true, kSome, kOther), Outcome::kMismatch);
  EXPECT_EQ(comparison.differed_count(), 1u);
}

TEST(DigestComparison, WhatATransferDidNotCureIsApart) {
  using Outcome = DigestComparison::Outcome;
  DigestComparison comparison(1);
  comparison.Configure(0, 1);
  comparison.Compare({}, 0, 9, 5, true, kSome, kOther);
  comparison.OnCovered(kNine);
  EXPECT_EQ(comparison.differed_count(), 0u);
  EXPECT_FALSE(comparison.AllCompared(kNine));
  EXPECT_EQ(comparison.Compare({}, 0, 9, 6, true, kSome, kOther), Outcome::kUncured);
  EXPECT_TRUE(comparison.AllCompared(kNine));
  EXPECT_TRUE(comparison.Differing(true).Has(9));
  EXPECT_TRUE(comparison.Differing(false).IsEmpty());
}

TEST(DigestComparison, RepairWaitsForTheRestButNotForEver) {
  DigestComparison comparison(1);
  comparison.Configure(0, 128);
  comparison.Compare({0}, 0, 0, 5, true, kSome, kOther);
  EXPECT_FALSE(comparison.IsReadyToRepair({1}, Millis(50)));
  EXPECT_TRUE(comparison.IsReadyToRepair({50'000'000}, Millis(50)));
  comparison.Compare({2}, 0, 128, 5, true, kSome, kSome);
  EXPECT_TRUE(comparison.IsReadyToRepair({3}, Millis(50)));
}

TEST(DigestComparison, ShardThatNeverRestsIsNamed) {
  DigestComparison comparison(1);
  comparison.Configure(0, 1);
  std::size_t table = 0;
  ShardIndex shard = 0;
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(comparison.TakeRestless(table, shard)) << i;
    comparison.Compare({}, 0, 9, 5, false, kSome, kSome);
  }
  ASSERT_TRUE(comparison.TakeRestless(table, shard));
  EXPECT_EQ(shard, 9);
  EXPECT_FALSE(comparison.TakeRestless(table, shard));
}

TEST(DigestStatements, RoundsHaveADistance) {
  DigestStatements statements(1);
  statements.Configure(3, 100);  // Shards 3, 103, 203.
  int count = 0;
  for (; statements.IsDue({1'000}, Millis(50)); statements.Next()) ++count;
  EXPECT_EQ(count, 3);
  EXPECT_FALSE(statements.IsDue({49'000'000}, Millis(50)));
  EXPECT_TRUE(statements.IsDue({50'001'000}, Millis(50)));
}

TEST(DigestStatements, OnceThePeerAgreesOnlyNewsIsStated) {
  DigestStatements statements(1);
  statements.Configure(0, 1);
  const auto count_news = [&](Instant now) {
    int news = 0;
    for (; statements.IsDue(now, Millis(50)); statements.Next()) {
      const ShardDigest digest = statements.shard() == 7 ? ShardDigest{1, {1, 1}} : ShardDigest{};
      if (!statements.IsNews(digest)) continue;
      ++news;
      statements.OnStated(digest);
    }
    return news;
  };
  EXPECT_EQ(count_news({0}), 256);
  EXPECT_EQ(count_news({50'000'000}), 256);  // Nobody has agreed yet.
  statements.OnReport(true);
  int news = 0;
  for (int round = 2; round <= 17; ++round) news += count_news({round * 50'000'000});
  EXPECT_EQ(news, 0);
  EXPECT_EQ(count_news({18 * 50'000'000}), 256);  // All of them now and then.
}

TEST(ShardHold, RestsAreFewAndShort) {
  ShardHold hold;
  std::size_t table = 0;
  ShardIndex shard = 0;
  for (ShardIndex s = 0; s < 4; ++s) EXPECT_TRUE(hold.Begin({0}, 0, s, Micros(100)));
  EXPECT_FALSE(hold.Begin({0}, 0, 9, Micros(100)));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(hold.TakeStatement({1}, table, shard));
  EXPECT_FALSE(hold.TakeStatement({2}, table, shard));
  EXPECT_TRUE(hold.Rests(2));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(hold.TakeStatement({200'000}, table, shard));
  EXPECT_FALSE(hold.Rests(2));
  EXPECT_FALSE(hold.Begin({200'001}, 0, 9, Micros(100)));  // The peer must not stop everything.
  EXPECT_TRUE(hold.Begin({1'000'000}, 0, 9, Micros(100)));
}

TEST(WantQueue, RepeatsUntilAnswered) {
  WantQueue queue;
  bool is_wanted = true;
  const auto wanted = [&](const WantedHandle&) { return is_wanted; };
  WantedHandle out;
  ASSERT_TRUE(queue.Add({TableId::kSession, 4, {1, 2}, {77}, 9}));
  EXPECT_EQ(queue.OldestFrame(wanted, 100), 9u);
  ASSERT_TRUE(queue.TakeDue({0}, Millis(5), wanted, out));
  EXPECT_EQ(out.handle, (Handle{1, 2}));
  EXPECT_FALSE(queue.TakeDue({1}, Millis(5), wanted, out));
  EXPECT_TRUE(queue.TakeDue({5'000'000}, Millis(5), wanted, out));
  ASSERT_NE(queue.Find(TableId::kSession, {1, 2}), nullptr);
  is_wanted = false;
  EXPECT_EQ(queue.OldestFrame(wanted, 100), 100u);
  EXPECT_FALSE(queue.TakeDue({50'000'000}, Millis(5), wanted, out));
  EXPECT_EQ(queue.size(), 0u);
}

TEST(WantQueue, SaysWhenItIsFull) {
  WantQueue queue;
  for (std::size_t i = 0; i < kWantQueueMax; ++i) ASSERT_TRUE(queue.Add({}));
  EXPECT_FALSE(queue.Add({}));
}

TEST(Credit, NeverFalls) {
  Credit credit;
  credit.Reset(10);
  EXPECT_TRUE(credit.Allows(10 + kInitialCreditFrames));
  EXPECT_FALSE(credit.Allows(11 + kInitialCreditFrames));
  credit.OnGrant(100, 50);
  credit.OnGrant(20, 50);
  EXPECT_EQ(credit.limit(), 150u);
}

TEST(RoundTrip, SmoothsSamples) {
  RoundTrip round_trip;
  EXPECT_EQ(round_trip.smoothed().ns, 0);
  round_trip.OnSample(Micros(100));
  EXPECT_EQ(round_trip.smoothed(), Micros(100));
  round_trip.OnSample(Micros(180));
  EXPECT_EQ(round_trip.smoothed(), Micros(110));
}

TEST(Tombstones, OnlyTheFirstPublicationOwnsTheDuty) {
  Tombstones tombstones(100);
  EXPECT_TRUE(tombstones.Mark({255, 99}));
  EXPECT_FALSE(tombstones.Mark({255, 99}));
  EXPECT_TRUE(tombstones.Mark({254, 99}));
  EXPECT_EQ(tombstones.count(), 2u);
  tombstones.Clear({255, 99});
  EXPECT_FALSE(tombstones.IsMarked({255, 99}));
  EXPECT_TRUE(tombstones.Mark({255, 99}));
}

}  // namespace
}  // namespace statesync
