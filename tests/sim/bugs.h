// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Within how many seeds the checkers must catch each planted bug.

#pragma once

#include <array>
#include <cstdint>

#include "statesync/sim_hooks.h"

namespace sim {

struct BugLimit {
  statesync::SimBug bug;
  std::uint32_t seeds_max;  // Seeds 1, 2, … with kBugMillis of faults each.
};
inline constexpr std::int64_t kBugMillis = 1'500;

inline constexpr auto kBugLimits = std::to_array<BugLimit>({
    {statesync::SimBug::accept_stale_insert, 10},
    {statesync::SimBug::accept_stale_update, 10},
    {statesync::SimBug::delete_newer, 500},
    {statesync::SimBug::ignore_incarnation, 10},
    {statesync::SimBug::sweep_newer, 10},
    {statesync::SimBug::hide_refusal, 60},
    {statesync::SimBug::lose_mark, 10},
    {statesync::SimBug::forget_held, 60},
    {statesync::SimBug::ignore_gap, 10},
    {statesync::SimBug::ask_once, 10},
    {statesync::SimBug::close_unrepaired, 20},
    {statesync::SimBug::note_without_repair, 20},
    {statesync::SimBug::forget_wants, 30},
    {statesync::SimBug::confirm_too_much, 10},
    {statesync::SimBug::lose_unsent, 300},
    {statesync::SimBug::reuse_version, 20},
    {statesync::SimBug::digest_keeps_deleted, 10},
    {statesync::SimBug::forget_overflow, 200},
    {statesync::SimBug::hide_unconfirmed, 10},
    {statesync::SimBug::hide_dirty, 20},
    {statesync::SimBug::no_fence, 10},
    {statesync::SimBug::take_lower_term, 10},
    {statesync::SimBug::ignore_higher_term, 10},
    {statesync::SimBug::hasty_takeover, 10},
    {statesync::SimBug::reuse_nonce, 20},
    {statesync::SimBug::skip_sweep, 10},
    {statesync::SimBug::reuse_slot_early, 60},
    {statesync::SimBug::apply_unknown_generation, 10},
    {statesync::SimBug::ack_before_apply, 1'000},
    {statesync::SimBug::digest_skips_shard, 10},
    {statesync::SimBug::drop_tail_loss, 20},
    {statesync::SimBug::sweep_from_empty, 10},
    {statesync::SimBug::free_tombstone_early, 60},
    {statesync::SimBug::synced_at_timeout, 10},
    {statesync::SimBug::keep_epoch, 150},
    {statesync::SimBug::forget_dormant, 30},
});
static_assert(kBugLimits.size() == statesync::kSimBugs.size());

}  // namespace sim
