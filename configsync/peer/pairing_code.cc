// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/pairing_code.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <initializer_list>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"

namespace configsync {
namespace {

constexpr std::uint64_t kCodes = 1'000'000;

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

// Parts behind the label have a fixed size each, so no two inputs are one text.
Digest DigestOf(std::string_view label, std::initializer_list<std::string_view> parts) {
  std::string input(label);
  for (const std::string_view part : parts) input.append(part);
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest.data());
  return digest;
}

std::string BytesOf(std::string_view hex) { return absl::HexStringToBytes(std::string(hex)); }

std::uint64_t NumberAt(const Digest& digest, std::size_t offset) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = number << 8 | digest[offset + i];
  return number % kCodes;
}

std::string Digits(std::uint64_t number) { return absl::StrFormat("%06d", number); }

}  // namespace

absl::StatusOr<std::string> RandomPairingNonce() {
  std::string nonce(kPairingNonceBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(nonce.data()), static_cast<int>(nonce.size())) !=
      1) {
    return absl::UnavailableError("pairing: the system has no randomness");
  }
  return nonce;
}

std::string PairingCommitment(std::string_view caller_nonce, std::string_view caller_certificate) {
  const Digest digest =
      DigestOf("lockstep pairing commitment 1", {caller_nonce, BytesOf(caller_certificate)});
  return {digest.begin(), digest.end()};
}

PairingCodes PairingCodesOf(const PairingTranscript& transcript) {
  const Digest digest =
      DigestOf("lockstep pairing code 1",
               {transcript.caller_nonce, transcript.answerer_nonce,
                BytesOf(transcript.caller_certificate), BytesOf(transcript.answerer_certificate)});
  const std::uint64_t caller = NumberAt(digest, 0);
  std::uint64_t answerer = NumberAt(digest, 8);
  if (answerer == caller) answerer = (answerer + 1) % kCodes;
  return {.caller = Digits(caller), .answerer = Digits(answerer)};
}

}  // namespace configsync
