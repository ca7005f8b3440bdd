// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two keyed hashes of a pair of 64-bit words: one places a key in the index (seed random per boot),
// one names it in digests (key derived from the pair secret, the same on both nodes).
//
// Both fold 64 × 64 → 128-bit products. The digest of an entry is NameHash(key) × version modulo
// 2^128: sums over entries differ unless Σ NameHash(key_i) × (version_i − version'_i) vanishes,
// which for unpredictable NameHash has a chance of 2^-65 or less, and a new version costs one
// multiplication and one addition: sum += NameHash × (new − old).
//
// Threads: values only.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/table/replicated_table.h"

namespace statesync {

__extension__ using Uint128 = unsigned __int128;

constexpr Uint128 Multiply(std::uint64_t a, std::uint64_t b) { return static_cast<Uint128>(a) * b; }
constexpr std::uint64_t High(Uint128 value) { return static_cast<std::uint64_t>(value >> 64); }
constexpr std::uint64_t Low(Uint128 value) { return static_cast<std::uint64_t>(value); }

// One step of splitmix64: spreads a seed into independent words.
constexpr std::uint64_t NextSeed(std::uint64_t& state) {
  state += 0x9e37'79b9'7f4a'7c15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
  z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
  return z ^ (z >> 31);
}

// Key words of the index hash.
struct IndexSeed {
  std::uint64_t word[3] = {0, 0, 0};
};
constexpr IndexSeed MakeIndexSeed(std::uint64_t seed) {
  IndexSeed result;
  for (auto& word : result.word) word = NextSeed(seed) | 1;
  return result;
}

// Hash of a key given as two words. About 10 instructions. Source: the multiply-and-fold family
// (wyhash, "mum"); the seed makes chosen collisions infeasible without knowing it.
constexpr std::uint64_t IndexHash(std::uint64_t a, std::uint64_t b, const IndexSeed& seed) {
  const Uint128 first = Multiply(a ^ seed.word[0], b ^ seed.word[1]);
  const Uint128 second = Multiply(Low(first) ^ seed.word[2], High(first) ^ seed.word[1]);
  return Low(second) ^ High(second);
}

// Key words of the digest. Derived from 128 bits that both nodes have from the pair secret.
struct DigestKey {
  std::uint64_t word[4] = {0, 0, 0, 0};
};
constexpr DigestKey MakeDigestKey(std::uint64_t first, std::uint64_t second) {
  DigestKey result;
  result.word[0] = NextSeed(first);
  result.word[1] = NextSeed(second);
  result.word[2] = NextSeed(first);
  result.word[3] = NextSeed(second);
  return result;
}

// 128 bits that stand for a key in digests. PROTOCOL.md §9: every implementation computes the same.
constexpr Uint128 NameHash(std::uint64_t a, std::uint64_t b, const DigestKey& key) {
  const Uint128 first = Multiply(a ^ key.word[0], b ^ key.word[1]);
  const Uint128 second = Multiply(Low(first) ^ key.word[2], High(first) ^ key.word[3]);
  const std::uint64_t low = Low(second) ^ High(first);
  const std::uint64_t high = High(second) ^ Low(first);
  return (static_cast<Uint128>(high) << 64) | low;
}

// 64 bits that stand for a value: its bytes in big-endian words, zeros behind the last. PROTOCOL.md
// §9: every implementation computes the same. label: what the bytes are; the low 16 bits are free.
constexpr std::uint64_t ValueHash(std::span<const std::byte> bytes, std::uint64_t label,
                                  const DigestKey& key) {
  const auto word = [bytes](std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t i = at; i < at + 8; ++i) {
      value = value << 8 | (i < bytes.size() ? std::to_integer<std::uint64_t>(bytes[i]) : 0);
    }
    return value;
  };
  std::uint64_t hash = key.word[0] ^ label ^ bytes.size();
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    const Uint128 product = Multiply(word(at) ^ hash, word(at + 8) ^ key.word[1]);
    hash = Low(product) ^ High(product);
  }
  const Uint128 last = Multiply(hash ^ key.word[2], key.word[3]);
  return Low(last) ^ High(last);
}

// Sum of one shard, kept by the sync loop.
class DigestSumBook {
 public:
  // The entry named `name` moves from version `before` to `after`; zero is "not included".
  constexpr void Move(Uint128 name, Version before, Version after) {
    // Mostly forward: 128 × 64 bits are two multiplications, where a signed difference takes three.
    if (after >= before) [[likely]] {
      sum_ += name * (after.bits - before.bits);
    } else {
      sum_ -= name * (before.bits - after.bits);
    }
    count_ += (after.bits != 0 ? 1u : 0u) - (before.bits != 0 ? 1u : 0u);
  }
  [[nodiscard]] constexpr ShardDigest Get() const { return {count_, {High(sum_), Low(sum_)}}; }

 private:
  Uint128 sum_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace statesync
