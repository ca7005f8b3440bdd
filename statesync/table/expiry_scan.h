// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// When to look at each entry of a shard again: two bytes a slot, scanned a slice at a time.
//
// The array holds seconds modulo 2^16; zero: never. A time is due if it lies at most 2^15 seconds
// back. It only says "ask": the entry's own last packet and the timeout of its state decide. Times
// that were not looked at for hours (a standby runs no timeouts) are meaningless, so a new owner
// asks for everything once (RecheckAll), which costs nothing but the answers.
//
// Threads: the shard's writer.  Memory: the array, zeroed, given by the owner.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/types.h"

namespace statesync {

inline constexpr std::uint32_t kExpirySliceSlots = 16'384;  // Slots looked at by one call, 32 KiB.
inline constexpr std::uint32_t kExpiryAheadMax = 32'000;    // Seconds a check may lie ahead.

class ExpiryScan {
 public:
  void Init(std::uint16_t* times, std::uint32_t slot_count) noexcept {
    times_ = times;
    slot_count_ = slot_count;
  }

  void Set(SlotIndex slot, std::uint32_t second) noexcept { times_[slot] = Encode(second); }
  // The entry is asked for at the owner's next pass, however long that takes to come.
  void SetNow(SlotIndex slot) noexcept { times_[slot] = kAsk; }
  void Clear(SlotIndex slot) noexcept { times_[slot] = kNever; }
  void RecheckAll() noexcept { recheck_left_ = slot_count_; }

  // Slots that are due, at most slots.size(); looks at kExpirySliceSlots at most and goes on from
  // there at the next call. A slot stays due until Set or Clear.
  std::size_t List(std::uint32_t now_s, std::span<SlotIndex> slots) noexcept {
    std::size_t found = 0;
    const std::uint32_t budget = std::min(kExpirySliceSlots, slot_count_);
    for (std::uint32_t looked = 0; looked < budget && found < slots.size();) {
      const std::uint32_t chunk = std::min({kChunk, budget - looked, slot_count_ - cursor_});
      if (recheck_left_ != 0 || AnyDue(cursor_, chunk, now_s)) {
        const std::uint32_t done = ListChunk(chunk, now_s, slots, found);
        recheck_left_ -= std::min(recheck_left_, done);
        looked += done;
        cursor_ += done;
      } else {
        looked += chunk;
        cursor_ += chunk;
      }
      if (cursor_ == slot_count_) cursor_ = 0;
    }
    return found;
  }

 private:
  static constexpr std::uint16_t kNever = 0;
  static constexpr std::uint16_t kAsk = 1;
  static constexpr std::uint32_t kChunk = 64;

  static std::uint16_t Encode(std::uint32_t second) noexcept {
    const auto low = static_cast<std::uint16_t>(second);
    return low <= kAsk ? std::uint16_t{kAsk + 1} : low;  // At most two seconds late.
  }
  static bool IsDue(std::uint16_t time, std::uint32_t now_s) noexcept {
    const auto age = static_cast<std::int16_t>(static_cast<std::uint16_t>(now_s) - time);
    return time == kAsk || (time != kNever && age >= 0);
  }
  // Branch-free over a chunk, so that the compiler makes vectors of it.
  [[nodiscard]] bool AnyDue(std::uint32_t first, std::uint32_t count,
                            std::uint32_t now_s) const noexcept {
    const auto now = static_cast<std::uint16_t>(now_s);
    std::uint16_t any = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint16_t time = times_[first + i];
      const auto age = static_cast<std::int16_t>(now - time);
      any = static_cast<std::uint16_t>(
          any | static_cast<std::uint16_t>((time == kAsk) | ((time != kNever) & (age >= 0))));
    }
    return any != 0;
  }
  // Appends due slots of a chunk; returns slots looked at (fewer if `slots` became full).
  std::uint32_t ListChunk(std::uint32_t chunk, std::uint32_t now_s, std::span<SlotIndex> slots,
                          std::size_t& found) noexcept {
    for (std::uint32_t i = 0; i < chunk; ++i) {
      const std::uint16_t time = times_[cursor_ + i];
      if (time == kNever || (i >= recheck_left_ && !IsDue(time, now_s))) continue;
      if (found == slots.size()) return i;
      slots[found++] = static_cast<SlotIndex>(cursor_ + i);
    }
    return chunk;
  }

  std::uint16_t* times_ = nullptr;
  std::uint32_t slot_count_ = 0;
  std::uint32_t cursor_ = 0;
  std::uint32_t recheck_left_ = 0;
};

}  // namespace statesync
