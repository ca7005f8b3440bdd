// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A peer that lies: each lie ends in one counter, and costs this node nothing of its own.

#include <random>

#include "tests/unit/stream/hostile_peer.h"

namespace statesync {
namespace {

constexpr Saying kOwnerSays{.role = Role::kActive, .term = {9}};
constexpr Saying kReceiverSays{.role = Role::kStandby, .term = {8}};

Saying Numbered(std::uint64_t number) {
  Saying saying = kOwnerSays;
  saying.number = number;
  saying.oldest_back = static_cast<std::uint32_t>(number - 1);
  saying.numbered = true;
  return saying;
}

// Found by the fuzzer: the frame that says so was closed while it was being applied, and the node
// aborted.
TEST(HostilePeer, CannotCallAFrameLostThatSaysSoItself) {
  HostilePeer peer(0);
  peer.Say(Numbered(1));
  LostRecord lost;
  lost.first.Set(2);
  lost.last.Set(2);
  peer.Say(Numbered(2), ControlOp::kLost, lost);
  EXPECT_EQ(peer.counters().records_malformed, 1u);
  EXPECT_EQ(peer.counters().frames_lost, 0u);
  EXPECT_EQ(peer.counters().frames_received, 2u);
}

TEST(HostilePeer, CannotCallFramesLostThatItHasNotSent) {
  HostilePeer peer(0);
  LostRecord lost;
  lost.first.Set(1);
  lost.last.Set(kFrameNumberMax);
  Saying saying = kOwnerSays;
  saying.number = 10;
  peer.Say(saying, ControlOp::kLost, lost);
  EXPECT_EQ(peer.counters().records_malformed, 1u);
  EXPECT_EQ(peer.counters().frames_lost, 0u);
  peer.Say(Numbered(10));
  EXPECT_EQ(peer.counters().frames_received, 1u);
}

TEST(HostilePeer, CannotRepairFramesThatItHasNotSent) {
  HostilePeer peer(0);
  RepairedRecord repaired;
  repaired.frame.Set(5);
  repaired.first_back.Set(0);
  peer.Say(Numbered(4), ControlOp::kRepaired, repaired);
  EXPECT_EQ(peer.counters().records_malformed, 1u);
  peer.Say(Numbered(5));
  EXPECT_EQ(peer.counters().frames_received, 2u);
  EXPECT_EQ(peer.counters().frames_duplicate, 0u);
}

// ---- Acknowledgement and credit ----------------------------------------------------------------

TEST(HostilePeer, CannotAcknowledgeWhatWasNeverSent) {
  HostilePeer peer(100);
  (void)peer.TakeAll();
  const std::uint64_t exposed = peer.status().exposure.changes;
  ASSERT_GE(exposed, 100u);
  Saying saying = kReceiverSays;
  for (const std::uint64_t ack :
       {peer.sent_frame() + 1, peer.sent_frame() + 1'000, kFrameNumberMax}) {
    saying.ack = ack;
    peer.Say(saying);
  }
  EXPECT_EQ(peer.counters().acks_ignored, 3u);
  EXPECT_EQ(peer.status().exposure.changes, exposed);
  EXPECT_EQ(peer.status().confirmed_counter[0], 0u);
  peer.ExpectStillPublishes();
  peer.ExpectOwnedUntouched();
}

// Marks keep what credit holds back, and forwarding never waits.
TEST(HostilePeer, ThatGrantsNothingStallsItsStreamOnly) {
  HostilePeer peer(2'000);
  Saying saying = kReceiverSays;
  saying.credit = 0;
  for (int i = 0; i < 500; ++i) {
    for (std::size_t s = 0; s < 2'000; ++s) {
      const Handle handle = peer.owned(s);
      peer.table().MarkDirtyBatch(0, {&handle, 1});
    }
    peer.Say(saying);
    (void)peer.Take();
    peer.Wait(Micros(100));
  }
  EXPECT_LE(peer.sent_frame(), 64u);  // What it is allowed before the first grant.
  EXPECT_GT(peer.counters().credit_stalls, 0u);
  EXPECT_GE(peer.status().exposure.changes, 2'000u);
  peer.ExpectOwnedUntouched();
  saying.ack = peer.sent_frame();
  saying.credit = 4'096;
  peer.Say(saying);
  peer.ExpectStillPublishes();
}

TEST(HostilePeer, ThatGrantsEverythingDoesNotOverrunTheRing) {
  HostilePeer peer(256);
  Saying saying = kReceiverSays;
  saying.credit = 0xff'ffff;
  for (int i = 0; i < 20'000; ++i) {
    const Handle handle = peer.owned(static_cast<std::size_t>(i) % 256);
    peer.table().MarkDirtyBatch(0, {&handle, 1}, ChangeClass::kHeld);
    if (i % 16 == 0) peer.Say(saying);
    (void)peer.Take();
    peer.Wait(Micros(60));
  }
  EXPECT_LE(peer.sent_frame(), kRepairRingFrames);
  EXPECT_GT(peer.counters().credit_stalls, 0u);
  peer.ExpectOwnedUntouched();
}

// ---- Requests ----------------------------------------------------------------------------------

TEST(HostilePeer, ThatMissesTheSameFramesAgainAndAgainGetsThemOnce) {
  HostilePeer peer(1'000);
  peer.Say(kReceiverSays);
  (void)peer.TakeAll();
  const std::uint64_t sent = peer.sent_frame();
  NackRecord nack;
  nack.first.Set(1);
  nack.count.Set(static_cast<std::uint16_t>(sent));
  for (int i = 0; i < 1'000; ++i) {
    peer.Say(kReceiverSays, ControlOp::kNack, nack, 100);
    (void)peer.Take();
    peer.Wait(Micros(1));
  }
  EXPECT_EQ(peer.counters().nacks_received, sent * 100 * 1'000);
  EXPECT_EQ(peer.counters().frames_repaired, sent);
  peer.ExpectStillPublishes();
  peer.ExpectOwnedUntouched();
}

// Repairs, too, are frames that it can miss: a turn stays bounded, and so does what is kept.
TEST(HostilePeer, ThatMissesEverythingCostsTheFramesOfATurn) {
  HostilePeer peer(1'000);
  NackRecord nack;
  nack.first.Set(1);
  nack.count.Set(0xffff);
  for (int i = 0; i < 20'000; ++i) {
    peer.Say(kReceiverSays, ControlOp::kNack, nack, 100);
    EXPECT_LE(peer.Take(4), 4u);
    peer.Wait(Micros(1));
  }
  EXPECT_LE(peer.sent_frame(), 4u * 20'000);
  EXPECT_LE(peer.status().exposure.changes, kRepairRingItems);
  peer.ExpectStillPublishes();
  peer.ExpectOwnedUntouched();
}

TEST(HostilePeer, ThatWantsAllSlotsGetsABoundedAnswer) {
  HostilePeer peer(1'000);
  peer.Say(kReceiverSays);
  (void)peer.TakeAll();
  const std::uint64_t before = peer.counters().records_sent;
  for (std::uint32_t shard = 0; shard < kShardCount; ++shard) {
    peer.Say(kReceiverSays, [&](FrameWriter& writer) {
      for (std::uint32_t slot = 0; slot < 250; ++slot) {
        WantRecord want;
        want.table = static_cast<std::uint8_t>(TableId::kSession);
        want.handle.shard = static_cast<std::uint8_t>(shard);
        want.handle.slot.Set(static_cast<std::uint16_t>(slot));
        want.handle.generation = 0;
        ASSERT_TRUE(writer.AppendControl(ControlOp::kWant, want));
      }
    });
  }
  EXPECT_EQ(peer.counters().wants_received, 250u * kShardCount);
  (void)peer.TakeAll();
  EXPECT_LE(peer.counters().records_sent - before, kWantQueueMax);
  peer.ExpectStillPublishes();
  peer.ExpectOwnedUntouched();
}

TEST(HostilePeer, ThatAsksForOneBulkAfterTheOtherStillGetsChanges) {
  HostilePeer peer(3'000);
  BulkRequestRecord request;
  request.table = 0;
  std::memset(request.shards, 0xff, sizeof(request.shards));
  Saying saying = kReceiverSays;
  for (std::uint32_t id = 1; id <= 1'000; ++id) {
    request.bulk_id.Set(id);
    saying.ack = peer.sent_frame();
    peer.Say(saying, ControlOp::kBulkRequest, request);
    EXPECT_LE(peer.Take(8), 8u);
    peer.Wait(Micros(100));
  }
  EXPECT_LE(peer.counters().bulks_started, 1'000u);
  peer.ExpectStillPublishes();
  peer.ExpectOwnedUntouched();
}

TEST(HostilePeer, OldBulkIdsStartNothing) {
  HostilePeer peer(10);
  BulkRequestRecord request;
  request.table = 0;
  std::memset(request.shards, 0xff, sizeof(request.shards));
  for (const std::uint32_t id : {100u, 100u, 99u, 1u, 0u}) {
    request.bulk_id.Set(id);
    peer.Say(kReceiverSays, ControlOp::kBulkRequest, request);
  }
  EXPECT_EQ(peer.counters().bulks_started, 1u);
}

TEST(HostilePeer, RefusalsAreCountedAndCostNothing) {
  HostilePeer peer(100);
  RefusedRecord refused;
  refused.table = static_cast<std::uint8_t>(TableId::kSession);
  refused.handle.shard = peer.owned(0).shard;
  refused.handle.slot.Set(peer.owned(0).slot);
  refused.handle.generation = 0;
  refused.reason = 200;
  for (int i = 0; i < 100; ++i) peer.Say(kReceiverSays, ControlOp::kRefused, refused, 200);
  EXPECT_EQ(peer.counters().refusals_reported, 100u * 200);
  EXPECT_EQ(peer.counters().refusals_dropped, 100u * 200 - kRefusedChangesMax);
  peer.ExpectStillPublishes();
  peer.ExpectOwnedUntouched();
}

// ---- Statements --------------------------------------------------------------------------------

// Digests, notes and bulk states are an owner's to say; this node is the owner.
TEST(HostilePeer, OwnersStatementsMeanNothingToAnOwner) {
  HostilePeer peer(100);
  DigestRecord digest{};
  digest.table = static_cast<std::uint8_t>(TableId::kSession);
  BulkStateRecord bulk{};
  bulk.bulk_id.Set(1);
  bulk.phase = static_cast<std::uint8_t>(BulkPhase::kFinished);
  bulk.complete = 1;
  bulk.cut_term.Set(kTermMax);
  bulk.cut_counter.Set(kVersionCounterMax);
  LostRecord lost;
  lost.first.Set(1);
  lost.last.Set(5);
  Saying saying = kOwnerSays;
  saying.number = 100;
  for (int i = 0; i < 100; ++i) {
    peer.Say(saying, ControlOp::kDigest, digest);
    peer.Say(saying, ControlOp::kBulkState, bulk);
    peer.Say(saying, ControlOp::kLost, lost);
    (void)peer.Take();
    peer.Wait(Millis(20));
  }
  EXPECT_EQ(peer.counters().digests_differed, 0u);
  EXPECT_EQ(peer.counters().frames_lost, 0u);
  EXPECT_EQ(peer.counters().entries_swept, 0u);
  EXPECT_TRUE(peer.bulks_asked().empty());
  peer.ExpectStillPublishes();
  peer.ExpectOwnedUntouched();
}

TEST(HostilePeer, CannotWriteEntriesOfAnOwner) {
  HostilePeer peer(100);
  Saying saying = kOwnerSays;
  saying.numbered = true;
  saying.term = {kTermMax};
  for (std::uint64_t number = 1; number <= 100; ++number) {
    saying.number = number;
    peer.Say(saying, [&](FrameWriter& writer) {
      for (std::size_t i = 0; i < 100; ++i) {
        SessionDelete record;
        record.shard = peer.owned(i).shard;
        record.slot.Set(peer.owned(i).slot);
        ASSERT_TRUE(writer.Append(TableId::kSession, Op::kDelete, kSessionDelete,
                                  std::as_bytes(std::span(&record, 1)),
                                  MakeVersion({kTermMax}, 100 * number + i)));
      }
    });
  }
  EXPECT_EQ(peer.counters().frames_unwanted, 100u);
  EXPECT_EQ(peer.counters().records_applied, 0u);
  peer.ExpectStillPublishes();
  peer.ExpectOwnedUntouched();
}

// A term of the future is what the role machine must hear of; nothing else follows from it.
TEST(HostilePeer, TermsOfTheFutureAreReportedOnly) {
  HostilePeer peer(100);
  Saying saying = kReceiverSays;
  saying.term = {kTermMax};
  peer.Say(saying);
  EXPECT_EQ(peer.status().peer_term, Term{kTermMax});
  peer.ExpectStillPublishes();
  peer.ExpectOwnedUntouched();
}

TEST(HostilePeer, CannotConfirmSizesThatWereNotProbed) {
  HostilePeer peer(10);
  (void)peer.TakeAll();
  const std::uint16_t before = peer.status().datagram_bytes;
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1'199}, kDatagramBytesMax,
                                  kDatagramBytesMax + 1, std::size_t{65'535}}) {
    ProbeAckRecord ack;
    ack.datagram_bytes.Set(static_cast<std::uint16_t>(bytes));
    peer.Say(kReceiverSays, ControlOp::kProbeAck, ack);
  }
  EXPECT_EQ(peer.counters().probe_acks_ignored, 5u);
  EXPECT_EQ(peer.status().datagram_bytes, before);
}

TEST(HostilePeer, ProbesAreAnsweredAtAPace) {
  HostilePeer peer(10);
  (void)peer.TakeAll();
  const std::uint64_t before = peer.counters().control_frames_sent;
  for (int i = 0; i < 1'000; ++i) {
    peer.Say(kReceiverSays, ControlOp::kProbe, ProbeRecord{}, 1'000);
    (void)peer.Take();
    peer.Wait(Micros(10));
  }
  EXPECT_EQ(peer.counters().probes_received, 1'000u);
  EXPECT_LE(peer.counters().control_frames_sent - before, 20u);  // 10 ms at one a millisecond.
}

// ---- To a receiver -----------------------------------------------------------------------------

// A deleted session keeps its slot until the peer has heard of it. One that hears and never says so
// must not use up the table: then no new connection could be forwarded.
TEST(HostilePeer, ThatNeverAcknowledgesDoesNotUseUpTheTable) {
  HostilePeer peer(1, 1'024);
  SessionMaker maker(5);
  Saying saying = kReceiverSays;
  for (const std::uint32_t credit : {0u, 4'096u, 0xff'ffffu}) {
    saying.credit = credit;
    for (int i = 0; i < 20'000; ++i) {
      Handle handle;
      ASSERT_EQ(peer.table().Insert(maker.Plain(), handle), InsertResult::kInserted)
          << i << " with credit " << credit;
      peer.table().MarkDirtyBatch(0, {&handle, 1});
      peer.Wait(Micros(60));
      if (i % 4 == 0) (void)peer.Take();
      peer.table().Delete(handle);
      peer.table().MarkDirtyBatch(0, {&handle, 1});
      peer.Wait(Micros(60));
      peer.Say(saying);
      (void)peer.Take();
    }
  }
  peer.ExpectOwnedUntouched();
}

// Answers every request with "finished" and states digests that are never equal.
TEST(HostilePeer, DigestsThatAlwaysDifferCauseFewTransfers) {
  HostilePeer peer(0);
  Saying saying = kOwnerSays;
  saying.number = 2;
  peer.Say(Numbered(1));
  constexpr int kSeconds = 10;
  for (int i = 0; i < kSeconds * 100; ++i) {
    (void)peer.Take();
    if (!peer.bulks_asked().empty()) {
      BulkStateRecord bulk{};
      bulk.bulk_id.Set(*peer.bulks_asked().rbegin());
      bulk.phase = static_cast<std::uint8_t>(BulkPhase::kFinished);
      bulk.complete = 1;
      bulk.cut_term.Set(saying.term.value);
      bulk.end_frame.Set(1);
      peer.Say(saying, ControlOp::kBulkState, bulk);
    }
    DigestRecord digest{};
    digest.table = static_cast<std::uint8_t>(TableId::kSession);
    digest.shard = static_cast<std::uint8_t>(i);
    digest.count.Set(7);
    digest.as_of.Set(1);
    peer.Say(saying, ControlOp::kDigest, digest);
    digest.shard = 0;
    peer.Say(saying, ControlOp::kDigest, digest);
    peer.Wait(Millis(10));
  }
  EXPECT_GT(peer.counters().digests_differed, 0u);
  EXPECT_GE(peer.bulks_asked().size(), 2u);
  // A new shard every 10 ms is asked for at once, with those that differed within a digest
  // interval; what a transfer did not cure at growing distances.
  EXPECT_LE(peer.bulks_asked().size(), 256u / 5 + 8);
  EXPECT_NE(peer.status().readiness, Readiness::kSynced);
}

TEST(HostilePeer, UpdatesOfUnknownHandlesFillABoundedList) {
  HostilePeer peer(0, 131'072);
  peer.Say(Numbered(1));
  std::uint64_t counter = 1;
  for (std::uint64_t number = 2; number < 100; ++number) {
    peer.Say(Numbered(number), [&](FrameWriter& writer) {
      for (std::size_t i = 0; i < 100; ++i, ++counter) {
        SessionUpdate update{};
        update.handle.shard = static_cast<std::uint8_t>(counter);
        update.handle.slot.Set(static_cast<std::uint16_t>(counter / kShardCount));
        update.state = static_cast<std::uint8_t>(SessionState::kTcpEstablished);
        ASSERT_TRUE(writer.Append(TableId::kSession, Op::kUpdate, kSessionUpdate,
                                  std::as_bytes(std::span(&update, 1)),
                                  MakeVersion(kOwnerSays.term, counter)));
      }
    });
  }
  EXPECT_EQ(peer.counters().wants_overflowed, counter - 1 - kWantQueueMax);
  EXPECT_EQ(peer.table().live_count(), 0u);
  (void)peer.TakeAll();
  EXPECT_EQ(peer.counters().wants_sent, kWantQueueMax);
}

TEST(HostilePeer, SlotsPastTheMapAreCountedAndDropped) {
  HostilePeer peer(0, 1'024);
  peer.Say(Numbered(1), [](FrameWriter& writer) {
    SessionDelete record;
    record.shard = 1;
    record.slot.Set(0xfffe);
    ASSERT_TRUE(writer.Append(TableId::kSession, Op::kDelete, kSessionDelete,
                              std::as_bytes(std::span(&record, 1)), MakeVersion({9}, 1)));
  });
  EXPECT_EQ(peer.counters().slots_out_of_range, 1u);
}

TEST(HostilePeer, FramesFarAheadAreCountedAndKeepTheWindow) {
  HostilePeer peer(0);
  peer.Say(Numbered(1));
  for (std::uint64_t number = 100'000; number < 100'100; ++number) {
    peer.Say(Numbered(number));
  }
  EXPECT_EQ(peer.counters().frames_outside_window, 100u);
  peer.Say(Numbered(2));
  EXPECT_EQ(peer.counters().frames_received, 2u);
  (void)peer.TakeAll();
  EXPECT_LE(peer.counters().nacks_sent, kReceiveWindowFrames);
}

// ---- Garbage -----------------------------------------------------------------------------------

// Every statement there is, with bytes by chance, to an owner and to a standby.
TEST(HostilePeer, GarbageInEveryStatementChangesNothingOwned) {
  for (const std::size_t sessions : {std::size_t{200}, std::size_t{0}}) {
    HostilePeer peer(sessions);
    std::mt19937_64 random(3);
    Saying saying = sessions > 0 ? kReceiverSays : kOwnerSays;
    for (int i = 0; i < 5'000; ++i) {
      saying.numbered = random() % 4 == 0;
      saying.number = saying.numbered ? saying.number + 1 : saying.number;
      peer.Say(saying, [&](FrameWriter& writer) {
        for (const KnownRecord& known : kKnownRecords) {
          if (known.table != static_cast<std::uint8_t>(TableId::kControl)) continue;
          std::array<std::byte, 64> bytes;
          for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() % 3 * random());
          ASSERT_TRUE(writer.Append(TableId::kControl, static_cast<Op>(known.op), known.schema,
                                    std::span(bytes).first(known.bytes), Version{}));
        }
      });
      if (i % 8 == 0) (void)peer.Take();
      peer.Wait(Micros(50));
    }
    peer.ExpectOwnedUntouched();
    if (sessions > 0) peer.ExpectStillPublishes(2'000);
  }
}

}  // namespace
}  // namespace statesync
