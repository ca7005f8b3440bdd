// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Ethernet addresses, and the virtual ones that belong to the active node (VRRP's, RFC 5798 §7.3).
//
// Threads: values only.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dataplane {

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};
  friend constexpr bool operator==(const MacAddress&, const MacAddress&) = default;

  [[nodiscard]] constexpr bool IsMulticast() const { return (bytes[0] & 1) != 0; }
  // The six bytes in the low 48 bits, first byte lowest: order of memory, for atomics.
  [[nodiscard]] constexpr std::uint64_t bits() const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 6; ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
    return value;
  }
  static constexpr MacAddress FromBits(std::uint64_t bits) {
    MacAddress mac;
    for (std::size_t i = 0; i < 6; ++i) mac.bytes[i] = static_cast<std::uint8_t>(bits >> (8 * i));
    return mac;
  }
};

inline constexpr MacAddress kBroadcastMac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

// 00-00-5E-00-01-<vrid>.
constexpr MacAddress VirtualMac(std::uint8_t vrid) {
  return {{0x00, 0x00, 0x5e, 0x00, 0x01, vrid}};
}

constexpr bool IsVirtualMac(const MacAddress& mac) {
  return VirtualMac(mac.bytes[5]).bits() == mac.bits();
}

inline MacAddress LoadMac(const std::byte* bytes) {
  MacAddress mac;
  std::memcpy(mac.bytes.data(), bytes, 6);
  return mac;
}
inline void StoreMac(std::byte* bytes, const MacAddress& mac) {
  std::memcpy(bytes, mac.bytes.data(), 6);
}

}  // namespace dataplane
