// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A checker that never caught anything may be blind: every planted bug is caught, within the stated
// number of seeds; and without a bug the same runs are good.

#include "tests/sim/bugs.h"

#include <malloc.h>

#include <string>

#include "gtest/gtest.h"
#include "tests/sim/swarm.h"

namespace sim {
namespace {

class PlantedBug : public testing::TestWithParam<BugLimit> {};

TEST_P(PlantedBug, IsCaughtWithinTheStatedNumberOfSeeds) {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  RunPlan plan{.millis = kBugMillis, .bug = GetParam().bug};
  for (plan.seed = 1; plan.seed <= GetParam().seeds_max; ++plan.seed) {
    const RunResult result = RunOnce(plan);
    if (result.failure.empty()) continue;
    std::printf("caught by seed %llu: %s\n", static_cast<unsigned long long>(plan.seed),
                result.failure.c_str());
    // What was caught is the bug, not something that is there without it.
    plan.bug = statesync::SimBug::none;
    EXPECT_EQ(RunOnce(plan).failure, "") << ReplayCommand(plan);
    return;
  }
  ADD_FAILURE() << NameOf(GetParam().bug) << " was not caught by " << GetParam().seeds_max
                << " seeds";
}

INSTANTIATE_TEST_SUITE_P(Simulation, PlantedBug, testing::ValuesIn(kBugLimits),
                         [](const testing::TestParamInfo<BugLimit>& tested) {
                           return std::string(NameOf(tested.param.bug));
                         });

TEST(Replay, TheSameSeedSendsTheSameDatagrams) {
  for (const Profile profile : {Profile::kAll, Profile::kSpeed, Profile::kLoss}) {
    const RunPlan plan{.seed = 5, .millis = 1'000, .profile = profile};
    const RunResult first = RunOnce(plan);
    EXPECT_EQ(first.failure, "") << ReplayCommand(plan);
    EXPECT_EQ(RunOnce(plan).trace_hash, first.trace_hash);
    EXPECT_NE(RunOnce({.seed = 6, .millis = 1'000, .profile = profile}).trace_hash,
              first.trace_hash);
  }
}

}  // namespace
}  // namespace sim
