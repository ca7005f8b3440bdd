// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What a node with two HA2 links says about them in the epoch field of a sealed datagram without
// plaintext. HANDSHAKE.md, "Two links".
//
// Threads: values only.  Memory: none.

#pragma once

#include <cstddef>
#include <cstdint>

namespace statesync {

inline constexpr std::size_t kHa2LinksMax = 2;

// Set in every report; an epoch of zero is a plain confirmation and reports nothing.
inline constexpr std::uint16_t kLinkReport = 0x8000;

// Bit of a link that the sender hears its peer on.
[[nodiscard]] constexpr std::uint16_t HeardBit(std::size_t link) {
  return static_cast<std::uint16_t>(1u << link);
}

}  // namespace statesync
