// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Values compared in the background: what digests do not see is found and repaired.

#include "statesync/stream/scrub.h"

#include "gtest/gtest.h"
#include "statesync/wire/frame_writer.h"
#include "tests/unit/stream/engine_pair.h"

namespace statesync {
namespace {

EngineOptions FastScrub() {
  EngineOptions options;
  options.scrub_interval = Millis(1);
  return options;
}

// An owner with `count` sessions and a peer that is proven to hold them.
std::vector<Handle> MakeSynced(EnginePair& pair, std::size_t count) {
  pair.Connect();
  pair.MakeFirstActive();
  SessionMaker maker(1);
  std::vector<Handle> handles(count);
  for (Handle& handle : handles) handle = MustInsert(pair.table(0), maker.Any());
  for (int i = 0; i < 500; ++i) pair.Turn();
  EXPECT_TRUE(pair.TurnUntilSynced());
  return handles;
}

// The peer's entry of an owner's session.
SessionEntry& EntryOfPeer(EnginePair& pair, Handle handle) {
  const SessionEntry& own = pair.table(0).entry(handle);
  const FlowKey key{own.client_addr, own.server_addr, own.client_port, own.server_port,
                    ProtocolOf(static_cast<SessionState>(own.state))};
  const LookupResult found = pair.table(1).Lookup(key);
  EXPECT_NE(found.slot, kNoSlot);
  return pair.table(1).entry({handle.shard, found.slot});
}

void RunFor(EnginePair& pair, Duration length) {
  for (const Instant end = pair.now() + length; pair.now() < end;) pair.Turn();
}

TEST(Scrub, AFlippedBitThatDigestsDoNotSeeIsFoundAndRepaired) {
  EnginePair pair(FastScrub());
  const auto handles = MakeSynced(pair, 500);
  RunFor(pair, Millis(100));
  ASSERT_EQ(pair.status(1).counters.values_differed, 0u);
  SessionEntry& entry = EntryOfPeer(pair, handles[123]);
  entry.rule ^= 0x40;
  const std::uint64_t digests_differed = pair.status(1).counters.digests_differed;
  EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
  bool was_at_risk = false;
  for (int i = 0; i < 10'000; ++i) {
    pair.Turn();
    const EngineStatus& status = pair.status(1);
    was_at_risk = was_at_risk || (status.readiness == Readiness::kAtRisk &&
                                  status.reason == AtRiskReason::kValueMismatch);
  }
  EXPECT_TRUE(was_at_risk);
  EXPECT_EQ(pair.status(1).counters.values_differed, 1u);
  EXPECT_EQ(pair.status(1).counters.digests_differed, digests_differed);
  EXPECT_EQ(EntryOfPeer(pair, handles[123]).rule, pair.table(0).entry(handles[123]).rule);
  EXPECT_EQ(pair.status(1).readiness, Readiness::kSynced);
  EXPECT_EQ(pair.status(1).counters.bulks_finished, 0u);  // Asked for by itself.
}

TEST(Scrub, EveryFieldOfAnImageIsCompared) {
  const auto finds = [](auto change) {
    EnginePair pair(FastScrub());
    const auto handles = MakeSynced(pair, 40);
    change(EntryOfPeer(pair, handles[7]));
    RunFor(pair, Millis(500));
    return pair.status(1).counters.values_differed == 1;
  };
  EXPECT_TRUE(finds([](SessionEntry& e) { e.rule ^= 1; }));
  EXPECT_TRUE(finds([](SessionEntry& e) { e.scales ^= 1; }));
  EXPECT_TRUE(finds([](SessionEntry& e) { e.edge[0] ^= 1u << 22; }));
  EXPECT_TRUE(finds([](SessionEntry& e) { e.edge[1] ^= 1u << 31; }));
  EXPECT_TRUE(finds(
      [](SessionEntry& e) { e.state = static_cast<std::uint8_t>(SessionState::kTcpTimeWait); }));
  EXPECT_FALSE(finds([](SessionEntry& e) { ++e.last_seen_s; }));
}

// An edge moves on without being published until it crosses a multiple of 4 MiB.
TEST(Scrub, AnEdgeWithinItsFourMebibytesIsNoDifference) {
  EnginePair pair(FastScrub());
  const auto handles = MakeSynced(pair, 200);
  std::uint32_t edge = 0;
  for (int i = 0; i < 4'000; ++i) {
    edge += 1'048;
    for (const Handle handle : handles) pair.table(0).entry(handle).edge[0] = edge;
    pair.Turn(Micros(200));
  }
  ASSERT_LT(edge, 1u << kEdgePublishShift);
  EXPECT_GT(edge, (1u << kEdgePublishShift) - 3'000);
  EXPECT_EQ(pair.status(1).counters.values_differed, 0u);
  EXPECT_GT(pair.status(1).counters.values_agreed, 1'000u);
}

TEST(Scrub, APassTakesAsLongAsItsPaceSays) {
  EnginePair pair;  // 50 entries in 50 ms.
  (void)MakeSynced(pair, 1'500);
  RunFor(pair, Millis(4'000));
  EXPECT_GE(pair.status(0).counters.scrub_passes, 1u);
  EXPECT_GE(pair.status(0).scrub_pass_length, Millis(1'400));
  EXPECT_LE(pair.status(0).scrub_pass_length, Millis(3'000));
  EXPECT_LE(pair.status(0).counters.values_stated, 4'050u);
  EXPECT_GE(pair.status(1).counters.values_agreed, 1'500u);
}

TEST(Scrub, ZeroEntriesTurnItOff) {
  EngineOptions options = FastScrub();
  options.scrub_entries = 0;
  EnginePair pair(options);
  (void)MakeSynced(pair, 100);
  RunFor(pair, Millis(200));
  EXPECT_EQ(pair.status(0).counters.values_stated, 0u);
}

// A worker writes, and marks at the end of its burst: what is read in between is not stated under
// the version before.
TEST(Scrub, AChangeThatIsNotMarkedYetIsNotStated) {
  EngineOptions options;
  options.scrub_interval = Millis(10);
  EnginePair pair(options);
  const auto handles = MakeSynced(pair, 1'000);
  RunFor(pair, Millis(100));
  std::mt19937_64 random(3);
  for (int round = 0; round < 50; ++round) {
    for (const Handle handle : handles) {
      pair.table(0).BeginWrite(handle);
      pair.table(0).entry(handle).edge[1] += 1u << kEdgePublishShift;
      pair.table(0).EndWrite(handle);
    }
    RunFor(pair, Millis(4) + Micros(700));
    pair.table(0).MarkDirtyBatch(0, handles);
    // Some of the changed images are lost, and repaired later.
    for (int i = 0; i < 131; ++i) {
      pair.Turn(Micros(100), [&](std::size_t from) { return from == 0 && random() % 3 == 0; });
    }
  }
  EXPECT_EQ(pair.status(1).counters.values_differed, 0u);
  EXPECT_GT(pair.status(1).counters.values_agreed, 100u);
}

// Without credit, changes that were taken from their marks wait for a frame under the old version.
TEST(Scrub, AChangeThatWaitsForCreditIsNotStated) {
  EngineOptions options = FastScrub();
  options.credit_frames = 1;
  EnginePair pair(options);
  const auto handles = MakeSynced(pair, 1'000);
  RunFor(pair, Millis(100));
  for (int i = 0; i < 600; ++i) {
    if (i % 20 == 0) {
      for (const Handle handle : handles) {
        pair.table(0).entry(handle).edge[1] += 1u << kEdgePublishShift;
      }
      pair.table(0).MarkDirtyBatch(0, handles);
    }
    // Acknowledgements are lost for a while, and come again.
    pair.Turn(Micros(100), [i](std::size_t from) { return from == 1 && i % 200 > 40; });
  }
  EXPECT_GT(pair.status(0).counters.credit_stalls, 0u);
  EXPECT_EQ(pair.status(1).counters.values_differed, 0u);
}

// After a change of roles no handle is known: entries are taught at the walk's pace, then compared.
TEST(Scrub, EntriesThatThePeerDoesNotKnowByHandleAreTaught) {
  EnginePair pair(FastScrub());
  (void)MakeSynced(pair, 400);
  pair.engine(0).OnRole(pair.now(), Role::kStandby, MakeTerm(1, 0));
  pair.engine(1).OnRole(pair.now(), Role::kActive, MakeTerm(2, 1));
  for (int i = 0; i < 20'000; ++i) pair.Turn();
  EXPECT_EQ(pair.status(0).readiness, Readiness::kSynced);
  EXPECT_GE(pair.status(0).counters.values_agreed, 400u);
  EXPECT_EQ(pair.status(0).counters.values_differed, 0u);
  EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
}

std::uint16_t EpochOfOwner(EnginePair& pair) {
  std::vector<std::byte> buffer(1'440);
  OutFrame frame{.buffer = buffer};
  EXPECT_EQ(pair.engine(0).TakeFrames(pair.now() + Millis(50), {&frame, 1}), 1u);
  return frame.epoch;
}

// A frame of statements as a lying owner would send it.
void SendValues(EnginePair& pair, std::uint16_t epoch, std::span<const ScrubRecord> records) {
  std::vector<std::byte> buffer(1'440);
  FrameWriter writer;
  writer.Begin(buffer);
  for (const ScrubRecord& record : records) {
    ASSERT_TRUE(writer.AppendControl(ControlOp::kScrub, record));
  }
  FrameHeader header{};
  header.term.Set(MakeTerm(1, 0).value);
  header.frame_number.Set(pair.status(0).last_frame_acked + 1);
  header.role = static_cast<std::uint8_t>(Role::kActive);
  const std::size_t bytes = writer.Finish(header);
  const OpenedFrame frame{0, epoch, std::span(buffer).first(bytes)};
  pair.engine(1).OnFrameBatch(pair.now(), {&frame, 1});
}

ScrubRecord LieAbout(const SessionTable& table, Handle handle) {
  const SessionEntry& entry = table.entry(handle);
  ScrubRecord record{};
  record.table = static_cast<std::uint8_t>(TableId::kSession);
  record.handle.shard = handle.shard;
  record.handle.slot.Set(handle.slot);
  record.handle.generation = entry.generation;
  record.version.Set(entry.version);
  record.value_hash.Set(1);
  return record;
}

TEST(Scrub, ALyingPeerCostsABoundedNumberOfRequestsAndNoEntry) {
  EngineOptions options;
  options.scrub_entries = 0;
  EnginePair pair(options);
  const auto handles = MakeSynced(pair, 1'000);
  const std::uint16_t epoch = EpochOfOwner(pair);
  const std::uint64_t wants = pair.status(1).counters.wants_sent;
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = 0; i + 50 <= handles.size(); i += 50) {
      std::vector<ScrubRecord> lies;
      for (std::size_t k = 0; k < 50; ++k) {
        lies.push_back(LieAbout(pair.table(0), handles[i + k]));
      }
      SendValues(pair, epoch, lies);
    }
  }
  EXPECT_GE(pair.status(1).counters.values_differed, ValueDoubts::kMax);
  EXPECT_NE(pair.status(1).readiness, Readiness::kSynced);
  for (int i = 0; i < 20; ++i) pair.Turn(Micros(100), [](std::size_t from) { return from == 0; });
  EXPECT_EQ(pair.status(1).counters.wants_sent - wants, ValueDoubts::kMax);
  EXPECT_EQ(pair.table(1).live_count(), 1'000u);
  // Honest again: the answers overwrite what was doubted, and equality is proven anew.
  ASSERT_TRUE(pair.TurnUntilSynced());
  EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
}

TEST(Scrub, StatementsAboutWhatIsNotHereAreIgnored) {
  EngineOptions options;
  options.scrub_entries = 0;
  EnginePair pair(options);
  const auto handles = MakeSynced(pair, 10);
  std::vector<ScrubRecord> lies(6, LieAbout(pair.table(0), handles[0]));
  lies[0].table = 0;
  lies[1].table = 0xff;
  lies[2].handle.slot.Set(0xffff);
  lies[3].handle.slot.Set(0xfffe);
  lies[4].handle.generation ^= 1;
  lies[5].version.Set(lies[5].version.Get() + 1);
  SendValues(pair, EpochOfOwner(pair), lies);
  EXPECT_EQ(pair.status(1).counters.values_differed, 0u);
  EXPECT_EQ(pair.status(1).counters.values_agreed, 0u);
}

}  // namespace
}  // namespace statesync
