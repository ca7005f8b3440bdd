// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The shard of a flow: the low byte of a Toeplitz hash whose key repeats every 16 bits (6d 5a …).
//
// With such a key the 32-bit window of input bit i depends on i mod 16 only, so the hash is a
// linear map T of one word: the XOR of all 16-bit words of the input. It is therefore symmetric in
// the two sides, and a NIC computes the same for RSS. The circulant matrix of 0x6d5a is invertible,
// so each of the 256 shards is met by exactly 256 ports: a coset of T's kernel. With the kernel's
// basis in reduced form, coset member n is Representative ^ Span[n], ascending in n: no table of
// ports needed.
//
// Threads: constants only.  Source: Microsoft RSS specification; Woo and Park, "Scalable TCP
// session monitoring with symmetric receive-side scaling" (the repeated key).

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace statesync {

inline constexpr std::uint16_t kToeplitzWord = 0x6d5a;

// Low byte of T(word) by definition: the XOR of the key windows at the set bits. `word` is the
// big-endian value, its most significant bit is input bit 0.
constexpr std::uint8_t ToeplitzSlow(std::uint16_t word) {
  std::uint16_t sum = 0;
  for (int bit = 0; bit < 16; ++bit) {
    if ((word >> (15 - bit)) & 1) sum ^= std::rotl(kToeplitzWord, bit);
  }
  return static_cast<std::uint8_t>(sum & 0xff);
}

namespace internal {

struct ToeplitzTables {
  std::array<std::uint8_t, 256> by_high{};          // T(byte << 8).
  std::array<std::uint8_t, 256> by_low{};           // T(byte).
  std::array<std::uint16_t, 256> representative{};  // Smallest port p with T(p) = index.
  std::array<std::uint16_t, 256> span{};            // Kernel of T, ascending.
};

// T is linear, so the values of the 16 single bits say everything. A bit whose value is that of
// lower bits together gives one more vector of the kernel, led by this bit; every other bit doubles
// the values that are reached. Few steps on purpose: compilers bound what they evaluate.
constexpr ToeplitzTables MakeToeplitzTables() {
  ToeplitzTables tables;
  std::array<bool, 256> is_reached{};
  std::array<std::uint8_t, 256> reached{};  // The values so far; the first is T(0).
  std::size_t reached_count = 1;
  std::size_t kernel_count = 1;
  is_reached[0] = true;
  for (std::size_t bit = 0; bit < 16; ++bit) {
    const auto word = static_cast<std::uint16_t>(1u << bit);
    const std::uint8_t value = ToeplitzSlow(word);
    auto& half = bit < 8 ? tables.by_low : tables.by_high;
    const std::size_t half_count = std::size_t{1} << (bit % 8);
    for (std::size_t n = 0; n < half_count; ++n) {
      half[half_count + n] = static_cast<std::uint8_t>(half[n] ^ value);
    }
    if (is_reached[value]) {
      const std::uint16_t kernel = word ^ tables.representative[value];
      for (std::size_t n = 0; n < kernel_count; ++n) {
        tables.span[kernel_count + n] = tables.span[n] ^ kernel;
      }
      kernel_count *= 2;
      continue;
    }
    for (std::size_t n = 0; n < reached_count; ++n) {
      const auto sum = static_cast<std::uint8_t>(reached[n] ^ value);
      is_reached[sum] = true;
      reached[reached_count + n] = sum;
      tables.representative[sum] = tables.representative[reached[n]] | word;
    }
    reached_count *= 2;
  }
  return tables;
}

inline constexpr ToeplitzTables kToeplitzTables = MakeToeplitzTables();

}  // namespace internal

// T(word), two table reads.
constexpr std::uint8_t Toeplitz(std::uint16_t word) {
  return static_cast<std::uint8_t>(internal::kToeplitzTables.by_high[word >> 8] ^
                                   internal::kToeplitzTables.by_low[word & 0xff]);
}

// The n-th port p in ascending order, n < 256, with T(p) = value.
constexpr std::uint16_t ToeplitzPort(std::uint8_t value, std::uint32_t n) {
  return static_cast<std::uint16_t>(internal::kToeplitzTables.representative[value] ^
                                    internal::kToeplitzTables.span[n & 0xff]);
}

// XOR of the two 16-bit words of an address, and of everything else in network order, gives the
// word in network order; this turns it into its value.
constexpr std::uint16_t FromNetwork(std::uint16_t word) {
  if constexpr (std::endian::native == std::endian::little) {
    return static_cast<std::uint16_t>((word >> 8) | (word << 8));
  }
  return word;
}

}  // namespace statesync
