// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Every outcome of looking at a datagram from HA2 before the engine sees it, one counter each.
//
// Threads: values only.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace statesync {

// In the order in which the rules are checked. Nothing after kHelloBadMac is reachable for bytes
// that the pair secret did not authenticate.
enum class SealVerdict : std::uint8_t {
  kAccepted,
  kTooShort,  // Less than a clear header, or less than its kind needs.
  kTooLong,   // A hello longer than any hello may be.
  kBadMagic,  // Not ours: some other protocol, or garbage.
  kBadKind,   // Neither a hello nor a sealed frame.
  // Hellos.
  kHelloBadMac,     // Not from this pair, or damaged.
  kHelloVersion,    // No protocol version in common.
  kHelloOwnNode,    // Our own index: reflected, or both nodes are configured alike.
  kHelloBadNode,    // Index out of range.
  kHelloGroupFull,  // A third node; pairs only in this release.
  kHelloMalformed,  // A count or reserved field breaks a rule.
  kHelloUnproven,   // Does not echo a nonce of ours: may be a replay. Answered, nothing else.
  kHelloStale,      // Echoes a nonce that is no longer in use; nothing to gain by an answer.
  kHelloDuplicate,  // Belongs to keys that exist already.
  kHelloBadShare,   // X25519 share of small order.
  // Sealed frames.
  kNoKey,       // No keys, or none of this phase.
  kBadVersion,  // Clear header of another protocol version.
  kBadStream,
  kReplayed,  // Packet number seen before, zero, or older than the window.
  kBadSeal,   // AEAD failed: forged, damaged, or of another key.
  kStaleKey,  // Keys were retired while the frame was being opened.
  kBadEmpty,  // Authentic and without plaintext, yet no confirmation and no link report.
  kCount,
};
inline constexpr std::size_t kSealVerdictCount = static_cast<std::size_t>(SealVerdict::kCount);

// Name as shown by `lockstepctl stats`, lower case with dashes.
[[nodiscard]] std::string_view NameOf(SealVerdict verdict) noexcept;

}  // namespace statesync
