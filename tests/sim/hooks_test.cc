// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The marks in the engine: alive here, nothing in the library that is shipped.

#include "statesync/sim_hooks.h"

#include "gtest/gtest.h"

namespace statesync {
namespace {

TEST(SimHooks, ProbeCountsItsOwnBranch) {
  const std::uint64_t before = sim_hooks.reached[static_cast<std::size_t>(SimProbe::table_full)];
  SIM_PROBE(table_full);
  SIM_PROBE(gap_list_full);
  EXPECT_EQ(sim_hooks.reached[static_cast<std::size_t>(SimProbe::table_full)], before + 1);
}

TEST(SimHooks, OnlyTheChosenBugIsThere) {
  EXPECT_FALSE(SIM_BUG(ignore_gap));
  sim_hooks.bug = SimBug::ignore_gap;
  EXPECT_TRUE(SIM_BUG(ignore_gap));
  EXPECT_FALSE(SIM_BUG(ask_once));
  sim_hooks.bug = SimBug::none;
  EXPECT_EQ(sim_hooks.bug_met, 1u);
  EXPECT_EQ(kSimBugs[static_cast<std::size_t>(SimBug::ignore_gap) - 1].name, "ignore_gap");
}

}  // namespace
}  // namespace statesync
