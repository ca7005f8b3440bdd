// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A set of shards: what a bulk is asked for, what differs, what rests, what is taken.
//
// Threads: values only.  Memory: 32 bytes.

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/types.h"

namespace statesync {

// One bit per shard.
struct ShardSet {
  std::array<std::uint64_t, kShardCount / 64> words{};

  [[nodiscard]] static constexpr ShardSet All() {
    ShardSet all;
    all.words.fill(~std::uint64_t{0});
    return all;
  }
  [[nodiscard]] constexpr bool Has(ShardIndex shard) const {
    return ((words[shard / 64u] >> (shard % 64u)) & 1) != 0;
  }
  constexpr void Add(ShardIndex shard) { words[shard / 64u] |= std::uint64_t{1} << (shard % 64u); }
  constexpr void Remove(ShardIndex shard) {
    words[shard / 64u] &= ~(std::uint64_t{1} << (shard % 64u));
  }
  constexpr void Add(const ShardSet& other) {
    for (std::size_t w = 0; w < words.size(); ++w) words[w] |= other.words[w];
  }
  [[nodiscard]] constexpr bool IsEmpty() const {
    std::uint64_t any = 0;
    for (const std::uint64_t word : words) any |= word;
    return any == 0;
  }
  [[nodiscard]] constexpr std::size_t count() const {
    std::size_t sum = 0;
    for (const std::uint64_t word : words) sum += static_cast<std::size_t>(std::popcount(word));
    return sum;
  }
};

inline constexpr std::size_t kShardSetBytes = kShardCount / 8;

// Bit s mod 8 of byte s / 8 stands for shard s, as in BulkRequestRecord.
inline ShardSet ShardSetFrom(std::span<const std::uint8_t, kShardSetBytes> bytes) {
  ShardSet set;
  for (std::size_t s = 0; s < kShardCount; ++s) {
    if ((bytes[s / 8] >> (s % 8) & 1) != 0) set.Add(static_cast<ShardIndex>(s));
  }
  return set;
}
inline void StoreShardSet(const ShardSet& set, std::span<std::uint8_t, kShardSetBytes> bytes) {
  for (std::size_t s = 0; s < kShardCount; ++s) {
    const auto bit = static_cast<std::uint8_t>(1u << (s % 8));
    const bool has = set.Has(static_cast<ShardIndex>(s));
    bytes[s / 8] = static_cast<std::uint8_t>(has ? bytes[s / 8] | bit : bytes[s / 8] & ~bit);
  }
}

}  // namespace statesync
