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

SlotMap::SlotMap(std::uint32_t slots_per_shard, std::size_t shard_step)
    : slots_per_shard_(slots_per_shard),
      shard_step_(shard_step),
      word_count_((kShardCount + shard_step - 1) / shard_step * slots_per_shard),
      words_(std::make_unique<std::uint64_t[]>(word_count_)) {
  ENSURE(slots_per_shard <= kSlotsPerShardMax && shard_step > 0);
}

void SlotMap::Forget() {
  refused_count_ = 0;
  if (++age_ != 0) return;
  age_ = 1;
  std::fill_n(words_.get(), word_count_, 0);
}

SlotState SlotMap::Get(Handle sender) const {
  const std::uint64_t word = words_[IndexOf(sender)];
  SlotState state;
  if (AgeOf(word) != age_) return state;
  state.kind = KindOf(word);
  state.wanted = (word & kWanted) != 0;
  if (state.kind == SlotKind::kLive) {
    state.generation = static_cast<std::uint8_t>(word);
    state.own = {sender.shard, static_cast<std::uint8_t>(word >> 8),
                 static_cast<SlotIndex>(word >> 16)};
  } else if (state.kind == SlotKind::kDead) {
    state.dead_since = word & kPayloadMask;
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

void SlotMap::SetRefused(Handle sender) { Put(sender, SlotKind::kRefused, 0); }

// The wanted flag stays: only the applier knows whether this is new enough to be the answer.
void SlotMap::Put(Handle sender, SlotKind kind, std::uint64_t payload) {
  std::uint64_t& word = words_[IndexOf(sender)];
  if (AgeOf(word) == age_ && KindOf(word) == SlotKind::kRefused) --refused_count_;
  if (kind == SlotKind::kRefused) ++refused_count_;
  const std::uint64_t wanted = AgeOf(word) == age_ ? word & kWanted : 0;
  word = payload | wanted | (std::uint64_t{age_} << kAgeShift) |
         (static_cast<std::uint64_t>(kind) << kKindShift);
}

void SlotMap::SetWanted(Handle sender, bool wanted) {
  std::uint64_t& word = words_[IndexOf(sender)];
  if (AgeOf(word) != age_) word = std::uint64_t{age_} << kAgeShift;
  word = wanted ? word | kWanted : word & ~kWanted;
}

}  // namespace statesync
