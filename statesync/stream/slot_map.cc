// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/slot_map.h"

#include <algorithm>

#include "statesync/ensure.h"

namespace statesync {
namespace {

constexpr unsigned kAgeShift = 40;
constexpr unsigned kKindShift = 56;
constexpr std::uint64_t kWanted = std::uint64_t{1} << 59;
constexpr std::uint64_t kPayloadMask = (std::uint64_t{1} << kAgeShift) - 1;
static_assert(kPayloadMask == kVersionCounterMax);

SlotKind KindOf(std::uint64_t word) { return static_cast<SlotKind>((word >> kKindShift) & 7); }
std::uint16_t AgeOf(std::uint64_t word) { return static_cast<std::uint16_t>(word >> kAgeShift); }

}  // namespace

SlotMap::SlotMap(std::uint32_t slots_per_shard)
    : slots_per_shard_(slots_per_shard),
      words_(std::make_unique<std::uint64_t[]>(kShardCount * std::size_t{slots_per_shard})) {
  ENSURE(slots_per_shard <= kSlotsPerShardMax);
}

void SlotMap::Forget(ShardIndex shard) {
  Shard& at = shards_[shard];
  refused_count_ -= at.refused_count;
  at.refused_count = 0;
  if (++at.age != 0) return;
  at.age = 1;
  std::fill_n(&words_[std::size_t{shard} * slots_per_shard_], slots_per_shard_, 0);
}

SlotState SlotMap::Get(Handle sender) const {
  const std::uint64_t word = words_[IndexOf(sender)];
  SlotState state;
  if (AgeOf(word) != shards_[sender.shard].age) return state;
  state.kind = KindOf(word);
  state.wanted = (word & kWanted) != 0;
  if (state.kind == SlotKind::kLive) {
    state.generation = static_cast<std::uint8_t>(word);
    state.own = {sender.shard, static_cast<std::uint8_t>(word >> 8),
                 static_cast<SlotIndex>(word >> 16)};
  } else {
    state.since = word & kPayloadMask;
  }
  return state;
}

void SlotMap::SetLive(Handle sender, std::uint8_t generation, OwnHandle own) {
  ENSURE(own.shard == sender.shard);
  Put(sender, SlotKind::kLive,
      generation | (std::uint64_t{own.generation} << 8) | (std::uint64_t{own.slot} << 16));
}

void SlotMap::SetDead(Handle sender, std::uint64_t counter) {
  Put(sender, SlotKind::kDead, counter & kPayloadMask);
}

void SlotMap::SetRefused(Handle sender, std::uint64_t counter) {
  Put(sender, SlotKind::kRefused, counter & kPayloadMask);
}

// The wanted flag stays: only the applier knows whether this is new enough to be the answer.
void SlotMap::Put(Handle sender, SlotKind kind, std::uint64_t payload) {
  std::uint64_t& word = words_[IndexOf(sender)];
  Shard& shard = shards_[sender.shard];
  const bool is_known = AgeOf(word) == shard.age;
  const std::uint32_t was = is_known && KindOf(word) == SlotKind::kRefused ? 1 : 0;
  const std::uint32_t is = kind == SlotKind::kRefused ? 1 : 0;
  shard.refused_count += is - was;
  refused_count_ += is - was;
  const std::uint64_t wanted = is_known ? word & kWanted : 0;
  word = payload | wanted | (std::uint64_t{shard.age} << kAgeShift) |
         (static_cast<std::uint64_t>(kind) << kKindShift);
}

void SlotMap::SetWanted(Handle sender, bool wanted) {
  std::uint64_t& word = words_[IndexOf(sender)];
  const std::uint16_t age = shards_[sender.shard].age;
  if (AgeOf(word) != age) word = std::uint64_t{age} << kAgeShift;
  word = wanted ? word | kWanted : word & ~kWanted;
}

}  // namespace statesync
