// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Every rule that bytes from the peer can break, one verdict and one counter each.
//
// Threads: values only.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace statesync {

// In the order of PROTOCOL.md §3. Numbers are internal; names are what operators see.
enum class Verdict : std::uint8_t {
  kAccepted,
  // Clear header.
  kDatagramShort,  // Less than a clear header.
  kBadMagic,
  kBadVersion,
  kBadKind,    // Neither sealed nor hello.
  kBadStream,  // kStreamsMax or above.
  kPacketNumberZero,
  // Frame header.
  kFrameShort,  // Less than a frame header under the seal.
  kUnknownFlags,
  kFrameNumberZero,
  kOldestBeforeFirst,  // oldest_back reaches below frame 1.
  kBadRole,
  kBadReadiness,
  // Sections.
  kSectionShort,      // The rest of the frame is shorter than a section header.
  kSectionEmpty,      // No records.
  kRecordShort,       // Records are shorter than their schema needs, or have no bytes.
  kSectionOverrun,    // Records reach past the end of the frame.
  kSectionTermZero,   // Records without a term or counter.
  kSectionTermAhead,  // Records of a higher term than the frame states.
  kCounterOverrun,    // Counters reach past 40 bits.
  kControlVersioned,  // A control section with a version.
  // Session records.
  kSlotNone,            // Handle with slot 0xffff.
  kSessionState,        // No such state, or none.
  kSessionProtocol,     // An update to a state of another protocol.
  kSessionWrongShard,   // The handle's shard is not that of the key.
  kSessionNatShard,     // The key behind NAT falls into another shard.
  kSessionNatIsClient,  // The address and port behind NAT are the client's own.
  kCount,
};
inline constexpr std::size_t kVerdictCount = static_cast<std::size_t>(Verdict::kCount);

// Name as shown by `lockstepctl stats`: lower case with dashes.
[[nodiscard]] std::string_view NameOf(Verdict verdict) noexcept;

}  // namespace statesync
