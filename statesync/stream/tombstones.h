// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which own slots have a published delete that the peer has not confirmed: one bit per slot.
//
// The first publication of a delete marks its slot, and its frame's item in the repair ring carries
// the duty to retire the slot. Repeating the delete must not create a second duty, because the slot
// may be in use again by then.
//
// Threads: one.  Memory: one bit per slot, allocated by the constructor.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "statesync/ensure.h"
#include "statesync/limits.h"
#include "statesync/types.h"

namespace statesync {

class Tombstones {
 public:
  explicit Tombstones(std::uint32_t slots_per_shard)
      : words_per_shard_((slots_per_shard + 63) / 64),
        words_(std::make_unique<std::uint64_t[]>(kShardCount * words_per_shard_)) {}

  // True if this is the first publication: the caller owns the duty to retire the slot.
  [[nodiscard]] bool Mark(Handle handle) {
    std::uint64_t& word = WordOf(handle);
    if ((word & BitOf(handle)) != 0) return false;
    word |= BitOf(handle);
    ++count_;
    return true;
  }
  [[nodiscard]] bool IsMarked(Handle handle) { return (WordOf(handle) & BitOf(handle)) != 0; }
  // REQUIRES: marked.
  void Clear(Handle handle) {
    std::uint64_t& word = WordOf(handle);
    ENSURE((word & BitOf(handle)) != 0);
    word &= ~BitOf(handle);
    --count_;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  [[nodiscard]] std::uint64_t& WordOf(Handle handle) {
    const std::size_t word = handle.slot / 64u;
    ENSURE(word < words_per_shard_);
    return words_[handle.shard * words_per_shard_ + word];
  }
  static std::uint64_t BitOf(Handle handle) { return std::uint64_t{1} << (handle.slot % 64u); }

  std::size_t words_per_shard_;
  std::unique_ptr<std::uint64_t[]> words_;  // [kShardCount * words_per_shard_]
  std::uint64_t count_ = 0;
};

}  // namespace statesync
