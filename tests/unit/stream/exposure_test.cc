// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the owner says of changes that the peer has not confirmed, and of those it has.

#include <random>
#include <vector>

#include "tests/unit/stream/engine_pair.h"

namespace statesync {
namespace {

std::uint64_t SumOf(const ExposureHistogram& histogram, std::size_t first = 0) {
  std::uint64_t sum = 0;
  for (std::size_t i = first; i < ExposureHistogram::kBuckets; ++i) sum += histogram.count(i);
  return sum;
}

class ExposurePair : public EnginePair {
 public:
  explicit ExposurePair(const EngineOptions& options = {}) : EnginePair(options) {
    Connect();
    MakeFirstActive();
    EXPECT_TRUE(TurnUntilSynced());
    // The owner has heard of it.
    for (int i = 0; i < 200; ++i) Turn();
  }
  Handle Insert() {
    sessions_.push_back(maker_.Plain());
    handles_.push_back(MustInsert(table(0), sessions_.back()));
    return handles_.back();
  }
  void Change(std::size_t i) {
    table(0).BeginWrite(handles_[i]);
    table(0).entry(handles_[i]).edge[0] += 1u << 22;
    table(0).EndWrite(handles_[i]);
    table(0).MarkDirtyBatch(0, {&handles_[i], 1});
  }
  // Entries that the owner calls confirmed.
  std::size_t CountConfirmed() {
    std::size_t count = 0;
    for (const Handle handle : handles_) count += IsConfirmed(handle);
    return count;
  }
  // … and that are not at the peer in that version.
  std::size_t CountFalselyConfirmed() {
    std::size_t count = 0;
    for (std::size_t i = 0; i < handles_.size(); ++i) {
      if (!IsConfirmed(handles_[i])) continue;
      const LookupResult found = table(1).Lookup(sessions_[i].key);
      const Handle own{handles_[i].shard, found.slot};
      count += found.slot == kNoSlot || table(1).entry(own).version < Bits(handles_[i]);
    }
    return count;
  }
  std::size_t size() const { return handles_.size(); }
  bool IsConfirmed(Handle handle) {
    const EngineStatus& owner = status(0);
    const std::uint64_t confirmed = owner.confirmed_counter[handle.shard % owner.stream_count];
    return Bits(handle) != 0 && CounterOf({Bits(handle)}) <= confirmed;
  }

