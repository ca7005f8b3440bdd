// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// When a held packet may leave, and in which order: commit-before-forward without a wire or a
// clock.

#include "dataplane/core/commit_queue.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace dataplane {
namespace {

using statesync::MakeTerm;
using statesync::MakeVersion;
using statesync::SessionEntry;

constexpr statesync::Term kTerm = MakeTerm(5, 0);
constexpr std::int64_t kMilli = 1'000'000;

// ---- Deadline ----------------------------------------------------------------------------------

TEST(CommitDeadline, IsWhatTheRuleSays) {
  EXPECT_EQ(DeadlineOf({.deadline_us = 250}, 7 * kMilli), 250'000);
}

TEST(CommitDeadline, FollowsTheRoundTripWithinItsBounds) {
  EXPECT_EQ(DeadlineOf({}, 4 * kMilli), 33 * kMilli);
  EXPECT_EQ(DeadlineOf({}, 1'000), kCommitWaitNsMin);
  EXPECT_EQ(DeadlineOf({}, 90 * kMilli), kCommitWaitNsMax);
  EXPECT_EQ(DeadlineOf({}, INT64_MAX), kCommitWaitNsMax);
}

TEST(CommitDeadline, IsLongestBeforeTheFirstMeasurement) {
  EXPECT_EQ(DeadlineOf({}, 0), kCommitWaitNsMax);
}

// ---- Confirmation ------------------------------------------------------------------------------

Confirmed UpTo(std::uint64_t counter, statesync::Term term = kTerm) {
  return {.term = kTerm, .stream_count = 1, .versions = {MakeVersion(term, counter).bits}};
}

TEST(Confirmed, CoversWhatWasPublishedUpToItsCounter) {
  EXPECT_TRUE(UpTo(7).Covers(0, MakeVersion(kTerm, 7)));
  EXPECT_TRUE(UpTo(7).Covers(0, MakeVersion(kTerm, 1)));
  EXPECT_FALSE(UpTo(7).Covers(0, MakeVersion(kTerm, 8)));
}

TEST(Confirmed, NeverCoversWhatWasNotPublished) {
  EXPECT_FALSE(UpTo(7).Covers(0, {}));
  EXPECT_FALSE(Confirmed{.term = kTerm}.Covers(0, MakeVersion(kTerm, 1)));
}

TEST(Confirmed, OfAnotherTermSaysNothing) {
  const statesync::Term older = MakeTerm(4, 0);
  EXPECT_FALSE(UpTo(900, older).Covers(0, MakeVersion(kTerm, 1)));  // Left from a term before.
  EXPECT_FALSE(UpTo(900).Covers(0, MakeVersion(older, 1)));         // Not published since.
  EXPECT_FALSE(UpTo(900, MakeTerm(6, 0)).Covers(0, MakeVersion(kTerm, 1)));
}

TEST(Confirmed, LooksAtTheStreamOfTheShard) {
  const Confirmed confirmed{.term = kTerm,
                            .stream_count = 2,
                            .versions = {MakeVersion(kTerm, 10).bits, MakeVersion(kTerm, 3).bits}};
  EXPECT_TRUE(confirmed.Covers(4, MakeVersion(kTerm, 10)));
  EXPECT_FALSE(confirmed.Covers(5, MakeVersion(kTerm, 10)));
  EXPECT_TRUE(confirmed.Covers(5, MakeVersion(kTerm, 3)));
}

// ---- Judgement ---------------------------------------------------------------------------------

struct Judged {
  SessionEntry entry{};
  HeldSession held{.name = {{.shard = 9, .slot = 1}, 4}, .deadline_ns = 100};

  Judged() {
    entry.state = static_cast<std::uint8_t>(statesync::SessionState::kTcpSynSent);
    entry.tombstone = statesync::Tombstone::kLive;
    entry.generation = 4;
  }
  [[nodiscard]] HeldOutcome At(std::int64_t now_ns, std::uint64_t counter = 5) const {
    return Judge(held, entry, UpTo(counter), now_ns);
  }
};

TEST(HeldPacket, WaitsUntilItsSessionWasPublishedAndConfirmed) {
  Judged judged;
  EXPECT_EQ(judged.At(0), HeldOutcome::kWait);  // Never published.
  judged.entry.version = MakeVersion(kTerm, 6).bits;
  EXPECT_EQ(judged.At(0, 5), HeldOutcome::kWait);
  EXPECT_EQ(judged.At(0, 6), HeldOutcome::kConfirmed);
}

TEST(HeldPacket, DeadlineEndsTheWaitAndAConfirmationInTimeComesFirst) {
  Judged judged;
  EXPECT_EQ(judged.At(99), HeldOutcome::kWait);
  EXPECT_EQ(judged.At(100), HeldOutcome::kDeadline);
  judged.entry.version = MakeVersion(kTerm, 1).bits;
  EXPECT_EQ(judged.At(100), HeldOutcome::kConfirmed);
}

// A refused record's frame is acknowledged like any other.
TEST(HeldPacket, RefusalOutweighsTheConfirmationOfItsFrame) {
  Judged judged;
  judged.entry.version = MakeVersion(kTerm, 1).bits;
  judged.held.refused = true;
  EXPECT_EQ(judged.At(0), HeldOutcome::kRefused);
}

TEST(HeldPacket, OfASessionThatEndedIsGone) {
  Judged deleted;
  deleted.entry.tombstone = statesync::Tombstone::kDeleted;
  EXPECT_EQ(deleted.At(0), HeldOutcome::kGone);
  Judged replaced;  // The slot has another session, which the peer has confirmed.
  replaced.entry.generation = 5;
  replaced.entry.version = MakeVersion(kTerm, 1).bits;
  EXPECT_EQ(replaced.At(0), HeldOutcome::kGone);
}

// ---- Queue -------------------------------------------------------------------------------------

using Queue = CommitQueue<int>;

SessionName Name(std::uint32_t i, std::uint8_t generation = 1) {
  return {{static_cast<statesync::ShardIndex>(i & 0xff), static_cast<statesync::SlotIndex>(i >> 8)},
          generation};
}
void Hold(Queue& queue, std::uint32_t session, int packet, std::int64_t deadline_ns = 1'000) {
  queue.Hold({.name = Name(session), .deadline_ns = deadline_ns}, packet);
}
// Settles what `is_over` says; returns the packets in the order they left.
template <typename IsOver>
std::vector<int> Settle(Queue& queue, IsOver is_over) {
  std::vector<int> left;
  queue.Settle(
      [&](const HeldSession& session) {
        return is_over(session) ? HeldOutcome::kConfirmed : HeldOutcome::kWait;
      },
      [&](const HeldSession&, int packet, HeldOutcome) { left.push_back(packet); });
  return left;
}
constexpr auto kAll = [](const HeldSession&) { return true; };

TEST(CommitQueue, OthersGoAheadOfASessionThatWaits) {
  Queue queue;
  Hold(queue, 1, 10);
  Hold(queue, 2, 20);
  Hold(queue, 3, 30);
  const auto not_one = [](const HeldSession& s) { return s.name != Name(1); };
  EXPECT_EQ(Settle(queue, not_one), (std::vector{20, 30}));
  EXPECT_EQ(queue.count(), 1u);
  EXPECT_TRUE(queue.Has(Name(1)));
  EXPECT_FALSE(queue.Has(Name(2)));
  EXPECT_EQ(Settle(queue, kAll), (std::vector{10}));
}

TEST(CommitQueue, LaterPacketsOfASessionLeaveBehindTheFirst) {
  Queue queue;
  Hold(queue, 1, 10);
  Hold(queue, 2, 20);
  ASSERT_TRUE(queue.HoldBehind(Name(1), 11, 5));
  ASSERT_TRUE(queue.HoldBehind(Name(1), 12, 6));
  const auto is_one = [](const HeldSession& s) { return s.name == Name(1); };
  EXPECT_EQ(Settle(queue, is_one), (std::vector{10, 11, 12}));
  EXPECT_FALSE(queue.Has(Name(1)));
}

TEST(CommitQueue, LaterPacketsShareTheDeadlineOfTheFirst) {
  Queue queue;
  Hold(queue, 1, 10, 500);
  ASSERT_TRUE(queue.HoldBehind(Name(1), 11, 400));
  std::vector<std::int64_t> deadlines;
  std::vector<std::int64_t> since;
  (void)Settle(queue, [&](const HeldSession& session) {
    deadlines.push_back(session.deadline_ns);
    since.push_back(session.since_ns);
    return true;
  });
  EXPECT_EQ(deadlines, (std::vector<std::int64_t>{500, 500}));
  EXPECT_EQ(since, (std::vector<std::int64_t>{0, 400}));
}

TEST(CommitQueue, SaysWhenTheNextDeadlineIs) {
  Queue queue;
  EXPECT_EQ(queue.next_deadline_ns(), INT64_MAX);
  Hold(queue, 1, 10, 900);
  Hold(queue, 2, 20, 300);
  EXPECT_EQ(queue.next_deadline_ns(), 300);
  (void)Settle(queue, [](const HeldSession& session) { return session.deadline_ns == 300; });
  EXPECT_EQ(queue.next_deadline_ns(), 900);
  (void)Settle(queue, kAll);
  EXPECT_EQ(queue.next_deadline_ns(), INT64_MAX);
}

TEST(CommitQueue, HoldsExactlyItsBound) {
  Queue queue;
  for (std::uint32_t i = 0; i < kHeldMax; ++i) {
    ASSERT_EQ(queue.room(), kHeldMax - i);
    Hold(queue, i, static_cast<int>(i));
  }
  EXPECT_EQ(queue.room(), 0u);
  EXPECT_FALSE(queue.HoldBehind(Name(7), 1, 0));
  const std::vector<int> left = Settle(queue, kAll);
  ASSERT_EQ(left.size(), kHeldMax);
  for (std::uint32_t i = 0; i < kHeldMax; ++i) EXPECT_EQ(left[i], static_cast<int>(i));
  for (std::uint32_t i = 0; i < kHeldMax; ++i) EXPECT_FALSE(queue.Has(Name(i)));
}

TEST(CommitQueue, OneSessionCannotTakeItAll) {
  Queue queue;
  Hold(queue, 1, 0);
  int behind = 0;
  while (queue.HoldBehind(Name(1), 1, 0)) ++behind;
  EXPECT_EQ(behind, static_cast<int>(kHeldPerSessionMax) - 1);
  EXPECT_EQ(queue.room(), kHeldMax - kHeldPerSessionMax);
}

TEST(CommitQueue, ARefusalMarksAllPacketsOfItsSessionOnly) {
  Queue queue;
  Hold(queue, 1, 10);
  Hold(queue, 2, 20);
  ASSERT_TRUE(queue.HoldBehind(Name(1), 11, 0));
  queue.Refuse(Name(1));
  queue.Refuse(Name(99));
  const auto is_refused = [](const HeldSession& session) { return session.refused; };
  EXPECT_EQ(Settle(queue, is_refused), (std::vector{10, 11}));
}

TEST(CommitQueue, ANewSessionOfTheSlotIsAnother) {
  Queue queue;
  Hold(queue, 1, 10);
  EXPECT_FALSE(queue.Has(Name(1, 2)));
  queue.Refuse(Name(1, 2));
  EXPECT_EQ(Settle(queue, [](const HeldSession& s) { return s.refused; }), std::vector<int>{});
}

}  // namespace
}  // namespace dataplane
