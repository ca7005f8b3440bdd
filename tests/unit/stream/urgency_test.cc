// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Order of work when time, frames or credit are short: by class, and stream by stream.

#include <vector>

#include "tests/unit/stream/engine_pair.h"

namespace statesync {
namespace {

class UrgencyPair : public EnginePair {
 public:
  explicit UrgencyPair(const EngineOptions& options = {}) : EnginePair(options, 16'384) {
    Connect();
    MakeFirstActive();
    EXPECT_TRUE(TurnUntilSynced());
  }
  Handle Insert(ChangeClass change = ChangeClass::kState) {
    sessions_.push_back(maker_.Plain());
    Handle handle;
    EXPECT_EQ(table(0).Insert(sessions_.back(), handle), InsertResult::kInserted);
    Mark(handle, change);
    return handle;
  }
  void Mark(Handle handle, ChangeClass change) { table(0).MarkDirtyBatch(0, {&handle, 1}, change); }
  std::uint64_t records_sent() { return status(0).counters.records_sent; }
  std::uint64_t VersionOf(Handle handle) { return table(0).entry(handle).version; }
  // The owner alone, with so many frames; they are lost.
  std::size_t TakeFrames(std::size_t frame_count) {
    std::vector<std::vector<std::byte>> buffers(frame_count, std::vector<std::byte>(1'440));
    std::vector<OutFrame> frames(frame_count);
    for (std::size_t i = 0; i < frame_count; ++i) frames[i].buffer = buffers[i];
    return engine(0).TakeFrames(now(), frames);
  }

 protected:
  SessionMaker maker_{9};
  std::vector<NewSession> sessions_;
};

TEST(Urgency, HeldChangeDoesNotWaitForCompany) {
  EngineOptions options;
  options.flush_delay = Millis(20);
  UrgencyPair pair(options);
  const auto before = pair.records_sent();
  const Handle waits = pair.Insert();
  for (int i = 0; i < 20; ++i) pair.Turn();
  ASSERT_EQ(pair.records_sent(), before);
  pair.Insert(ChangeClass::kHeld);
  EXPECT_EQ(pair.engine(0).NextDeadline(pair.now()), pair.now());
  pair.Turn();
  // The one that waited has company now.
  EXPECT_EQ(pair.records_sent(), before + 2);
  EXPECT_NE(pair.VersionOf(waits), 0u);
}

TEST(Urgency, TenWindowChangesWithinTheDelayAreOneRecord) {
  EngineOptions options;
  options.window_delay = Millis(5);
  UrgencyPair pair(options);
  const Handle handle = pair.Insert();
  for (int i = 0; i < 20; ++i) pair.Turn();
  const auto before = pair.records_sent();
  for (int i = 0; i < 45; ++i) {
    pair.Mark(handle, ChangeClass::kWindow);
    pair.Turn();
    ASSERT_EQ(pair.records_sent(), before) << i;
  }
  EXPECT_EQ(pair.status(0).exposure.changes, 1u);
  EXPECT_GE(pair.status(0).exposure.age, Millis(4));
  for (int i = 0; i < 10; ++i) pair.Turn();
  EXPECT_EQ(pair.records_sent(), before + 1);
}

TEST(Urgency, DeadlineOfAWaitingWindowChangeIsTheEndOfItsDelay) {
  EngineOptions options;
  options.keepalive_interval = Seconds(1);
  options.digest_interval = Seconds(1);
  options.window_delay = Millis(5);
  UrgencyPair pair(options);
  const Handle handle = pair.Insert();
  for (int i = 0; i < 20; ++i) pair.Turn();
  pair.Mark(handle, ChangeClass::kWindow);
  pair.Turn();
  pair.Turn();
  const Instant due = pair.engine(0).NextDeadline(pair.now());
  EXPECT_GT(due, pair.now() + Millis(4));
  EXPECT_LE(due, pair.now() + Millis(5));
}

TEST(Urgency, WindowDelayOfZeroIsNoWait) {
  EngineOptions options;
  options.window_delay = {};
  UrgencyPair pair(options);
  const Handle handle = pair.Insert();
  for (int i = 0; i < 20; ++i) pair.Turn();
  const auto before = pair.records_sent();
  pair.Mark(handle, ChangeClass::kWindow);
  for (int i = 0; i < 3; ++i) pair.Turn();
  EXPECT_EQ(pair.records_sent(), before + 1);
}

// Thousands of changes wait, one frame can go: it carries the one that a packet waits for.
TEST(Urgency, HeldChangeIsInTheNextFrameHoweverMuchWaits) {
  UrgencyPair pair;
  for (int i = 0; i < 500; ++i) pair.Turn();  // The path's MTU is known, too.
  for (int i = 0; i < 3'000; ++i) pair.Insert();
  const Handle held = pair.Insert(ChangeClass::kHeld);
  ASSERT_EQ(pair.TakeFrames(1), 1u);
  EXPECT_NE(pair.VersionOf(held), 0u);
  EXPECT_LT(pair.records_sent(), 100u);
  for (int i = 0; i < 2'000; ++i) pair.Turn();
  EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
}

// One frame a turn, and always more changes of state than fit.
TEST(Urgency, WindowChangesAreNotStarved) {
  UrgencyPair pair;
  const Handle edge = pair.Insert();
  for (int i = 0; i < 50; ++i) pair.Turn();
  const auto before = pair.VersionOf(edge);
  pair.Mark(edge, ChangeClass::kWindow);
  std::vector<Handle> busy;
  for (int i = 0; i < 2'000; ++i) busy.push_back(pair.Insert());
  int turns = 0;
  for (; turns < 200 && pair.VersionOf(edge) == before; ++turns) {
    for (const Handle handle : busy) pair.Mark(handle, ChangeClass::kState);
    pair.Turn(Millis(2), [] { return true; });
    pair.TakeFrames(1);
  }
  EXPECT_LT(turns, 20);
}

TEST(Urgency, TransferProgressesUnderAnyLoad) {
  EngineOptions options;
  options.credit_frames = 2;
  UrgencyPair pair(options);
  std::vector<Handle> busy;
  for (int i = 0; i < 2'000; ++i) busy.push_back(pair.Insert());
  for (int i = 0; i < 2'000; ++i) pair.Turn();
  const auto finished = pair.status(1).counters.bulks_finished;
  pair.engine(1).RequestBulk(pair.now());
  int turns = 0;
  for (; turns < 3'000 && pair.status(1).counters.bulks_finished == finished; ++turns) {
    for (const Handle handle : busy) pair.Mark(handle, ChangeClass::kState);
    pair.Turn();
  }
  EXPECT_LT(turns, 3'000);
}

// Frames of one stream are lost both ways until it has no credit; the others go on, its own changes
// wait in their marks, and all of them come when it is back.
TEST(Streams, OneWithoutCreditDoesNotStopTheOthers) {
  EngineOptions options;
  options.stream_count = 4;
  options.exposure_limit = Millis(100);
  options.credit_frames = 8;
  UrgencyPair pair(options);
  const auto lost = [](const OutFrame& frame) { return frame.stream == 2; };
  std::vector<Handle> handles;
  for (int i = 0; i < 3'000; ++i) {
    for (int n = 0; n < 3; ++n) handles.push_back(pair.Insert());
    pair.Turn(Micros(100), lost);
  }
  for (int i = 0; i < 500; ++i) pair.Turn(Micros(100), lost);
  std::size_t unpublished_of_others = 0;
  std::size_t waiting = 0;
  for (const Handle handle : handles) {
    if (handle.shard % 4 != 2) {
      unpublished_of_others += pair.VersionOf(handle) == 0;
    } else {
      waiting += pair.VersionOf(handle) == 0;
    }
  }
  EXPECT_EQ(unpublished_of_others, 0u);
  EXPECT_GT(waiting, 1'000u);
  const EngineStatus& owner = pair.status(0);
  EXPECT_GE(owner.exposure.changes, waiting);
  EXPECT_GT(owner.exposure.age, Millis(200));
  EXPECT_EQ(owner.peer_readiness, Readiness::kAtRisk);
  for (std::size_t i = 0; i < 4'000 && pair.status(0).exposure.changes > 0; ++i) pair.Turn();
  EXPECT_EQ(pair.status(0).exposure.changes, 0u);
  EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
  EXPECT_EQ(pair.status(1).counters.frames_lost, 0u);
}

}  // namespace
}  // namespace statesync
