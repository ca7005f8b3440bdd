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

constexpr ToeplitzTables MakeToeplitzTables() {
  ToeplitzTables tables;
  std::array<bool, 256> seen{};
  std::size_t kernel_count = 0;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    tables.by_high[byte] = ToeplitzSlow(static_cast<std::uint16_t>(byte << 8));
    tables.by_low[byte] = ToeplitzSlow(static_cast<std::uint16_t>(byte));
  }
  for (std::uint32_t port = 0; port < 65'536; ++port) {
    const auto value =
        static_cast<std::uint8_t>(tables.by_high[port >> 8] ^ tables.by_low[port & 0xff]);
    if (value == 0) tables.span[kernel_count++] = static_cast<std::uint16_t>(port);
    if (!seen[value]) {
      seen[value] = true;
      tables.representative[value] = static_cast<std::uint16_t>(port);
    }
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
