// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Primitives for tests without a crypto library: a real SHA-256, a seeded generator, and in place
// of X25519 a Diffie-Hellman modulo a small prime. Deterministic; worthless as protection.

#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "statesync/seal/primitives.h"

namespace statesync::testing {

// FIPS 180-4, one shot.
inline Hash Sha256(const std::vector<std::uint8_t>& message) {
  static constexpr std::uint32_t kRound[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
      0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
      0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
      0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
      0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
      0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
      0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
      0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
      0xc67178f2};
  std::uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::vector<std::uint8_t> data = message;
  const std::uint64_t bits = 8 * static_cast<std::uint64_t>(message.size());
  data.push_back(0x80);
  while (data.size() % 64 != 56) data.push_back(0);
  for (int i = 7; i >= 0; --i) data.push_back(static_cast<std::uint8_t>(bits >> (8 * i)));
  const auto rotate = [](std::uint32_t x, int n) { return (x >> n) | (x << (32 - n)); };
  for (std::size_t offset = 0; offset < data.size(); offset += 64) {
    std::uint32_t w[64];
    for (std::size_t i = 0; i < 16; ++i) {
      w[i] = 0;
      for (std::size_t j = 0; j < 4; ++j) w[i] = (w[i] << 8) | data[offset + 4 * i + j];
    }
    for (std::size_t i = 16; i < 64; ++i) {
      const std::uint32_t a = w[i - 15];
      const std::uint32_t b = w[i - 2];
      w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3)) + w[i - 7] +
             (rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10));
    }
    std::uint32_t v[8];
    std::memcpy(v, h, sizeof(v));
    for (std::size_t i = 0; i < 64; ++i) {
      const std::uint32_t t1 = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) +
                               ((v[4] & v[5]) ^ (~v[4] & v[6])) + kRound[i] + w[i];
      const std::uint32_t t2 = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) +
                               ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      for (std::size_t j = 7; j > 0; --j) v[j] = v[j - 1];
      v[4] += t1;
      v[0] = t1 + t2;
    }
    for (std::size_t i = 0; i < 8; ++i) h[i] += v[i];
  }
  Hash hash;
  for (std::size_t i = 0; i < 32; ++i) {
    hash[i] = static_cast<std::uint8_t>(h[i / 4] >> (24 - 8 * (i % 4)));
  }
  return hash;
}

inline Hash HmacSha256(Bytes key, std::span<const Bytes> parts) {
  std::vector<std::uint8_t> padded(key.begin(), key.end());
  if (padded.size() > 64) {
    const Hash hash = Sha256(padded);
    padded.assign(hash.begin(), hash.end());
  }
  padded.resize(64, 0);
  std::vector<std::uint8_t> inner;
  std::vector<std::uint8_t> outer;
  for (const std::uint8_t byte : padded) {
    inner.push_back(byte ^ 0x36);
    outer.push_back(byte ^ 0x5c);
  }
  for (const Bytes part : parts) inner.insert(inner.end(), part.begin(), part.end());
  const Hash hash = Sha256(inner);
  outer.insert(outer.end(), hash.begin(), hash.end());
  return Sha256(outer);
}

class ToyPrimitives final : public Primitives {
 public:
  explicit ToyPrimitives(std::uint64_t seed) : random_(seed) {}

  void Random(std::span<std::uint8_t> out) noexcept override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random_());
  }
  void CurvePublicOf(const CurvePrivate& secret, PublicValue& out) noexcept override {
    out.fill(0);
    Store(Power(7, Load(secret.bytes())), out);
  }
  [[nodiscard]] bool CurveSharedOf(const CurvePrivate& secret, const PublicValue& peer,
                                   CurveShared& out) noexcept override {
    if (Load(peer) % kPrime == 0) return false;
    Store(Power(Load(peer), Load(secret.bytes())), out.bytes());
    return true;
  }
  void Hmac(Bytes key, std::span<const Bytes> parts, Hash& out) noexcept override {
    ++hmac_count;
    out = HmacSha256(key, parts);
  }

  int hmac_count = 0;

 private:
  static constexpr std::uint64_t kPrime = 4'294'967'291;  // Below 2^32, so products fit.

  static std::uint64_t Load(Bytes bytes) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof(value));
    return value;
  }
  static void Store(std::uint64_t value, std::span<std::uint8_t> out) {
    std::memcpy(out.data(), &value, sizeof(value));
  }
  static std::uint64_t Power(std::uint64_t base, std::uint64_t exponent) {
    std::uint64_t result = 1;
    base %= kPrime;
    for (exponent %= kPrime - 1; exponent != 0; exponent >>= 1) {
      if (exponent & 1) result = result * base % kPrime;
      base = base * base % kPrime;
    }
    return result;
  }

  std::mt19937_64 random_;
};

}  // namespace statesync::testing
