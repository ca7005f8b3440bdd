// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// OpenSSL behind our interfaces, against published vectors: RFC 4231, RFC 7748, and the AES-GCM
// test cases of McGrew and Viega.

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/crypto/aes_gcm.h"
#include "dataplane/crypto/openssl_primitives.h"
#include "statesync/seal/handshake.h"
#include "statesync/wire/schema.h"
#include "tests/golden/hex_file.h"

namespace dataplane {
namespace {

using statesync::Bytes;

std::vector<std::uint8_t> FromHex(const std::string& hex) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// Bytes of a file of tests/golden.
std::vector<std::uint8_t> Golden(const char* name) {
  std::vector<std::uint8_t> bytes;
  for (const std::byte byte : statesync::ReadHex(name)) {
    bytes.push_back(std::to_integer<std::uint8_t>(byte));
  }
  return bytes;
}

template <std::size_t Count>
statesync::SecretBytes<Count> SecretFromHex(const std::string& hex) {
  statesync::SecretBytes<Count> secret;
  std::ranges::copy(FromHex(hex), secret.bytes().begin());
  return secret;
}

TEST(OpensslPrimitives, HmacMatchesRfc4231Case2InAnySplit) {
  OpensslPrimitives primitives;
  const std::vector<std::uint8_t> key = FromHex("4a656665");
  const std::string text = "what do ya want for nothing?";
  const Bytes all(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  const auto expected = FromHex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  for (std::size_t split = 0; split <= all.size(); ++split) {
    const std::array<Bytes, 2> parts{all.first(split), all.subspan(split)};
    statesync::Hash hash;
    primitives.Hmac(key, parts, hash);
    EXPECT_TRUE(std::ranges::equal(hash, expected)) << split;
  }
}

TEST(OpensslPrimitives, BothEndsOfTheCurveAgree) {
  OpensslPrimitives primitives;
  statesync::CurvePrivate alice;
  statesync::CurvePrivate bob;
  primitives.Random(alice.bytes());
  primitives.Random(bob.bytes());
  statesync::PublicValue a{};
  statesync::PublicValue b{};
  primitives.CurvePublicOf(alice, a);
  primitives.CurvePublicOf(bob, b);
  statesync::CurveShared one;
  statesync::CurveShared two;
  ASSERT_TRUE(primitives.CurveSharedOf(alice, b, one));
  ASSERT_TRUE(primitives.CurveSharedOf(bob, a, two));
  EXPECT_TRUE(statesync::EqualInConstantTime(one.bytes(), two.bytes()));
}

// RFC 7748 §5.2, first vector: scalar, u-coordinate, product.
TEST(OpensslPrimitives, CurveMatchesRfc7748) {
  OpensslPrimitives primitives;
  const auto scalar =
      SecretFromHex<32>("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
  statesync::PublicValue point;
  std::ranges::copy(FromHex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
                    point.begin());
  statesync::CurveShared product;
  ASSERT_TRUE(primitives.CurveSharedOf(scalar, point, product));
  EXPECT_TRUE(std::ranges::equal(
      product.bytes(),
      FromHex("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")));
}

TEST(OpensslPrimitives, AShareOfSmallOrderIsRefused) {
  OpensslPrimitives primitives;
  statesync::CurvePrivate secret;
  primitives.Random(secret.bytes());
  statesync::CurveShared shared;
  EXPECT_FALSE(primitives.CurveSharedOf(secret, statesync::PublicValue{}, shared));
  EXPECT_FALSE(primitives.CurveSharedOf(secret, statesync::PublicValue{1}, shared));
}

TEST(OpensslPrimitives, RandomFillsEveryByte) {
  OpensslPrimitives primitives;
  std::array<std::uint8_t, 32> seen{};
  for (int i = 0; i < 32; ++i) {
    std::array<std::uint8_t, 32> bytes{};
    primitives.Random(bytes);
    for (std::size_t j = 0; j < bytes.size(); ++j) seen[j] |= bytes[j];
  }
  EXPECT_TRUE(std::ranges::all_of(seen, [](std::uint8_t byte) { return byte != 0; }));
}

TEST(AesGcm, MatchesTestCase16) {
  AesGcm cipher(
      SecretFromHex<32>("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
  statesync::Nonce nonce;
  std::ranges::copy(FromHex("cafebabefacedbaddecaf888"), nonce.begin());
  const auto header = FromHex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const auto plain = FromHex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
      "b525b16aedf5aa0de657ba637b39");
  auto text = plain;
  std::array<std::uint8_t, kGcmTagBytes> tag;
  cipher.Seal(nonce, header, text, tag);
  EXPECT_EQ(text, FromHex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48"
                          "590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"));
  EXPECT_TRUE(std::ranges::equal(tag, FromHex("76fc6ece0f4e1768cddf8853bb2d551b")));
  EXPECT_TRUE(cipher.Open(nonce, header, text, tag));
  EXPECT_EQ(text, plain);
}

TEST(AesGcm, AnyAlteredByteIsNoticedAndTheTextIsZeroed) {
  statesync::DirectionKey key;
  AesGcm cipher(key);
  const statesync::Nonce nonce = statesync::MakeNonce(1, 2);
  std::vector<std::uint8_t> header(16, 3);
  std::vector<std::uint8_t> text(40, 4);
  std::array<std::uint8_t, kGcmTagBytes> tag;
  cipher.Seal(nonce, header, text, tag);
  for (std::size_t i = 0; i < header.size() + text.size() + tag.size(); ++i) {
    auto h = header;
    auto t = text;
    auto g = tag;
    if (i < h.size()) {
      h[i] ^= 1;
    } else if (i < h.size() + t.size()) {
      t[i - h.size()] ^= 1;
    } else {
      g[i - h.size() - t.size()] ^= 1;
    }
    EXPECT_FALSE(cipher.Open(nonce, h, t, g)) << i;
    EXPECT_TRUE(std::ranges::all_of(t, [](std::uint8_t byte) { return byte == 0; }));
  }
  EXPECT_FALSE(cipher.Open(statesync::MakeNonce(1, 3), header, text, tag));
}

// The bytes are from another program: this pins nonce and AAD of PROTOCOL.md §3, not just the
// cipher.
TEST(AesGcm, OpensTheGoldenDatagram) {
  std::vector<std::uint8_t> datagram = Golden("sealed_datagram_v1.hex");
  constexpr std::size_t kHeader = sizeof(statesync::ClearHeader);
  ASSERT_GT(datagram.size(), kHeader + kGcmTagBytes);
  const std::span header = std::span(datagram).first(kHeader);
  EXPECT_EQ(Golden("clear_header_v1.hex"), std::vector(header.begin(), header.end()));
  const std::span tag = std::span(datagram).last<kGcmTagBytes>();
  const std::span text =
      std::span(datagram).subspan(kHeader, datagram.size() - kHeader - kGcmTagBytes);
  statesync::ClearHeader clear;
  std::memcpy(static_cast<void*>(&clear), datagram.data(), kHeader);
  const statesync::Nonce nonce =
      statesync::MakeNonce(clear.stream.Get(), clear.packet_number.Get());
  AesGcm cipher(
      SecretFromHex<32>("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
  ASSERT_TRUE(cipher.Open(nonce, header, text, tag));
  EXPECT_EQ(Golden("frame_v1.hex"), std::vector(text.begin(), text.end()));
}

TEST(AesGcm, AFrameWithoutTextIsSealedAndOpened) {
  AesGcm cipher{statesync::DirectionKey{}};
  const statesync::Nonce nonce = statesync::MakeNonce(0, 1);
  const std::vector<std::uint8_t> header(16, 3);
  std::array<std::uint8_t, kGcmTagBytes> tag;
  cipher.Seal(nonce, header, {}, tag);
  EXPECT_TRUE(cipher.Open(nonce, header, {}, tag));
  tag[0] ^= 1;
  EXPECT_FALSE(cipher.Open(nonce, header, {}, tag));
}

// The whole way once with the real primitives: two hellos each, keys, one frame.
TEST(OpensslPrimitives, CarryAHandshakeAndAFrame) {
  OpensslPrimitives primitives;
  statesync::PairSecret secret;
  primitives.Random(secret.bytes());
  statesync::Handshake a(primitives, secret, {.node = 0, .boot_id = 1});
  statesync::Handshake b(primitives, secret, {.node = 1, .boot_id = 2});
  const statesync::Instant now{1};
  const auto pass = [&](statesync::Handshake& from, statesync::Handshake& to) {
    std::vector<std::uint8_t> hello(statesync::kHelloDatagramBytes);
    const std::size_t bytes = from.TakeHello(now, hello);
    return to.OnHello(now, Bytes(hello).first(bytes)).verdict;
  };
  EXPECT_EQ(pass(a, b), statesync::SealVerdict::kHelloUnproven);
  EXPECT_EQ(pass(b, a), statesync::SealVerdict::kAccepted);
  EXPECT_EQ(pass(a, b), statesync::SealVerdict::kAccepted);
  std::array<statesync::KeyChange, 1> key_a;
  std::array<statesync::KeyChange, 1> key_b;
  ASSERT_EQ(a.TakeKeyChanges(key_a), 1u);
  ASSERT_EQ(b.TakeKeyChanges(key_b), 1u);
  AesGcm sealing(key_a[0].send);
  AesGcm opening(key_b[0].receive);
  const statesync::SealTicket ticket = a.NextConfirmSeal(0);
  ASSERT_TRUE(ticket.ready);
  std::vector<std::uint8_t> text{'h', 'i'};
  std::array<std::uint8_t, kGcmTagBytes> tag;
  sealing.Seal(ticket.nonce, {}, text, tag);
  EXPECT_TRUE(opening.Open(ticket.nonce, {}, text, tag));
  EXPECT_EQ(text[1], 'i');
}

// OpenSSL's, but for randomness: a byte is `phase`, then come a private value and a nonce, which
// count up from `first`.
class Rehearsed final : public statesync::Primitives {
 public:
  Rehearsed(std::uint8_t phase, std::uint8_t first) : phase_(phase), next_(first) {}
  void Random(std::span<std::uint8_t> out) noexcept override {
    for (std::uint8_t& byte : out) byte = out.size() == 1 ? phase_ : next_++;
  }
  void CurvePublicOf(const statesync::CurvePrivate& secret,
                     statesync::PublicValue& out) noexcept override {
    openssl_.CurvePublicOf(secret, out);
  }
  bool CurveSharedOf(const statesync::CurvePrivate& secret, const statesync::PublicValue& peer,
                     statesync::CurveShared& out) noexcept override {
    return openssl_.CurveSharedOf(secret, peer, out);
  }
  void Hmac(Bytes key, std::span<const Bytes> parts, statesync::Hash& out) noexcept override {
    openssl_.Hmac(key, parts, out);
  }

 private:
  OpensslPrimitives openssl_;
  std::uint8_t phase_;
  std::uint8_t next_;
};

statesync::Capabilities CapabilitiesOf(std::uint32_t term, statesync::Role role) {
  statesync::Capabilities capabilities{.stream_count = 4,
                                       .term = {term},
                                       .role = role,
                                       .datagram_bytes_max = 1'472,
                                       .id_map_digest = 0x1122334455667788,
                                       .table_count = 1};
  capabilities.tables[0] = {statesync::TableId::kSession, 1, 2, 131'072};
  return capabilities;
}

// Another program made hellos and keys from HANDSHAKE.md alone.
TEST(Golden, TheHandshakeOfThePageHasTheseBytesAndKeys) {
  Rehearsed first(4, 0x40);
  Rehearsed second(8, 0x80);
  const auto secret =
      SecretFromHex<32>("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  statesync::Handshake a(first, secret, {.node = 0, .boot_id = 0x0101010101010101});
  statesync::Handshake b(second, secret, {.node = 1, .boot_id = 0x0202020202020202});
  a.SetCapabilities(CapabilitiesOf(8, statesync::Role::kStandby));
  b.SetCapabilities(CapabilitiesOf(9, statesync::Role::kActive));
  const statesync::Instant now{1};
  std::vector<std::uint8_t> hello(statesync::kHelloDatagramBytes);
  ASSERT_EQ(a.TakeHello(now, hello), hello.size());
  EXPECT_EQ(hello, Golden("hello_v1.hex"));
  EXPECT_EQ(b.OnHello(now, hello).verdict, statesync::SealVerdict::kHelloUnproven);
  ASSERT_EQ(b.TakeHello(now, hello), hello.size());
  EXPECT_EQ(hello, Golden("hello_answer_v1.hex"));
  EXPECT_EQ(a.OnHello(now, hello).verdict, statesync::SealVerdict::kAccepted);
  std::array<statesync::KeyChange, 1> change;
  ASSERT_EQ(a.TakeKeyChanges(change), 1u);

  const statesync::PairKeys pair = statesync::DerivePairKeys(first, secret);
  std::vector<std::uint8_t> keys;
  const auto append = [&keys](auto bytes) { keys.insert(keys.end(), bytes.begin(), bytes.end()); };
  append(pair.hello.bytes());
  append(pair.ha1.bytes());
  append(pair.digest.bytes());
  append(change[0].send.bytes());
  append(change[0].receive.bytes());
  EXPECT_EQ(keys, Golden("handshake_keys_v1.hex"));
}

}  // namespace
}  // namespace dataplane
