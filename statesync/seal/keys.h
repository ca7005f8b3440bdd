// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Key schedule: everything that is derived from the pair secret, each under a label of its own.
// HANDSHAKE.md, "Keys".
//
// Threads: values only.  Memory: every secret wipes itself.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "statesync/seal/primitives.h"

namespace statesync {

inline constexpr std::size_t kDirectionKeyBytes = 32;  // AES-256-GCM.
inline constexpr std::size_t kNonceBytes = 12;
inline constexpr std::size_t kDigestKeyBytes = 16;

using Nonce = std::array<std::uint8_t, kNonceBytes>;

// Key of one direction of one handshake.
using DirectionKey = SecretBytes<kDirectionKeyBytes>;

// Keys that last as long as the pair secret: the same after every boot, on both nodes.
struct PairKeys {
  SecretBytes<kHashBytes> hello;        // HMAC of hellos on HA2.
  SecretBytes<kHashBytes> ha1;          // HMAC of heartbeats on HA1.
  SecretBytes<kDigestKeyBytes> digest;  // Keyed sums over table entries.
};

// HKDF-Extract and HKDF-Expand with SHA-256 (RFC 5869).
void HkdfExtract(Primitives& primitives, Bytes salt, std::span<const Bytes> input,
                 SecretBytes<kHashBytes>& out) noexcept;
// REQUIRES: out.size() <= 255 * 32.
void HkdfExpand(Primitives& primitives, const SecretBytes<kHashBytes>& key, std::string_view info,
                std::span<std::uint8_t> out) noexcept;

[[nodiscard]] PairKeys DerivePairKeys(Primitives& primitives, const PairSecret& secret) noexcept;

// Hash of one hello as it enters the key schedule: all of it but the echo, which changes while the
// attempt it belongs to stays the same, and the MAC.
using OfferHash = Hash;

// Keys of both directions of one handshake: low = sent by the node with the lower index.
struct DirectionKeys {
  DirectionKey low_to_high;
  DirectionKey high_to_low;
};
[[nodiscard]] DirectionKeys DeriveDirectionKeys(Primitives& primitives, const PairSecret& secret,
                                                const CurveShared& shared, const OfferHash& low,
                                                const OfferHash& high) noexcept;

// Nonce of a sealed frame: stream (4 bytes), packet number (8 bytes), big endian.
[[nodiscard]] Nonce MakeNonce(std::uint16_t stream, std::uint64_t packet_number) noexcept;

}  // namespace statesync
