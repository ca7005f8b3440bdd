// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Nodes whose tables differ in size.

#include "tests/dpdk/sync_pair.h"

namespace dataplane::testing {
namespace {

using CapacityTest = SyncPairTest;

// Slots are used in turn, so an owner with a larger table names high ones even when it is nearly
// empty. A peer that was told of its size knows them; another one refuses them and says why.
TEST_F(CapacityTest, APeerWithALargerTableIsKnownIfTheNodeFileSaysSo) {
  for (const bool is_told : {false, true}) {
    Remake({.boot_id = 0xa0, .capacity = 32'768},
           {.boot_id = 0xb0, .capacity = 1'024, .peer_capacity = is_told ? 32'768u : 0u});
    Settle();
    EXPECT_EQ(b().shared.sync.peer_table_larger.load(), !is_told);
    EXPECT_FALSE(a().shared.sync.peer_table_larger.load());
    for (std::uint32_t first = 0; first < 44'000; first += 500) {
      a().Open(first, 500);
      Run(2);
      a().Close(first, 500);
      Run(2);
    }
    a().Open(44'000, 500);
    Run(300);
    EXPECT_EQ(b().Stat("replication.records_refused") == 0, is_told) << is_told;
    EXPECT_EQ(b().Dump() == a().Dump(), is_told) << is_told;
  }
}

}  // namespace
}  // namespace dataplane::testing
