// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/seal/keys.h"

#include <algorithm>
#include <cstring>

#include "statesync/ensure.h"
#include "statesync/wire/bytes.h"

namespace statesync {
namespace {

// Labels end in the version of the schedule, not of the protocol: a change of either is a new
// label.
constexpr std::string_view kPairSalt = "lockstep pair v1";
constexpr std::string_view kHelloLabel = "hello";
constexpr std::string_view kHa1Label = "ha1 heartbeat";
constexpr std::string_view kDigestLabel = "digest";
constexpr std::string_view kLowLabel = "low to high";
constexpr std::string_view kHighLabel = "high to low";

Bytes BytesOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

void HkdfExtract(Primitives& primitives, Bytes salt, std::span<const Bytes> input,
                 SecretBytes<kHashBytes>& out) noexcept {
  Hash hash;
  primitives.Hmac(salt, input, hash);
  std::copy(hash.begin(), hash.end(), out.bytes().begin());
  Wipe(hash);
}

void HkdfExpand(Primitives& primitives, const SecretBytes<kHashBytes>& key, std::string_view info,
                std::span<std::uint8_t> out) noexcept {
  ENSURE(out.size() <= 255 * kHashBytes);
  Hash block{};
  std::size_t block_bytes = 0;  // T(0) is empty.
  std::uint8_t counter = 0;
  for (std::size_t done = 0; done < out.size();) {
    ++counter;
    const std::array<Bytes, 3> parts{Bytes(block.data(), block_bytes), BytesOf(info),
                                     Bytes(&counter, 1)};
    Hash next;
    primitives.Hmac(key.bytes(), parts, next);
    block = next;
    block_bytes = kHashBytes;
    const std::size_t take = std::min(out.size() - done, kHashBytes);
    std::copy_n(block.begin(), take, out.begin() + static_cast<std::ptrdiff_t>(done));
    done += take;
    Wipe(next);
  }
  Wipe(block);
}

PairKeys DerivePairKeys(Primitives& primitives, const PairSecret& secret) noexcept {
  SecretBytes<kHashBytes> root;
  const std::array<Bytes, 1> input{secret.bytes()};
  HkdfExtract(primitives, BytesOf(kPairSalt), input, root);
  PairKeys keys;
  HkdfExpand(primitives, root, kHelloLabel, keys.hello.bytes());
  HkdfExpand(primitives, root, kHa1Label, keys.ha1.bytes());
  HkdfExpand(primitives, root, kDigestLabel, keys.digest.bytes());
  return keys;
}

DirectionKeys DeriveDirectionKeys(Primitives& primitives, const PairSecret& secret,
                                  const CurveShared& shared, const OfferHash& low,
                                  const OfferHash& high) noexcept {
  std::array<std::uint8_t, 2 * kHashBytes> salt;
  std::copy(low.begin(), low.end(), salt.begin());
  std::copy(high.begin(), high.end(), salt.begin() + kHashBytes);
  const std::array<Bytes, 2> input{secret.bytes(), shared.bytes()};
  SecretBytes<kHashBytes> root;
  HkdfExtract(primitives, salt, input, root);
  DirectionKeys keys;
  HkdfExpand(primitives, root, kLowLabel, keys.low_to_high.bytes());
  HkdfExpand(primitives, root, kHighLabel, keys.high_to_low.bytes());
  return keys;
}

Nonce MakeNonce(std::uint16_t stream, std::uint64_t packet_number) noexcept {
  struct Layout {
    U32be stream;
    U64be packet_number;
  };
  static_assert(sizeof(Layout) == kNonceBytes);
  const Layout layout{U32be(stream), U64be(packet_number)};
  Nonce nonce;
  std::memcpy(nonce.data(), &layout, sizeof(layout));
  return nonce;
}

}  // namespace statesync
