// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which heartbeats are believed.

#include "dataplane/ha/heartbeat.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/crypto/openssl_primitives.h"

namespace dataplane {
namespace {

using statesync::HeartbeatPath;
using statesync::Statement;

class Speaker {
 public:
  Speaker(statesync::NodeIndex node, statesync::BootId boot, std::uint8_t key_fill = 7)
      : guard(primitives_, KeyOf(key_fill), node == 0 ? 1 : 0) {
    own.node = node;
    own.boot_id = boot;
    own.role = statesync::Role::kStandby;
    own.term = statesync::MakeTerm(3, node);
    own.standing = 2;
    own.priority = 120;
    own.synced = true;
    own.detection = statesync::Millis(30);
  }
  HeartbeatBuffer Beat(HeartbeatPath path = HeartbeatPath::kHa1) {
    HeartbeatBuffer buffer;
    guard.Make(own, path, buffer);
    return buffer;
  }
  BeatVerdict Hear(std::span<const std::uint8_t> beat, HeartbeatPath path = HeartbeatPath::kHa1) {
    return guard.Check(beat, path, heard);
  }
  static statesync::SecretBytes<statesync::kHashBytes> KeyOf(std::uint8_t fill) {
    statesync::SecretBytes<statesync::kHashBytes> key;
    for (std::uint8_t& byte : key.bytes()) byte = fill;
    return key;
  }

 private:
  OpensslPrimitives primitives_;

