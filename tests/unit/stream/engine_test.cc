// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The facade: options, bounds, what hostile bytes do, and no allocation after Create().

#include <random>

#include "tests/unit/stream/engine_pair.h"
#include "tests/unit/table/allocation_trap.h"

namespace statesync {
namespace {

TEST(Engine, RefusesOptionsOutOfRange) {
  const auto fails = [](auto change) {
    EngineOptions options;
    change(options);
    const auto engine = Engine::Create(options, {});
    return engine.status().code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(fails([](EngineOptions& o) { o.node = 8; }));
  EXPECT_TRUE(fails([](EngineOptions& o) { o.stream_count = 0; }));
  EXPECT_TRUE(fails([](EngineOptions& o) { o.stream_count = 17; }));
  EXPECT_TRUE(fails([](EngineOptions& o) { o.datagram_bytes_max = 1'199; }));
  EXPECT_TRUE(fails([](EngineOptions& o) { o.credit_frames = 4'097; }));
  EXPECT_TRUE(fails([](EngineOptions& o) { o.bulk_frames_per_turn = 0; }));
  EXPECT_TRUE(fails([](EngineOptions& o) { o.flush_delay = Duration{-1}; }));
  EXPECT_FALSE(fails([](EngineOptions&) {}));
}

TEST(Engine, SaysNothingWithoutAPeer) {
  EnginePair pair;
  pair.MakeFirstActive();
  for (int i = 0; i < 100; ++i) pair.Turn(Millis(1));
  EXPECT_EQ(pair.status(0).counters.control_frames_sent, 0u);
  EXPECT_EQ(pair.status(0).readiness, Readiness::kSynced);
  EXPECT_EQ(pair.status(1).readiness, Readiness::kNoPeer);
}

// Forwarding goes on without a peer: deleted slots come back, nothing piles up.
TEST(Engine, SlotsComeBackWithoutAPeer) {
  EnginePair pair({}, 256);
  pair.MakeFirstActive();
  SessionMaker maker(1);
  for (int i = 0; i < 100'000; ++i) {
    Handle handle;
    ASSERT_EQ(pair.table(0).Insert(maker.Plain(), handle), InsertResult::kInserted) << i;
    pair.table(0).Delete(handle);
    pair.table(0).MarkDirtyBatch(0, {&handle, 1});
    if (i % 16 == 0) pair.Turn();
  }
}

TEST(Engine, OneRecordForTenChangesOfAnEntry) {
  EnginePair pair;
  ASSERT_TRUE(pair.Begin());
  SessionMaker maker(1);
  const Handle handle = MustInsert(pair.table(0), maker.Plain());
  for (int i = 0; i < 10; ++i) pair.table(0).MarkDirtyBatch(0, {&handle, 1});
  for (int i = 0; i < 20; ++i) pair.Turn();
  EXPECT_EQ(pair.status(0).counters.records_sent, 1u);
  EXPECT_EQ(pair.status(1).counters.records_applied, 1u);
}

TEST(Engine, EntryThatThePeerNeverLearntIsAnnihilated) {
  EnginePair pair;
  ASSERT_TRUE(pair.Begin());
  SessionMaker maker(1);
  MustDelete(pair.table(0), MustInsert(pair.table(0), maker.Plain()));
  for (int i = 0; i < 20; ++i) pair.Turn();
  EXPECT_EQ(pair.status(0).counters.records_sent, 0u);
  EXPECT_EQ(pair.status(0).counters.annihilated, 1u);
}

// A silent peer: the stream stalls at its credit, marks keep the changes, and all goes on later.
TEST(Engine, SilentPeerStallsTheStreamAndLosesNothing) {
  EnginePair pair;
  ASSERT_TRUE(pair.Begin());
  SessionMaker maker(1);
  std::vector<Handle> handles(2'000);
  for (Handle& handle : handles) handle = MustInsert(pair.table(0), maker.Any());
  for (int i = 0; i < 6'000; ++i) {
    pair.table(0).MarkDirtyBatch(0, handles);
    pair.Turn(Micros(50), [] { return true; });
  }
  EXPECT_GT(pair.status(0).counters.credit_stalls, 0u);
  EXPECT_GE(pair.status(0).exposure.changes, 2'000u);
  for (int i = 0; i < 20'000 && pair.status(0).exposure.changes > 0; ++i) pair.Turn();
  EXPECT_EQ(pair.status(0).exposure.changes, 0u);
  EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
}

// A rekey is not a new connection.
// Its changes go into no frame from then on, so a digest of before them must not prove it equal.
TEST(Engine, StatesNoDigestsToAPeerThatWasGivenUp) {
  EnginePair pair({}, 256);
  pair.Connect();
  pair.MakeFirstActive();
  SessionMaker maker(1);
  std::vector<Handle> handles;
  while (handles.size() <= pair.table(0).slots_per_shard() / 4u) {
    const NewSession session = maker.Plain();
    if (SessionTable::ShardOf(session.key) != 7) continue;
    handles.push_back(MustInsert(pair.table(0), session));
  }
  ASSERT_TRUE(pair.TurnUntilSynced());
  for (int i = 0; i < 100; ++i) pair.Turn();
  ASSERT_EQ(pair.table(1).live_count(), handles.size());
  const std::uint64_t epochs = pair.status(0).counters.epochs_begun;
  for (const Handle handle : handles) MustDelete(pair.table(0), handle);
  const auto from_second = [](std::size_t from) { return from == 1; };
  while (pair.status(0).counters.epochs_begun == epochs) {
    pair.Turn(Millis(1), from_second);
    ASSERT_LT(pair.now(), Instant{Seconds(20).ns});
  }
  const std::uint64_t agreed = pair.status(1).counters.digests_agreed;
  (void)MustInsert(pair.table(0), maker.Plain());
  for (int i = 0; i < 500; ++i) pair.Turn(Millis(1), from_second);
  EXPECT_EQ(pair.status(1).counters.digests_agreed, agreed);
  for (int i = 0; i < 2'000; ++i) pair.Turn();
  EXPECT_EQ(pair.status(1).readiness, Readiness::kSynced);
  EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
}

TEST(Engine, SameBootIdAgainChangesNothing) {
  EnginePair pair;
  ASSERT_TRUE(pair.Begin());
  const auto bulks = pair.status(1).counters.bulks_finished;
  pair.Connect();
  for (int i = 0; i < 50; ++i) pair.Turn();
  EXPECT_EQ(pair.status(1).readiness, Readiness::kSynced);
  EXPECT_EQ(pair.status(1).counters.bulks_finished, bulks);
}

// I8: whatever an authentic peer sends is counted and survived.
TEST(Engine, SurvivesRandomBytesInAuthenticFrames) {
  EnginePair pair;
  ASSERT_TRUE(pair.Begin());
  std::mt19937_64 random(5);
  std::array<OutFrame, 8> out{};
  std::array<std::array<std::byte, 1'440>, 8> buffers;
  SessionMaker maker(1);
  for (int turn = 0; turn < 30'000; ++turn) {
    Handle handle;
    if (pair.table(0).Insert(maker.Any(), handle) == InsertResult::kInserted) {
      pair.table(0).MarkDirtyBatch(0, {&handle, 1});
    }
    if (turn % 4 == 0) pair.Turn();
    for (std::size_t i = 0; i < out.size(); ++i) out[i].buffer = buffers[i];
    const std::size_t from = random() % 2;
    const std::size_t count = pair.engine(from).TakeFrames(pair.now() + Micros(60), out);
    for (std::size_t i = 0; i < count; ++i) {
      auto bytes =
          out[i].buffer.first(random() % 8 == 0 ? random() % (out[i].bytes + 1u) : out[i].bytes);
      for (std::uint64_t flips = random() % 6; flips > 0 && !bytes.empty(); --flips) {
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
      }
      const OpenedFrame frame{
          static_cast<std::uint16_t>(random() % 16 == 0 ? random() : 0),
          random() % 64 == 0 ? static_cast<std::uint16_t>(random()) : out[i].epoch, bytes};
      pair.engine(random() % 2).OnFrameBatch(pair.now(), {&frame, 1});
    }
  }
  EXPECT_GT(pair.status(1).counters.frames_malformed, 0u);
}

// The peer's slot is past what the handle map has room for: refused by name, as long as it lives.
TEST(Engine, EntriesInSlotsOutOfRangeAreRefusedUntilTheyAreDeleted) {
  EngineOptions options;
  options.peer_slots_per_shard_max = 1;
  EnginePair pair(options);
  ASSERT_TRUE(pair.Begin());
  SessionMaker maker(1);
  std::vector<Handle> out_of_range;
  for (int i = 0; i < 40; ++i) {
    const Handle handle = MustInsert(pair.table(0), maker.Plain());
    if (handle.slot > 0) out_of_range.push_back(handle);
  }
  ASSERT_GT(out_of_range.size(), 0u);
  for (int i = 0; i < 500; ++i) pair.Turn();
  EXPECT_EQ(pair.status(1).readiness, Readiness::kAtRisk);
  EXPECT_EQ(pair.status(1).reason, AtRiskReason::kRefusedEntries);
  EXPECT_GE(pair.status(1).counters.records_refused, out_of_range.size());
  EXPECT_GE(pair.status(0).counters.refusals_reported, out_of_range.size());
  EXPECT_EQ(pair.table(1).live_count(), 40 - out_of_range.size());
  // Updates of them are ignored, not asked for.
  const std::uint64_t wants = pair.status(1).counters.wants_sent;
  pair.table(0).MarkDirtyBatch(0, out_of_range);
  for (int i = 0; i < 500; ++i) pair.Turn();
  EXPECT_EQ(pair.status(1).counters.wants_sent, wants);
  for (const Handle handle : out_of_range) MustDelete(pair.table(0), handle);
  EXPECT_TRUE(pair.TurnUntilSynced());
  EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
}

// Only inserts carry the window scales, and the server's is learnt after the first record.
TEST(Engine, ScalesLearntAfterTheFirstRecordReachThePeer) {
  EnginePair pair;
  ASSERT_TRUE(pair.Begin());
  SessionMaker maker(1);
  NewSession session = maker.Plain();
  session.state = SessionState::kTcpSynSent;
  const Handle handle = MustInsert(pair.table(0), session);
  for (int i = 0; i < 20; ++i) pair.Turn();
  ASSERT_EQ(pair.status(1).counters.records_applied, 1u);
  const auto change = [&](SessionState state, std::uint8_t scales) {
    pair.table(0).BeginWrite(handle);
    pair.table(0).entry(handle).state = static_cast<std::uint8_t>(state);
    pair.table(0).entry(handle).scales = scales;
    pair.table(0).EndWrite(handle);
    pair.table(0).MarkDirtyBatch(0, {&handle, 1});
    for (int i = 0; i < 20; ++i) pair.Turn();
  };
  change(SessionState::kTcpSynReceived, 0x57);
  const LookupResult found = pair.table(1).Lookup(session.key);
  ASSERT_NE(found.slot, kNoSlot);
  EXPECT_EQ(pair.table(1).entry({handle.shard, found.slot}).scales, 0x57);
  change(SessionState::kTcpEstablished, 0x57);
  EXPECT_EQ(pair.status(0).counters.inserts_sent, 2u);
  EXPECT_EQ(pair.status(0).counters.updates_sent, 1u);
}

// A session that ends before the server answered is deleted at the peer, too.
TEST(Engine, AnUnansweredSessionIsDeletedAtThePeer) {
  EnginePair pair;
  ASSERT_TRUE(pair.Begin());
  SessionMaker maker(1);
  NewSession session = maker.Plain();
  session.state = SessionState::kTcpSynSent;
  const Handle handle = MustInsert(pair.table(0), session);
  for (int i = 0; i < 20; ++i) pair.Turn();
  ASSERT_EQ(pair.table(1).live_count(), 1u);
  MustDelete(pair.table(0), handle);
  for (int i = 0; i < 20; ++i) pair.Turn();
  EXPECT_EQ(pair.table(1).live_count(), 0u);
  EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
}

TEST(Engine, AllocatesNothingAfterCreate) {
  EngineOptions options;
  options.stream_count = 2;
  EnginePair pair(options);
  SessionMaker maker(3);
  std::vector<Handle> live;
  live.reserve(4'096);
  std::mt19937_64 random(7);
  ArmAllocationTrap();
  pair.MakeFirstActive();  // Before it meets a peer, so its table is complete and may cause sweeps.
  pair.Connect();
  for (int turn = 0; turn < 20'000; ++turn) {
    Handle handle;
    if (live.size() < 2'000 &&
        pair.table(0).Insert(maker.Any(), handle) == InsertResult::kInserted) {
      live.push_back(handle);
      pair.table(0).MarkDirtyBatch(0, {&handle, 1});
    }
    if (live.size() > 1'000 && turn % 2 == 0) {
      const std::size_t at = random() % live.size();
      handle = live[at];
      live[at] = live.back();
      live.pop_back();
      pair.table(0).Delete(handle);
      pair.table(0).MarkDirtyBatch(0, {&handle, 1});
    }
    pair.Turn(Micros(30), [&] { return random() % 8 == 0; });
    if (turn % 5'000 == 4'999) {
      pair.engine(0).OnPeerLost(pair.now());
      pair.Connect();
    }
    if (turn % 3'000 == 2'999) pair.engine(1).RequestBulk(pair.now());
  }
  EXPECT_EQ(DisarmAllocationTrap(), 0u);
  EXPECT_GT(pair.status(0).counters.frames_repaired, 0u);
  EXPECT_TRUE(pair.TurnUntilSynced());
  EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
}

}  // namespace
}  // namespace statesync
