// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// How much memory a table takes, and where each array lies in its one block.
//
// Threads: values only.

#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "statesync/limits.h"

namespace statesync {

inline constexpr std::uint32_t kTableCapacityMin = 256;
inline constexpr std::uint32_t kTableCapacityMax = 256 * 65'000;
inline constexpr std::uint32_t kDirtyRingHandlesMin = 64;
inline constexpr std::uint32_t kDirtyRingHandlesMax = 1u << 24;
inline constexpr std::uint8_t kDirtyRingsMax = 16;  // Workers of one node.

struct TableLayout {
  std::uint32_t slots_per_shard = 0;
  std::uint32_t buckets_per_shard = 0;
  // Byte offsets in the block, multiples of 64.
  std::size_t entries = 0;      // [kShardCount][slots_per_shard] of the entry.
  std::size_t buckets = 0;      // [kShardCount][buckets_per_shard] of IndexBucket.
  std::size_t free_slots = 0;   // [kShardCount][slots_per_shard] of SlotIndex.
  std::size_t check_times = 0;  // [kShardCount][slots_per_shard] of uint16.
  std::size_t rings = 0;        // [worker_count][dirty_ring_handles] of Handle.
  std::size_t windows = 0;      // [dirty_ring_handles] of WaitingWindows::Item.
  std::size_t bytes = 0;
};

// Slots of each shard of a table that holds `capacity` entries; the same on both nodes.
[[nodiscard]] std::uint32_t SlotsPerShardOf(std::uint32_t capacity);

// entry_bytes: size of one entry; keys_per_entry: index keys one entry may have.
// Errors: kInvalidArgument naming the field, its value and its range.
absl::StatusOr<TableLayout> PlanTable(std::uint32_t capacity, std::uint8_t worker_count,
                                      std::uint32_t dirty_ring_handles, std::size_t entry_bytes,
                                      std::uint32_t keys_per_entry);

}  // namespace statesync
