// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The digits that two operators compare, and the commitment that leaves somebody between the nodes
// a single try: devices/PAIRING.md.
//
// Threads: functions only.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace configsync {

inline constexpr std::uint32_t kPairingProtocol = 1;
inline constexpr std::size_t kPairingNonceBytes = 32;
inline constexpr std::size_t kPairingCommitmentBytes = 32;
inline constexpr std::size_t kPairingCodeDigits = 6;

// What both sides have seen. Certificates as their SHA-256, 64 hexadecimal digits, as this side saw
// them on the connection; "caller" began.
struct PairingTranscript {
  std::string caller_nonce, answerer_nonce;
  std::string caller_certificate, answerer_certificate;
};

// Six digits each, never the same.
struct PairingCodes {
  std::string caller;    // The caller shows it; typed at the answerer.
  std::string answerer;  // The other way round.
};

// Errors: kUnavailable: no randomness.
[[nodiscard]] absl::StatusOr<std::string> RandomPairingNonce();
[[nodiscard]] std::string PairingCommitment(std::string_view caller_nonce,
                                            std::string_view caller_certificate);
[[nodiscard]] PairingCodes PairingCodesOf(const PairingTranscript& transcript);

}  // namespace configsync