 public:
  HeartbeatGuard guard;
  Statement own;
  Statement heard;
};

// Exchanges beats until both believe the other.
void Meet(Speaker& a, Speaker& b) {
  (void)b.Hear(a.Beat());
  EXPECT_EQ(a.Hear(b.Beat()), BeatVerdict::kAccepted);
  EXPECT_EQ(b.Hear(a.Beat()), BeatVerdict::kAccepted);
}

TEST(Heartbeat, CarriesTheWholeStatement) {
  Speaker a(0, 100);
  Speaker b(1, 200);
  a.own.asks_takeover = true;
  Meet(a, b);
  EXPECT_EQ(b.heard.node, 0);
  EXPECT_EQ(b.heard.boot_id, 100u);
  EXPECT_EQ(b.heard.role, statesync::Role::kStandby);
  EXPECT_EQ(b.heard.term, statesync::MakeTerm(3, 0));
  EXPECT_EQ(b.heard.standing, 2);
  EXPECT_EQ(b.heard.priority, 120);
  EXPECT_TRUE(b.heard.synced);
  EXPECT_TRUE(b.heard.asks_takeover);
  EXPECT_EQ(b.heard.detection, statesync::Millis(30));
}

TEST(Heartbeat, TheFirstWordsOfARunProveNothing) {
  Speaker a(0, 100);
  Speaker b(1, 200);
  EXPECT_EQ(b.Hear(a.Beat()), BeatVerdict::kUnproven);
}

TEST(Heartbeat, EachIsTakenOnceAndOnlyOnItsPath) {
  Speaker a(0, 100);
  Speaker b(1, 200);
  Meet(a, b);
  const HeartbeatBuffer one = a.Beat();
  const HeartbeatBuffer two = a.Beat();
  EXPECT_EQ(b.Hear(two), BeatVerdict::kAccepted);
  EXPECT_EQ(b.Hear(two), BeatVerdict::kReplayed);
  EXPECT_EQ(b.Hear(one), BeatVerdict::kReplayed);
  EXPECT_EQ(b.Hear(a.Beat(HeartbeatPath::kHa1), HeartbeatPath::kHa1Backup), BeatVerdict::kBadField);
  EXPECT_EQ(b.Hear(a.Beat(HeartbeatPath::kHa1Backup), HeartbeatPath::kHa1Backup),
            BeatVerdict::kAccepted);
}

TEST(Heartbeat, ARestartedPeerIsBelievedAfterItEchoedTheChallenge) {
  Speaker a(0, 100);
  Speaker b(1, 200);
  Meet(a, b);
  Speaker again(0, 101);
  EXPECT_EQ(b.Hear(again.Beat()), BeatVerdict::kUnproven);
  EXPECT_EQ(again.Hear(b.Beat()), BeatVerdict::kAccepted);
  EXPECT_EQ(b.Hear(again.Beat()), BeatVerdict::kAccepted);
  EXPECT_EQ(b.heard.boot_id, 101u);
}

// Recorded beats of a dead run must not look like a restart: that would make the standby take over.
TEST(Heartbeat, RecordsOfAnEarlierRunAreNeverBelievedAgain) {
  Speaker a(0, 100);
  Speaker b(1, 200);
  std::vector<HeartbeatBuffer> recorded;
  Meet(a, b);
  for (int i = 0; i < 5; ++i) {
    (void)a.Hear(b.Beat());
    recorded.push_back(a.Beat());
    EXPECT_EQ(b.Hear(recorded.back()), BeatVerdict::kAccepted);
  }
  recorded.push_back(a.Beat());  // Was never delivered.
  Speaker again(0, 101);
  Meet(again, b);
  for (const HeartbeatBuffer& beat : recorded) EXPECT_EQ(b.Hear(beat), BeatVerdict::kUnproven);
  (void)again.Hear(b.Beat());
  EXPECT_EQ(b.Hear(again.Beat()), BeatVerdict::kAccepted);
}

TEST(Heartbeat, EveryFlippedBitAndEveryLengthIsRefused) {
  Speaker a(0, 100);
  Speaker b(1, 200);
  Meet(a, b);
  const HeartbeatBuffer beat = a.Beat();
  for (std::size_t i = 0; i < beat.size(); ++i) {
    HeartbeatBuffer altered = beat;
    altered[i] ^= 0x10;
    const BeatVerdict verdict = b.Hear(altered);
    EXPECT_TRUE(verdict == BeatVerdict::kBadMac || verdict == BeatVerdict::kBadForm) << i;
  }
  for (std::size_t bytes = 0; bytes <= 600; ++bytes) {
    if (bytes == beat.size()) continue;
    std::vector<std::uint8_t> cut(beat.begin(), beat.end());
    cut.resize(bytes);
    EXPECT_NE(b.Hear(cut), BeatVerdict::kAccepted) << bytes;
  }
  EXPECT_EQ(b.Hear(beat), BeatVerdict::kAccepted);
}

TEST(Heartbeat, AnotherPairsOwnOrThirdNodesAreRefused) {
  Speaker b(1, 200);
  Speaker stranger(0, 100, /*key_fill=*/8);
  EXPECT_EQ(b.Hear(stranger.Beat()), BeatVerdict::kBadMac);
  Speaker twin(1, 201);
  EXPECT_EQ(b.Hear(twin.Beat()), BeatVerdict::kBadNode);
  EXPECT_EQ(b.Hear(b.Beat()), BeatVerdict::kBadNode);
  Speaker third(2, 202);
  EXPECT_EQ(b.Hear(third.Beat()), BeatVerdict::kBadNode);
}

TEST(Heartbeat, VerdictsHaveNames) {
  for (std::size_t i = 0; i < kBeatVerdictCount; ++i) {
    EXPECT_FALSE(NameOf(static_cast<BeatVerdict>(i)).empty());
  }
}

// Gives fixed "random" bytes, so that a heartbeat is the same every time.
class FixedRandom final : public statesync::Primitives {
 public:
  void Random(std::span<std::uint8_t> out) noexcept override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(0xa0 + i);
  }
  void CurvePublicOf(const statesync::CurvePrivate&, statesync::PublicValue&) noexcept override {}
  bool CurveSharedOf(const statesync::CurvePrivate&, const statesync::PublicValue&,
                     statesync::CurveShared&) noexcept override {
    return false;
  }
  void Hmac(statesync::Bytes key, std::span<const statesync::Bytes> parts,
            statesync::Hash& out) noexcept override {
    real.Hmac(key, parts, out);
  }
  OpensslPrimitives real;
};

// Written by hand from ROLES.md, "HA1"; the last line is
// `echo -n BODY | xxd -r -p | openssl dgst -sha256 -mac hmac -macopt hexkey:0707…07`.
TEST(Heartbeat, GoldenV1) {
  const std::string expected =
      "4c48"
      "01"
      "00"
      "01"
      "02"
      "02"
      "64"  // magic, version, path, node, role, standing, prio
      "000019"
      "03"
      "001e"
      "0000"              // term (round 3, node 1), flags, 30 ms, reserved
      "0102030405060708"  // boot id
      "0000000000000001"  // sequence
      "a7a6a5a4a3a2a1a0"  // challenge (little-endian load of a0…a7)
      "0000000000000000"  // echo
      "23572aeede09b3a3f2ce3dd7aa070b0de5a5a983f3f61dbb7652bb8ee8b2a534";
  FixedRandom primitives;
  HeartbeatGuard guard(primitives, Speaker::KeyOf(7), 0);
  Statement own;
  own.node = 1;
  own.boot_id = 0x0102030405060708;
  own.role = statesync::Role::kActive;
  own.term = statesync::MakeTerm(3, 1);
  own.standing = 2;
  own.priority = 100;
  own.synced = true;
  own.asks_takeover = true;
  own.detection = statesync::Millis(30);
  HeartbeatBuffer buffer;
  guard.Make(own, HeartbeatPath::kHa1, buffer);
  std::string hex;
  for (const std::uint8_t byte : buffer) {
    static constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  EXPECT_EQ(hex, expected);
}

}  // namespace
}  // namespace dataplane
