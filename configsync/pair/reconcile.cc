// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/pair/reconcile.h"

namespace configsync {
namespace {

enum class Is : std::uint8_t { kNo, kYes, kAny };
constexpr Is no = Is::kNo, yes = Is::kYes, any = Is::kAny;

struct Row {
  Is blocked, equal, part_known, target_known, ever_agreed, part_empty;
  Decision decision;
};

// The first row that fits. As in PAIR.md, in its order.
// clang-format off
constexpr std::array<Row, 7> kRows{{
    // blocked equal P in G T in G agreed empty
    {yes,      any,  any,   any,   any,   any,   Decision::kWaitBlocked},
    {no,       yes,  any,   any,   any,   any,   Decision::kInSync},
    {no,       no,   yes,   any,   any,   any,   Decision::kPush},
    {no,       no,   no,    any,   no,    yes,   Decision::kPushFresh},
    {no,       no,   no,    any,   no,    no,    Decision::kNotBaselined},
    {no,       no,   no,    yes,   yes,   any,   Decision::kDivergedThere},
    {no,       no,   no,    no,    yes,   any,   Decision::kDivergedBoth},
}};
// clang-format on

constexpr bool Fits(Is wanted, bool is) { return wanted == any || (wanted == yes) == is; }

constexpr const Row* Find(const Comparison& c) {
  for (const Row& row : kRows) {
    if (Fits(row.blocked, c.is_blocked) && Fits(row.equal, c.is_equal) &&
        Fits(row.part_known, c.is_part_known) && Fits(row.target_known, c.is_target_known) &&
        Fits(row.ever_agreed, c.was_ever_agreed) && Fits(row.part_empty, c.is_part_empty)) {
      return &row;
    }
  }
  return nullptr;
}

constexpr bool IsTotal() {
  for (int bits = 0; bits < 64; ++bits) {
    if (Find({.is_blocked = (bits & 1) != 0,
              .is_equal = (bits & 2) != 0,
              .is_part_known = (bits & 4) != 0,
              .is_target_known = (bits & 8) != 0,
              .was_ever_agreed = (bits & 16) != 0,
              .is_part_empty = (bits & 32) != 0}) == nullptr) {
      return false;
    }
  }
  return true;
}
static_assert(IsTotal());

constexpr std::array<std::string_view, kDecisionCount> kNames{
    "blocked", "in-sync", "push", "push-fresh", "not-baselined", "diverged-there", "diverged-both"};

}  // namespace

std::string_view NameOf(Decision decision) { return kNames[static_cast<std::size_t>(decision)]; }

Decision Reconcile(const Comparison& comparison) { return Find(comparison)->decision; }

}  // namespace configsync
