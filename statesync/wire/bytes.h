// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Big-endian integers of alignment 1, for structs that describe bytes. No padding, no host order.
//
// Threads: values only.

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace statesync {

// An unsigned integer of `Bytes` bytes, most significant first. Value must fit; Set() truncates
// silently above the width, so callers check bounds where a value can exceed it.
template <typename Value, std::size_t Bytes>
class BigEndian {
 public:
  constexpr BigEndian() = default;
  constexpr explicit BigEndian(Value value) { Set(value); }

  [[nodiscard]] constexpr Value Get() const {
    Value value = 0;
    for (std::size_t i = 0; i < Bytes; ++i) {
      value = static_cast<Value>(static_cast<Value>(value << 8) | bytes_[i]);
    }
    return value;
  }
  constexpr void Set(Value value) {
    for (std::size_t i = Bytes; i > 0; --i) {
      bytes_[i - 1] = static_cast<std::uint8_t>(value & 0xff);
      value = static_cast<Value>(value >> 8);
    }
  }
  friend constexpr bool operator==(const BigEndian&, const BigEndian&) = default;

 private:
  std::array<std::uint8_t, Bytes> bytes_{};
};

// Eight big-endian bytes at once, for fields that lie side by side.
inline std::uint64_t LoadBigEndian64(const void* bytes) {
  std::uint64_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
}
inline void StoreBigEndian64(void* bytes, std::uint64_t value) {
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap64(value);
  std::memcpy(bytes, &value, sizeof(value));
}

using U16be = BigEndian<std::uint16_t, 2>;
using U24be = BigEndian<std::uint32_t, 3>;
using U32be = BigEndian<std::uint32_t, 4>;
using U40be = BigEndian<std::uint64_t, 5>;
using U48be = BigEndian<std::uint64_t, 6>;
using U64be = BigEndian<std::uint64_t, 8>;

static_assert(sizeof(U24be) == 3 && alignof(U24be) == 1);
static_assert(sizeof(U48be) == 6 && alignof(U48be) == 1);

}  // namespace statesync
