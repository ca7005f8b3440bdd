// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Entries that only carry packets change nothing that is published; the peer hears that they live.

#include <vector>

#include "tests/unit/stream/engine_pair.h"

namespace statesync {
namespace {

struct LivePair : EnginePair {
  explicit LivePair(const EngineOptions& options = {}) : EnginePair(options) {
    Connect();
    MakeFirstActive();
    EXPECT_TRUE(TurnUntilSynced());
    SessionMaker maker(3);
    for (int i = 0; i < 1'000; ++i) {
      sessions.push_back(maker.Any());
      handles.push_back(MustInsert(table(0), sessions.back()));
    }
    for (int i = 0; i < 200; ++i) Turn();
  }
  std::uint32_t SeenAtPeer(std::size_t i) {
    const LookupResult found = table(1).Lookup(sessions[i].key);
    return table(1).entry({handles[i].shard, found.slot}).last_seen_s;
  }
  std::uint32_t Second() { return static_cast<std::uint32_t>(now().ns / Seconds(1).ns); }
  // Packets of every third session, for so many seconds.
  void Use(int seconds) {
    const Instant end = now() + Seconds(seconds);
    while (now() < end) {
      for (std::size_t i = 0; i < handles.size(); i += 3) {
        table(0).entry(handles[i]).last_seen_s = Second();
      }
      Turn(Millis(1));
    }
  }
  std::vector<NewSession> sessions;
  std::vector<Handle> handles;
};

TEST(Liveness, UsedEntriesAreSeenAtThePeerAndOthersAreNot) {
  for (const std::uint8_t streams : {std::uint8_t{1}, std::uint8_t{4}}) {
    EngineOptions options;
    options.stream_count = streams;
    LivePair pair(options);
    const auto records = pair.status(0).counters.records_sent;
    pair.Use(20);
    for (std::size_t i = 0; i < pair.handles.size(); ++i) {
      if (i % 3 == 0) {
        ASSERT_GE(pair.SeenAtPeer(i) + 3, pair.Second()) << i;
      } else {
        ASSERT_LE(pair.SeenAtPeer(i), 4u) << i;
      }
    }
    EXPECT_EQ(pair.status(1).readiness, Readiness::kSynced);
    EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
    EXPECT_LT(pair.status(0).counters.records_sent - records, 1'100u)
        << "no version is spent on it";
  }
}

TEST(Liveness, IntervalOfZeroSaysNothing) {
  EngineOptions options;
  options.liveness_interval = {};
  LivePair pair(options);
  pair.Use(5);
  EXPECT_EQ(pair.status(1).counters.entries_refreshed, 0u);
}

}  // namespace
}  // namespace statesync
