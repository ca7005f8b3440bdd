// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Rules of the handshake one by one. handshake_link_test.cc has bad links and long runs.

#include "statesync/seal/handshake.h"

#include <gtest/gtest.h>

#include "tests/unit/seal/seal_node.h"

namespace statesync::testing {
namespace {

Datagram FirstHello(SealNode& node, Instant now) {
  const std::vector<Datagram> out = node.Turn(now);
  EXPECT_EQ(out.size(), 1u);
  return out.at(0);
}

class HandshakeTest : public ::testing::Test {
 protected:
  void Establish() {
    Exchange(a_, b_, now_, Millis(20));
    ASSERT_TRUE(a_.handshake->established());
    ASSERT_TRUE(b_.handshake->established());
  }
  void ExpectTraffic(SealNode& a, SealNode& b) {
    const std::size_t before = a.received.size() + b.received.size();
    b.Deliver(now_, a.Frame("ping").value());
    a.Deliver(now_, b.Frame("pong").value());
    EXPECT_EQ(a.received.size() + b.received.size(), before + 2);
  }

  SealNode a_{{.node = 0, .boot_id = 11, .seed = 1}};
  SealNode b_{{.node = 1, .boot_id = 22, .seed = 2}};
  Instant now_{Seconds(1).ns};
};

TEST_F(HandshakeTest, BothEndsGetKeysAndLearnTheOther) {
  Establish();
  EXPECT_EQ(a_.established_count, 1);
  EXPECT_EQ(a_.handshake->peer().node, 1);
  EXPECT_EQ(a_.handshake->peer().boot_id, 22u);
  EXPECT_EQ(b_.handshake->peer().capabilities.id_map_digest, 77u);
  ExpectTraffic(a_, b_);
}

TEST_F(HandshakeTest, DirectionsUseDifferentKeys) {
  Establish();
  EXPECT_NE(a_.SendKey(), b_.SendKey());
}

TEST_F(HandshakeTest, NoFrameOfTheEngineIsSealedBeforeThePeerConfirmed) {
  const Datagram hello_b = FirstHello(b_, now_);
  EXPECT_EQ(a_.Deliver(now_, hello_b), SealVerdict::kHelloUnproven);
  EXPECT_FALSE(a_.Frame("early").has_value());
}

TEST_F(HandshakeTest, AnotherPairIsCountedBeforeAnythingIsParsed) {
  SealNode stranger({.node = 1, .boot_id = 33, .seed = 3, .secret = 0x11});
  Datagram hello = FirstHello(stranger, now_);
  EXPECT_EQ(a_.Deliver(now_, hello), SealVerdict::kHelloBadMac);
  // A node index that would be refused later does not matter: the MAC comes first.
  hello[sizeof(ClearHeader) + offsetof(HelloBody, node)] = 200;
  EXPECT_EQ(a_.Deliver(now_, hello), SealVerdict::kHelloBadMac);
  EXPECT_EQ(a_.count(SealVerdict::kHelloBadMac), 2u);
  EXPECT_EQ(a_.handshake->counters().answers_sent, 0u);
}

TEST_F(HandshakeTest, EveryFlippedBitOfAHelloIsNoticed) {
  const Datagram hello = FirstHello(b_, now_);
  for (std::size_t i = 0; i < hello.size(); ++i) {
    Datagram altered = hello;
    altered[i] ^= 0x04;
    const SealVerdict verdict = a_.handshake->OnHello(now_, altered).verdict;
    EXPECT_TRUE(verdict == SealVerdict::kHelloBadMac || verdict == SealVerdict::kBadMagic ||
                verdict == SealVerdict::kBadKind)
        << i << ": " << NameOf(verdict);
  }
}

TEST_F(HandshakeTest, EveryLengthIsSurvived) {
  const Datagram hello = FirstHello(b_, now_);
  for (std::size_t bytes = 0; bytes <= 1500; ++bytes) {
    Datagram cut = hello;
    cut.resize(bytes);
    if (bytes == hello.size()) continue;
    EXPECT_NE(a_.handshake->OnHello(now_, cut).verdict, SealVerdict::kHelloUnproven) << bytes;
    EXPECT_NE(a_.handshake->PrepareOpen(cut).verdict, SealVerdict::kAccepted) << bytes;
  }
}

TEST_F(HandshakeTest, OwnIndexIsRefused) {
  SealNode twin({.node = 0, .boot_id = 44, .seed = 4});
  EXPECT_EQ(a_.Deliver(now_, FirstHello(twin, now_)), SealVerdict::kHelloOwnNode);
  EXPECT_EQ(a_.Deliver(now_, FirstHello(a_, now_)), SealVerdict::kHelloOwnNode);
}

TEST_F(HandshakeTest, AThirdNodeIsRefused) {
  Establish();
  SealNode third({.node = 2, .boot_id = 55, .seed = 5});
  EXPECT_EQ(a_.Deliver(now_, FirstHello(third, now_)), SealVerdict::kHelloGroupFull);
}

TEST_F(HandshakeTest, AHelloOfALaterVersionIsReadByItsPrefix) {
  // The body grew by 16 bytes, the MAC is at the end, and version 1 is still spoken.
  ToyPrimitives primitives(9);
  const PairKeys keys = DerivePairKeys(primitives, SecretOf(0x5a));
  const Datagram first = FirstHello(b_, now_);
  Datagram hello(first.begin(), first.end() - kHelloMacBytes);
  hello[sizeof(ClearHeader) + offsetof(HelloBody, version_max)] = 9;
  hello.insert(hello.end(), 16, 0xee);
  const Hash mac = HmacSha256(keys.hello.bytes(), std::vector<Bytes>{Bytes(hello)});
  hello.insert(hello.end(), mac.begin(), mac.end());
  EXPECT_EQ(a_.Deliver(now_, hello), SealVerdict::kHelloUnproven);
}

TEST_F(HandshakeTest, NoCommonVersionIsRefused) {
  Capabilities capabilities;
  capabilities.version_min = kProtocolVersion + 1;
  capabilities.version_max = kProtocolVersion + 1;
  b_.handshake->SetCapabilities(capabilities);
  EXPECT_EQ(a_.Deliver(now_, FirstHello(b_, now_)), SealVerdict::kHelloVersion);
}

// Method: record every hello of a session, and play them all back, in order, several times.
TEST_F(HandshakeTest, ReplayedHellosChangeNothing) {
  std::vector<Datagram> recorded;
  for (int i = 0; i < 20; ++i, now_ = now_ + Millis(1)) {
    for (const Datagram& datagram : a_.Turn(now_)) {
      recorded.push_back(datagram);
      b_.Deliver(now_, datagram);
    }
    for (const Datagram& datagram : b_.Turn(now_)) a_.Deliver(now_, datagram);
  }
  ASSERT_TRUE(b_.handshake->established());
  // After a rekey the records are not even duplicates of what is in use.
  a_.handshake->RequestRekey();
  Exchange(a_, b_, now_, Millis(300));
  ASSERT_EQ(b_.rekeyed_count, 1);
  now_ = now_ + Seconds(2);
  Exchange(a_, b_, now_, Millis(2));
  const auto key_a = a_.SendKey();
  const auto key_b = b_.SendKey();
  const std::uint64_t answers = b_.handshake->counters().answers_sent;
  for (int round = 0; round < 5; ++round) {
    for (const Datagram& datagram : recorded) {
      b_.Deliver(now_, datagram);
      Exchange(a_, b_, now_, Millis(3));  // Answers reach the living peer, too.
    }
  }
  EXPECT_EQ(a_.SendKey(), key_a);
  EXPECT_EQ(b_.SendKey(), key_b);
  EXPECT_EQ(b_.established_count, 1);
  EXPECT_EQ(b_.rekeyed_count, 1);
  EXPECT_GT(b_.handshake->counters().answers_sent, answers);  // That was all they achieved.
  EXPECT_GT(a_.count(SealVerdict::kHelloStale), 0u);
  ExpectTraffic(a_, b_);
}

// The peer's earlier run is recorded; after its restart the records are worthless.
TEST_F(HandshakeTest, HellosOfAnEarlierRunCannotPassForARestart) {
  std::vector<Datagram> recorded;
  for (int i = 0; i < 20; ++i, now_ = now_ + Millis(1)) {
    for (const Datagram& datagram : a_.Turn(now_)) {
      recorded.push_back(datagram);
      b_.Deliver(now_, datagram);
    }
    for (const Datagram& datagram : b_.Turn(now_)) a_.Deliver(now_, datagram);
  }
  SealNode restarted({.node = 0, .boot_id = 12, .seed = 6});
  Exchange(restarted, b_, now_, Millis(200));
  ASSERT_EQ(b_.handshake->peer().boot_id, 12u);
  const int restarts = b_.restarts_seen;
  for (const Datagram& datagram : recorded) b_.Deliver(now_, datagram);
  Exchange(restarted, b_, now_, Millis(50));
  EXPECT_EQ(b_.handshake->peer().boot_id, 12u);
  EXPECT_EQ(b_.restarts_seen, restarts);
  ExpectTraffic(restarted, b_);
}

TEST_F(HandshakeTest, AnswersAreLimitedToTenASecondAndCounted) {
  for (int i = 0; i < 100; ++i, now_ = now_ + Millis(1)) {
    SealNode run({.node = 1,
                  .boot_id = 100u + static_cast<BootId>(i),
                  .seed = 100u + static_cast<std::uint64_t>(i)});
    a_.Deliver(now_, FirstHello(run, now_));
    (void)a_.Turn(now_);
  }
  EXPECT_EQ(a_.handshake->counters().answers_sent, 10u);
  EXPECT_EQ(a_.handshake->counters().answers_limited, 90u);
  EXPECT_EQ(a_.handshake->counters().keys_derived, 0u);
}

TEST_F(HandshakeTest, ARestartedPeerIsNoticedAtItsProvenHelloAndReplacesTheOldRun) {
  Establish();
  const Datagram old_frame = a_.Frame("from the dead").value();
  SealNode restarted({.node = 0, .boot_id = 12, .seed = 6});
  Exchange(restarted, b_, now_, Millis(200));
  EXPECT_EQ(b_.restarts_seen, 1);
  EXPECT_EQ(b_.established_count, 2);
  EXPECT_EQ(b_.handshake->peer().boot_id, 12u);
  ExpectTraffic(restarted, b_);
  const SealVerdict verdict = b_.Deliver(now_, old_frame);
  EXPECT_TRUE(verdict == SealVerdict::kNoKey || verdict == SealVerdict::kBadSeal);
}

TEST_F(HandshakeTest, RekeyChangesKeysWithoutLosingFramesInFlight) {
  Establish();
  const auto key_before = a_.SendKey();
  const Datagram in_flight = a_.Frame("late").value();
  a_.handshake->RequestRekey();
  Exchange(a_, b_, now_, Millis(300));
  EXPECT_NE(a_.SendKey(), key_before);
  EXPECT_EQ(a_.rekeyed_count, 1);
  EXPECT_EQ(b_.rekeyed_count, 1);
  EXPECT_EQ(b_.established_count, 1);  // Streams go on.
  EXPECT_EQ(b_.Deliver(now_, in_flight), SealVerdict::kAccepted);
  ExpectTraffic(a_, b_);
}

TEST_F(HandshakeTest, OldKeysAreForgottenAfterTheirLifetime) {
  Establish();
  const Datagram in_flight = a_.Frame("very late").value();
  a_.handshake->RequestRekey();
  Exchange(a_, b_, now_, Millis(300));
  now_ = now_ + Seconds(2);
  Exchange(a_, b_, now_, Millis(2));
  EXPECT_EQ(b_.Deliver(now_, in_flight), SealVerdict::kNoKey);
  EXPECT_EQ(b_.contexts.size(), 1u);
}

TEST_F(HandshakeTest, SixteenRekeysUseEveryPhase) {
  Establish();
  for (int i = 0; i < 40; ++i) {
    (i % 2 == 0 ? a_ : b_).handshake->RequestRekey();
    Exchange(a_, b_, now_, Millis(200));
    ASSERT_EQ(a_.rekeyed_count, i + 1);
    ExpectTraffic(a_, b_);
  }
}

TEST_F(HandshakeTest, AgeBeginsARekey) {
  Establish();
  now_ = now_ + Seconds(3601);
  Exchange(a_, b_, now_, Millis(300));
  EXPECT_EQ(a_.rekeyed_count, 1);
}

TEST_F(HandshakeTest, AFrameIsAcceptedOnceEvenWithinOneBurst) {
  Establish();
  const Datagram frame = a_.Frame("once").value();
  const OpenTicket first = b_.handshake->PrepareOpen(frame);
  const OpenTicket second = b_.handshake->PrepareOpen(frame);
  ASSERT_EQ(second.verdict, SealVerdict::kAccepted);  // Not yet committed.
  EXPECT_EQ(b_.handshake->CommitOpen(now_, first, true).verdict, SealVerdict::kAccepted);
  EXPECT_EQ(b_.handshake->CommitOpen(now_, second, true).verdict, SealVerdict::kReplayed);
  EXPECT_EQ(b_.Deliver(now_, frame), SealVerdict::kReplayed);
}

TEST_F(HandshakeTest, AForgedFrameDoesNotMoveTheReplayWindow) {
  Establish();
  Datagram forged = a_.Frame("text").value();
  forged.back() ^= 1;
  Datagram far = forged;
  far[sizeof(ClearHeader) - 7] = 0xff;  // A packet number far ahead.
  EXPECT_EQ(b_.Deliver(now_, forged), SealVerdict::kBadSeal);
  EXPECT_EQ(b_.Deliver(now_, far), SealVerdict::kBadSeal);
  ExpectTraffic(a_, b_);
}

TEST_F(HandshakeTest, StreamsNumberTheirPacketsApart) {
  Establish();
  const Datagram one = a_.Frame("one", 1).value();
  const Datagram two = a_.Frame("two", 2).value();
  EXPECT_EQ(b_.Deliver(now_, two), SealVerdict::kAccepted);
  EXPECT_EQ(b_.Deliver(now_, one), SealVerdict::kAccepted);
}

TEST_F(HandshakeTest, ATicketOfRetiredKeysIsVoid) {
  Establish();
  const OpenTicket ticket = b_.handshake->PrepareOpen(a_.Frame("slow").value());
  SealNode restarted({.node = 0, .boot_id = 12, .seed = 6});
  Exchange(restarted, b_, now_, Millis(200));
  EXPECT_EQ(b_.handshake->CommitOpen(now_, ticket, true).verdict, SealVerdict::kStaleKey);
}

TEST_F(HandshakeTest, ClearHeaderRulesHaveTheirVerdicts) {
  Establish();
  const Datagram good = a_.Frame("text").value();
  const auto altered = [&](std::size_t offset, std::uint8_t value) {
    Datagram datagram = good;
    datagram[offset] = value;
    return b_.handshake->PrepareOpen(datagram).verdict;
  };
  EXPECT_EQ(altered(0, 0), SealVerdict::kBadMagic);
  EXPECT_EQ(altered(2, 9), SealVerdict::kBadVersion);
  EXPECT_EQ(altered(3, 0x70), SealVerdict::kBadKind);
  EXPECT_EQ(altered(3, (good[3] + 1) & 0x0f), SealVerdict::kNoKey);
  EXPECT_EQ(altered(4, 1), SealVerdict::kBadStream);
  Datagram zero = good;
  std::fill(zero.begin() + 8, zero.begin() + 16, std::uint8_t{0});
  EXPECT_EQ(b_.handshake->PrepareOpen(zero).verdict, SealVerdict::kReplayed);
}

// What an authentic datagram without plaintext may say: every value of its two fields.
TEST_F(HandshakeTest, AnEmptyDatagramIsAConfirmationAReportOrRefused) {
  Establish();
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  for (std::uint32_t stream = 0; stream < kStreamsMax; ++stream) {
    for (std::uint32_t epoch = 0; epoch <= 0xffff; ++epoch) {
      ClearHeader header{};
      header.stream.Set(static_cast<std::uint16_t>(stream));
      header.epoch.Set(static_cast<std::uint16_t>(epoch));
      const bool is_known = stream == 0 && (epoch == 0 || (epoch >= 0x8000 && epoch <= 0x8003));
      ASSERT_EQ(b_.handshake->OnEmpty(header),
                is_known ? SealVerdict::kAccepted : SealVerdict::kBadEmpty)
          << stream << " " << epoch;
      ++(is_known ? accepted : refused);
    }
  }
  EXPECT_EQ(accepted, 5u);
  EXPECT_EQ(b_.count(SealVerdict::kBadEmpty), refused);
}

TEST_F(HandshakeTest, AShareOfSmallOrderIsRefused) {
  const Datagram hello_a = FirstHello(a_, now_);
  ASSERT_EQ(b_.Deliver(now_, hello_a), SealVerdict::kHelloUnproven);
  Datagram answer = FirstHello(b_, now_);
  std::fill_n(answer.begin() + sizeof(ClearHeader) + offsetof(HelloBody, share), 32,
              std::uint8_t{0});
  ToyPrimitives primitives(9);
  const PairKeys keys = DerivePairKeys(primitives, SecretOf(0x5a));
  const Hash mac =
      HmacSha256(keys.hello.bytes(), std::vector<Bytes>{Bytes(answer).first(answer.size() - 32)});
  std::copy(mac.begin(), mac.end(), answer.end() - 32);
  EXPECT_EQ(a_.Deliver(now_, answer), SealVerdict::kHelloBadShare);
  EXPECT_EQ(a_.handshake->counters().keys_derived, 0u);
}

TEST(SealVerdict, EveryVerdictHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kSealVerdictCount; ++i) {
    const std::string_view name = NameOf(static_cast<SealVerdict>(i));
    EXPECT_FALSE(name.empty());
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

}  // namespace
}  // namespace statesync::testing
