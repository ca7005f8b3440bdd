// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The end of a term's versions, and entries that the peer does not take.

#include <set>
#include <vector>

#include "tests/unit/stream/engine_pair.h"

namespace statesync {
namespace {

EngineOptions BeginAt(std::uint64_t counter) {
  EngineOptions options;
  options.first_term_counter = counter;
  return options;
}

// What the role machine does when it hears of a spent term (tests/unit/role).
TEST(Renewal, CounterRunsOverTheMarkTheTermChangesAndReplicationGoesOn) {
  EnginePair pair(BeginAt(kVersionCounterRenew - 500));
  ASSERT_TRUE(pair.Begin());
  SessionMaker maker(1);
  Term term = MakeTerm(1, 0);
  int renewals = 0;
  for (int i = 0; i < 3'000; ++i) {
    MustInsert(pair.table(0), maker.Any());
    if (pair.status(0).wants_new_term) {
      ++renewals;
      term = NextTerm(term, 0);
      pair.engine(0).OnRole(pair.now(), Role::kActive, term);
      EXPECT_FALSE(pair.status(0).wants_new_term);
    }
    pair.Turn();
  }
  EXPECT_EQ(renewals, 1);
  ASSERT_TRUE(pair.TurnUntilSynced());
  EXPECT_EQ(pair.status(1).peer_term, term);
  EXPECT_EQ(pair.table(1).live_count(), 3'000u);
  EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
  EXPECT_EQ(pair.status(0).counters.term_stalls, 0u);
}

// Nobody renews the term: changes wait, exposure says so, and no version wraps.
TEST(Renewal, WithoutANewTermNothingIsPublishedRatherThanWrap) {
  EngineOptions options = BeginAt(kVersionCounterMax - kDatagramBytesMax - 200);
  options.exposure_limit = Millis(50);
  EnginePair pair(options);
  ASSERT_TRUE(pair.Begin());
  SessionMaker maker(1);
  std::vector<Handle> handles;
  for (int i = 0; i < 2'000; ++i) {
    handles.push_back(MustInsert(pair.table(0), maker.Any()));
    pair.Turn();
  }
  std::size_t unpublished = 0;
  for (const Handle handle : handles) {
    const Version version{pair.table(0).entry(handle).version};
    unpublished += version.bits == 0;
    EXPECT_TRUE(version.bits == 0 || TermOf(version) == MakeTerm(1, 0));
  }
  EXPECT_GT(unpublished, 500u);
  EXPECT_TRUE(pair.status(0).wants_new_term);
  EXPECT_GT(pair.status(0).counters.term_stalls, 0u);
  EXPECT_EQ(pair.status(0).peer_readiness, Readiness::kAtRisk);
  EXPECT_EQ(pair.status(0).reason, AtRiskReason::kExposure);
  EXPECT_GT(pair.engine(0).NextDeadline(pair.now()), pair.now()) << "nothing to do until then";
  pair.engine(0).OnRole(pair.now(), Role::kActive, MakeTerm(2, 0));
  ASSERT_TRUE(pair.TurnUntilSynced());
  EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
}

TEST(Refusals, AreCountedByReasonOnBothNodesAndNameOwnHandles) {
  EngineOptions options;
  options.peer_slots_per_shard_max = 1'000;
  EnginePair pair(options, 40'000, 256);  // The peer has room for some 67 entries a shard.
  ASSERT_TRUE(pair.Begin());
  SessionMaker maker(1);
  std::vector<NewSession> sessions;
  std::vector<Handle> handles;
  for (int i = 0; i < 20'000; ++i) {
    sessions.push_back(maker.Plain());
    handles.push_back(MustInsert(pair.table(0), sessions.back()));
  }
  std::set<Handle> refused;
  std::array<RefusedChange, 100> changes;
  for (int turn = 0; turn < 3'000; ++turn) {
    pair.Turn();
    while (const std::size_t count = pair.engine(0).TakeRefusals(changes)) {
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(changes[i].table, TableId::kSession);
        EXPECT_EQ(changes[i].reason, RefusalReason::kTableFull);
        EXPECT_EQ(changes[i].generation, pair.table(0).entry(changes[i].handle).generation);
        refused.insert(changes[i].handle);
      }
    }
  }
  ASSERT_FALSE(refused.empty());
  for (std::size_t i = 0; i < handles.size(); ++i) {
    if (!refused.contains(handles[i])) continue;
    EXPECT_EQ(pair.table(1).Lookup(sessions[i].key).slot, kNoSlot);
  }
  const auto full = static_cast<std::size_t>(RefusalReason::kTableFull);
  EXPECT_GE(pair.status(1).tables[0].refused[full], 20'000u - pair.table(1).live_count());
  EXPECT_GE(pair.status(0).tables[0].refused[full], refused.size());
  EXPECT_EQ(pair.status(0).counters.refusals_dropped, 0u);
}

}  // namespace
}  // namespace statesync
