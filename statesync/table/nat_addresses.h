// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The NAT addresses that records refer to by a number (PROTOCOL.md §7): number → address and back.
//
// Threads: constant after Init().  Memory: inside the object, 1.6 KiB.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/table/session_entry.h"

namespace statesync {

inline constexpr std::size_t kNatAddressesMax = 255;  // One byte on the wire; 0xff is none.
inline constexpr std::uint8_t kNatIndexNone = 0xff;

class NatAddresses {
 public:
  // By number; 0: no address has this number. At most kNatAddressesMax, each at most once; copied.
  void Init(std::span<const NetAddr> addresses) noexcept;
  // kNatIndexNone if it is none. O(1).
  [[nodiscard]] std::uint8_t IndexOf(NetAddr addr) const noexcept {
    for (std::size_t place = PlaceOf(addr);; place = (place + 1) % kPlaces) {
      const std::uint8_t index = places_[place];
      if (index == kNatIndexNone || addresses_[index] == addr) return index;
    }
  }
  // 0: none. Any number may be asked for.
  [[nodiscard]] NetAddr AddressOf(std::uint8_t index) const noexcept { return addresses_[index]; }

 private:
  static constexpr std::size_t kPlaces = 512;  // At most half full, so probes are short.
  static std::size_t PlaceOf(NetAddr addr) noexcept { return (addr * 0x9e37'79b1u) >> 23; }
  static constexpr std::array<std::uint8_t, kPlaces> NoPlaces() {
    std::array<std::uint8_t, kPlaces> places{};
    places.fill(kNatIndexNone);
    return places;
  }

  std::array<NetAddr, kNatAddressesMax + 1> addresses_{};  // The last one is never an address.
  std::array<std::uint8_t, kPlaces> places_ = NoPlaces();  // Open addressing by address.
};

}  // namespace statesync
