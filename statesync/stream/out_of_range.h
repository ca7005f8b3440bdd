// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Live entries of the peer whose slots are past what the handle map has room for: they are refused,
// and known as long as they live there, so that readiness says so exactly as long.
//
// Threads: one.  Memory: a value.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/limits.h"
#include "statesync/shard_set.h"
#include "statesync/types.h"

namespace statesync {

class OutOfRangeSlots {
 public:
  // Remembered one by one; of more it is only known, until the epoch ends, that there were some.
  static constexpr std::size_t kMax = 64;

  void Forget(ShardIndex shard) {
    Remove([shard](Handle known) { return known.shard == shard; });
    has_more_.Remove(shard);
  }
  void Refuse(Handle sender) {
    const auto known = std::span(slots_).first(count_);
    if (std::ranges::find(known, sender) != known.end()) return;
    if (count_ == kMax) {
      has_more_.Add(sender.shard);
    } else {
      slots_[count_++] = sender;
    }
  }
  // The peer deleted what was there.
  void Remove(Handle sender) {
    Remove([sender](Handle known) { return known == sender; });
  }
  [[nodiscard]] std::uint32_t count() const {
    return static_cast<std::uint32_t>(count_) + static_cast<std::uint32_t>(has_more_.count());
  }

 private:
  template <typename IsGone>
  void Remove(IsGone is_gone) {
    const auto end = std::remove_if(slots_.begin(), slots_.begin() + count_, is_gone);
    count_ = end - slots_.begin();
  }

  std::array<Handle, kMax> slots_;
  std::ptrdiff_t count_ = 0;
  ShardSet has_more_;
};

}  // namespace statesync
