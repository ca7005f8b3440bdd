// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/pair/reconcile.h"

#include <gtest/gtest.h>

namespace configsync {
namespace {

// All 64 cells, against the rules in words.
TEST(Reconcile, F33_F35_EveryCellIsAsThePageSays) {
  for (int bits = 0; bits < 64; ++bits) {
    const Comparison c = {.is_blocked = (bits & 1) != 0,
                          .is_equal = (bits & 2) != 0,
                          .is_part_known = (bits & 4) != 0,
                          .is_target_known = (bits & 8) != 0,
                          .was_ever_agreed = (bits & 16) != 0,
                          .is_part_empty = (bits & 32) != 0};
    Decision expected = Decision::kDivergedBoth;
    if (c.is_blocked) {
      expected = Decision::kWaitBlocked;
    } else if (c.is_equal) {
      expected = Decision::kInSync;
    } else if (c.is_part_known) {
      expected = Decision::kPush;
    } else if (!c.was_ever_agreed) {
      expected = c.is_part_empty ? Decision::kPushFresh : Decision::kNotBaselined;
    } else if (c.is_target_known) {
      expected = Decision::kDivergedThere;
    }
    EXPECT_EQ(NameOf(Reconcile(c)), NameOf(expected)) << bits;
  }
}

}  // namespace
}  // namespace configsync
