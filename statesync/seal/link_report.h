// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What a node with two HA2 links says about them in the epoch field of a sealed datagram without
// plaintext, and what makes such a datagram well-formed. HANDSHAKE.md, "Two links".
//
// Threads: values only.  Memory: none.

#pragma once

#include <cstddef>
#include <cstdint>

#include "statesync/seal/seal_verdict.h"

namespace statesync {

inline constexpr std::size_t kHa2LinksMax = 2;

// Set in every report; an epoch of zero is a plain confirmation and reports nothing.
inline constexpr std::uint16_t kLinkReport = 0x8000;

// Bit of a link that the sender hears its peer on.
[[nodiscard]] constexpr std::uint16_t HeardBit(std::size_t link) {
  return static_cast<std::uint16_t>(1u << link);
}

inline constexpr std::uint16_t kLinkReportBits =
    kLinkReport | ((1u << kHa2LinksMax) - 1);  // Every other bit is zero.
static_assert(HeardBit(kHa2LinksMax) < kLinkReport);

[[nodiscard]] constexpr bool IsLinkReport(std::uint16_t epoch) {
  return (epoch & kLinkReport) != 0;
}

// Judges an authentic datagram without plaintext by its clear header: a confirmation (epoch 0) or a
// report, on stream 0; else kBadEmpty.
[[nodiscard]] constexpr SealVerdict CheckEmpty(std::uint16_t stream, std::uint16_t epoch) {
  const bool is_known = epoch == 0 || (IsLinkReport(epoch) && (epoch & ~kLinkReportBits) == 0);
  return stream == 0 && is_known ? SealVerdict::kAccepted : SealVerdict::kBadEmpty;
}

}  // namespace statesync