 private:
  std::uint64_t Bits(Handle handle) { return table(0).entry(handle).version; }
  SessionMaker maker_{4};
  std::vector<NewSession> sessions_;
  std::vector<Handle> handles_;
};

// Under loss, which repairs answer by publishing again under larger versions.
TEST(Confirmed, WhatIsConfirmedIsAtThePeerInThatVersion) {
  ExposurePair pair;
  std::mt19937_64 random(3);
  std::size_t most = 0;
  for (int turn = 0; turn < 4'000; ++turn) {
    if (pair.size() < 1'000) pair.Insert();
    pair.Change(random() % pair.size());
    pair.Turn(Micros(60), [&] { return random() % 4 == 0; });
    if (turn % 20 == 0) {
      ASSERT_EQ(pair.CountFalselyConfirmed(), 0u) << turn;
    }
    most = std::max(most, pair.CountConfirmed());
  }
  EXPECT_GT(most, 900u);
  EXPECT_GT(pair.status(0).counters.frames_repaired, 0u);
  for (int i = 0; i < 1'000; ++i) pair.Turn();
  EXPECT_EQ(pair.CountConfirmed(), pair.size());
}

// What was under way when the epoch ended is not confirmed by frames of the next one.
TEST(Confirmed, NothingIsConfirmedInANewEpochUntilThePeerIsSynced) {
  EngineOptions options;
  options.bulk_frames_per_turn = 1;
  ExposurePair pair(options);
  for (int i = 0; i < 800; ++i) pair.Insert();
  for (int i = 0; i < 10; ++i) pair.Turn(Micros(60), [] { return true; });
  ASSERT_EQ(pair.CountConfirmed(), 0u);
  pair.engine(0).SetStateSync(pair.now(), false);
  pair.engine(0).SetStateSync(pair.now(), true);
  for (int i = 0; i < 2'000; ++i) {
    pair.Insert();
    pair.Turn();
    ASSERT_EQ(pair.CountFalselyConfirmed(), 0u) << i;
  }
  for (int i = 0; i < 1'000; ++i) pair.Turn();
  EXPECT_EQ(pair.status(0).peer_readiness, Readiness::kSynced);
  EXPECT_EQ(pair.CountConfirmed(), pair.size());
}

TEST(Exposure, HistogramHasEveryChangeOnceAndNoTransfer) {
  ExposurePair pair;
  for (int i = 0; i < 500; ++i) {
    pair.Insert();
    pair.Turn();
  }
  for (int i = 0; i < 100; ++i) pair.Turn();
  const TableStatus& table = pair.status(0).tables[0];
  EXPECT_EQ(table.table, TableId::kSession);
  EXPECT_EQ(table.live, 500u);
  EXPECT_EQ(SumOf(table.confirmed), 500u);
  EXPECT_EQ(SumOf(table.confirmed, 10), 0u) << "confirmed within 512 µs";
  pair.engine(1).RequestBulk(pair.now());
  ASSERT_TRUE(pair.TurnUntilSynced());
  EXPECT_EQ(SumOf(pair.status(0).tables[0].confirmed), 500u);
}

// The time in the marks is part of it.
TEST(Exposure, HistogramBeginsWhenTheChangeWasSeenToWait) {
  EngineOptions options;
  options.flush_delay = Millis(20);
  ExposurePair pair(options);
  pair.Insert();
  for (int i = 0; i < 150; ++i) pair.Turn();
  EXPECT_EQ(pair.status(0).exposure.changes, 1u);
  EXPECT_GE(pair.status(0).exposure.age, Millis(14));
  for (int i = 0; i < 600; ++i) pair.Turn();
  EXPECT_EQ(SumOf(pair.status(0).tables[0].confirmed, 15), 1u) << "longer than 16 ms";
}

// A change that is repaired took as long as that.
TEST(Exposure, HistogramCountsTheTimeOfARepair) {
  ExposurePair pair;
  pair.Insert();
  for (int i = 0; i < 100; ++i) pair.Turn(Micros(100), [] { return true; });
  for (int i = 0; i < 300; ++i) pair.Turn();
  const TableStatus& table = pair.status(0).tables[0];
  EXPECT_EQ(SumOf(table.confirmed), 1u);
  EXPECT_EQ(SumOf(table.confirmed, 14), 1u) << "longer than 8 ms";
}

// I2, N2: the link is cut, changes go on.
TEST(Exposure, GrowsWithinASecondOfACutAndSaysAtRisk) {
  ExposurePair pair;
  for (int i = 0; i < 10; ++i) pair.Insert();
  for (int i = 0; i < 50; ++i) pair.Turn();
  ASSERT_EQ(pair.status(0).exposure.changes, 0u);
  ASSERT_EQ(pair.status(0).exposure.age, Duration{});
  const Instant cut = pair.now();
  Duration age;
  while (pair.now() < cut + Seconds(1)) {
    pair.Change(3);
    pair.Turn(Millis(1), [] { return true; });
    ASSERT_GE(pair.status(0).exposure.age, age);
    age = pair.status(0).exposure.age;
  }
  EXPECT_GT(age, Millis(990));
  EXPECT_EQ(pair.status(0).tables[0].exposure.age, age);
  EXPECT_GT(pair.status(0).exposure.changes, 0u);
  EXPECT_EQ(pair.status(0).peer_readiness, Readiness::kAtRisk);
  EXPECT_EQ(pair.status(0).reason, AtRiskReason::kHa2Silent);
  EXPECT_EQ(pair.status(0).tables[0].readiness, Readiness::kAtRisk);
  EXPECT_EQ(pair.status(0).tables[0].reason, AtRiskReason::kHa2Silent);
  for (int i = 0; i < 1'000; ++i) pair.Turn();
  EXPECT_EQ(pair.status(0).exposure.changes, 0u);
}

// The peer lives and talks but confirms nothing.
TEST(Exposure, UnconfirmedForTooLongIsAtRiskAlthoughThePeerTalks) {
  EngineOptions options;
  options.exposure_limit = Millis(50);
  ExposurePair pair(options);
  pair.Insert();
  for (int i = 0; i < 600; ++i) {
    pair.Turn(Micros(100), [](std::size_t from) { return from == 0; });
  }
  EXPECT_EQ(pair.status(0).peer_readiness, Readiness::kAtRisk);
  EXPECT_EQ(pair.status(0).reason, AtRiskReason::kExposure);
  EXPECT_EQ(pair.status(0).tables[0].readiness, Readiness::kAtRisk);
  EXPECT_EQ(pair.status(0).tables[0].reason, AtRiskReason::kExposure);
}

}  // namespace
}  // namespace statesync
