// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the handshake needs from a crypto library and from the machine's random source, injected so
// that statesync stays a function of its inputs (I1). The dataplane gives OpenSSL, tests give a
// seeded stand-in.
//
// Threads: called by the thread that drives the handshake.  Memory: SecretBytes wipes itself.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace statesync {

inline constexpr std::size_t kHashBytes = 32;   // SHA-256.
inline constexpr std::size_t kCurveBytes = 32;  // X25519: private, public and shared values.
inline constexpr std::size_t kPairSecretBytes = 32;

using Bytes = std::span<const std::uint8_t>;
using Hash = std::array<std::uint8_t, kHashBytes>;
using PublicValue = std::array<std::uint8_t, kCurveBytes>;

// Overwrites memory in a way the compiler may not drop, even before a free.
void Wipe(std::span<std::uint8_t> bytes) noexcept;

// Equality in time that depends on the length only. Different lengths are never equal.
[[nodiscard]] bool EqualInConstantTime(Bytes a, Bytes b) noexcept;

// A fixed number of secret bytes: moves wipe the source, destruction wipes the rest.
template <std::size_t Count>
class SecretBytes {
 public:
  SecretBytes() = default;
  SecretBytes(const SecretBytes&) = default;
  SecretBytes& operator=(const SecretBytes&) = default;
  SecretBytes(SecretBytes&& other) noexcept : bytes_(other.bytes_) { Wipe(other.bytes_); }
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      Wipe(other.bytes_);
    }
    return *this;
  }
  ~SecretBytes() { Wipe(bytes_); }

  [[nodiscard]] std::span<std::uint8_t, Count> bytes() { return bytes_; }
  [[nodiscard]] std::span<const std::uint8_t, Count> bytes() const { return bytes_; }
  void Clear() { Wipe(bytes_); }

 private:
  std::array<std::uint8_t, Count> bytes_{};
};

using PairSecret = SecretBytes<kPairSecretBytes>;
using CurvePrivate = SecretBytes<kCurveBytes>;
using CurveShared = SecretBytes<kCurveBytes>;

class Primitives {
 public:
  virtual ~Primitives() = default;

  // Fills `out` with unpredictable bytes. Never fails: without entropy a node must not run.
  virtual void Random(std::span<std::uint8_t> out) noexcept = 0;

  // Public value of `secret` (RFC 7748; clamping is the library's). About 30 microseconds.
  virtual void CurvePublicOf(const CurvePrivate& secret, PublicValue& out) noexcept = 0;

  // Shared value of `secret` and the peer's public value. False if the result would be all zero
  // (a point of small order): such a share is refused.
  [[nodiscard]] virtual bool CurveSharedOf(const CurvePrivate& secret, const PublicValue& peer,
                                           CurveShared& out) noexcept = 0;

  // HMAC-SHA256 (RFC 2104) over the concatenation of `parts`.
  virtual void Hmac(Bytes key, std::span<const Bytes> parts, Hash& out) noexcept = 0;
};

}  // namespace statesync
