// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Loads and stores of packet fields. "Net" values keep the bytes of the packet (NetAddr, NetPort
// are such values); "Host" values are integers to calculate with.
//
// Threads: values only.  REQUIRES everywhere: the bytes were checked to be inside the frame.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dataplane {

static_assert(std::endian::native == std::endian::little, "big-endian machines need HostToNet");

constexpr std::uint16_t HostToNet(std::uint16_t value) { return __builtin_bswap16(value); }
constexpr std::uint32_t HostToNet(std::uint32_t value) { return __builtin_bswap32(value); }
constexpr std::uint16_t NetToHost(std::uint16_t value) { return __builtin_bswap16(value); }
constexpr std::uint32_t NetToHost(std::uint32_t value) { return __builtin_bswap32(value); }

inline std::uint16_t LoadNet16(const std::byte* bytes) {
  std::uint16_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}
inline std::uint32_t LoadNet32(const std::byte* bytes) {
  std::uint32_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}
inline std::uint16_t LoadHost16(const std::byte* bytes) { return NetToHost(LoadNet16(bytes)); }
inline std::uint32_t LoadHost32(const std::byte* bytes) { return NetToHost(LoadNet32(bytes)); }
inline std::uint8_t LoadByte(const std::byte* bytes) {
  return std::to_integer<std::uint8_t>(*bytes);
}

inline void StoreNet16(std::byte* bytes, std::uint16_t value) {
  std::memcpy(bytes, &value, sizeof(value));
}
inline void StoreNet32(std::byte* bytes, std::uint32_t value) {
  std::memcpy(bytes, &value, sizeof(value));
}
inline void StoreHost16(std::byte* bytes, std::uint16_t value) {
  StoreNet16(bytes, HostToNet(value));
}
inline void StoreHost32(std::byte* bytes, std::uint32_t value) {
  StoreNet32(bytes, HostToNet(value));
}
inline void StoreByte(std::byte* bytes, std::uint8_t value) { *bytes = std::byte{value}; }

// 10.1.2.3 as MakeAddr(10, 1, 2, 3).
constexpr std::uint32_t MakeAddr(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return HostToNet((std::uint32_t{a} << 24) | (std::uint32_t{b} << 16) | (std::uint32_t{c} << 8) |
                   d);
}

}  // namespace dataplane
