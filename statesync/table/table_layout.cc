// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/table/table_layout.h"

#include <algorithm>
#include <bit>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "statesync/table/held_marks.h"
#include "statesync/table/key_index.h"
#include "statesync/types.h"

namespace statesync {
namespace {

// Highest share of index places in use when the table holds `capacity` entries with all their keys.
constexpr std::uint64_t kIndexLoadPercent = 95;

std::uint32_t SquareRoot(std::uint32_t value) {
  std::uint32_t root = 0;
  while ((root + 1) * (root + 1) <= value) ++root;
  return root;
}

std::size_t RoundUp(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

// Keys spread over shards like balls over bins: three standard deviations and a few more, so that
// a table is refused inserts only when it is full or all but full.
std::uint32_t SlotsPerShardOf(std::uint32_t capacity) {
  const auto mean = static_cast<std::uint32_t>((capacity + kShardCount - 1) / kShardCount);
  return std::min(mean + 3 * SquareRoot(mean) + 64, static_cast<std::uint32_t>(kSlotsPerShardMax));
}

absl::StatusOr<TableLayout> PlanTable(std::uint32_t capacity, std::uint8_t worker_count,
                                      std::uint32_t dirty_ring_handles, std::size_t entry_bytes,
                                      std::uint32_t keys_per_entry) {
  if (capacity < kTableCapacityMin || capacity > kTableCapacityMax) {
    return absl::InvalidArgumentError(absl::StrCat("capacity ", capacity, " is outside ",
                                                   kTableCapacityMin, " … ", kTableCapacityMax));
  }
  if (worker_count < 1 || worker_count > kDirtyRingsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("worker_count ", int{worker_count}, " is outside 1 … ", int{kDirtyRingsMax}));
  }
  if (!std::has_single_bit(dirty_ring_handles) || dirty_ring_handles < kDirtyRingHandlesMin ||
      dirty_ring_handles > kDirtyRingHandlesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("dirty_ring_handles ", dirty_ring_handles, " is not a power of two within ",
                     kDirtyRingHandlesMin, " … ", kDirtyRingHandlesMax));
  }
  TableLayout layout;
  layout.slots_per_shard = SlotsPerShardOf(capacity);
  const std::uint64_t keys = std::uint64_t{layout.slots_per_shard} * keys_per_entry;
  layout.buckets_per_shard = static_cast<std::uint32_t>(
      (keys * 100 + kBucketKeys * kIndexLoadPercent - 1) / (kBucketKeys * kIndexLoadPercent));

  const std::size_t slots = std::size_t{layout.slots_per_shard} * kShardCount;
  layout.entries = 0;
  layout.buckets = RoundUp(slots * entry_bytes);
  layout.free_slots = layout.buckets + std::size_t{layout.buckets_per_shard} * kShardCount * 64;
  layout.check_times = layout.free_slots + RoundUp(slots * sizeof(SlotIndex));
  layout.rings = layout.check_times + RoundUp(slots * sizeof(std::uint16_t));
  layout.windows =
      layout.rings + RoundUp(std::size_t{worker_count} * dirty_ring_handles * sizeof(Handle));
  layout.bytes =
      layout.windows + RoundUp(std::size_t{dirty_ring_handles} * sizeof(WaitingWindows::Item));
  return layout;
}

}  // namespace statesync
