// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Rekey by count, and the limit behind it. SealNode checks that no nonce is used twice.

#include <gtest/gtest.h>

#include "tests/unit/seal/seal_node.h"

namespace statesync::testing {
namespace {

class RekeyTest : public ::testing::Test {
 protected:
  void Establish() {
    Exchange(a_, b_, now_, Millis(20));
    ASSERT_TRUE(a_.handshake->established() && b_.handshake->established());
  }
  // Frames of one node, sent and opened at once.
  void Send(SealNode& from, SealNode& to, int count, std::uint16_t stream = 0) {
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(to.Deliver(now_, from.Frame("x", stream).value()), SealVerdict::kAccepted);
    }
  }
  // What both nodes have to say besides frames; hellos get lost.
  void TurnWithoutHellos(Duration duration) {
    const auto is_hello = [](const Datagram& datagram) { return datagram[3] >> 4 == 1; };
    for (const Instant end = now_ + duration; now_ < end; now_ = now_ + Millis(1)) {
      for (const Datagram& datagram : a_.Turn(now_)) {
        if (!is_hello(datagram)) b_.Deliver(now_, datagram);
      }
      for (const Datagram& datagram : b_.Turn(now_)) {
        if (!is_hello(datagram)) a_.Deliver(now_, datagram);
      }
    }
  }

  SealNode a_{
      {.node = 0, .boot_id = 11, .seed = 1, .rekey_after_packets = 100, .seal_packets_max = 250}};
  SealNode b_{{.node = 1, .boot_id = 22, .seed = 2}};
  Instant now_{Seconds(1).ns};
};

TEST_F(RekeyTest, PacketsOfAllStreamsTogetherBeginOne) {
  Establish();
  Send(a_, b_, 60, 0);
  Exchange(a_, b_, now_, Millis(50));
  EXPECT_EQ(a_.rekeyed_count, 0);
  Send(a_, b_, 40, 3);
  Exchange(a_, b_, now_, Millis(50));
  EXPECT_EQ(a_.rekeyed_count, 1);
  EXPECT_EQ(b_.rekeyed_count, 1);
  EXPECT_EQ(b_.established_count, 1) << "streams go on";
}

TEST_F(RekeyTest, FramesGoOnWhileKeysChangeAgainAndAgain) {
  Establish();
  for (int round = 0; round < 40; ++round) {
    const Datagram late = a_.Frame("late").value();  // Overtaken by a change of keys.
    Send(a_, b_, 110, static_cast<std::uint16_t>(round % 16));
    Send(b_, a_, 10);
    Exchange(a_, b_, now_, Millis(120));
    ASSERT_EQ(b_.Deliver(now_, late), SealVerdict::kAccepted) << round;
  }
  EXPECT_EQ(a_.rekeyed_count, 40);
  EXPECT_EQ(a_.handshake->counters().seals_refused, 0u);
  EXPECT_EQ(b_.count(SealVerdict::kBadSeal) + b_.count(SealVerdict::kNoKey), 0u);
}

TEST_F(RekeyTest, BothEndsMayBeginOneAtTheSameMoment) {
  Establish();
  for (int round = 1; round <= 20; ++round) {
    a_.handshake->RequestRekey();
    b_.handshake->RequestRekey();
    Exchange(a_, b_, now_, Millis(300));
    Send(a_, b_, 1);
    Send(b_, a_, 1);
    EXPECT_GE(a_.rekeyed_count, round);
    EXPECT_EQ(a_.rekeyed_count, b_.rekeyed_count);
  }
}

TEST_F(RekeyTest, WithoutAnAnswerOldKeysSealUpToTheHardLimitAndNoFurther) {
  Establish();
  Send(a_, b_, 100);
  TurnWithoutHellos(Millis(500));
  const std::uint64_t hellos = a_.handshake->counters().hellos_sent;
  TurnWithoutHellos(Millis(500));
  EXPECT_EQ(a_.handshake->counters().hellos_sent - hellos, 5u) << "asked for each 100 ms";
  int sealed = 0;
  while (const auto frame = a_.Frame("x")) {
    ASSERT_EQ(b_.Deliver(now_, *frame), SealVerdict::kAccepted);
    ASSERT_LT(++sealed, 250);
  }
  EXPECT_GT(sealed, 140);
  EXPECT_TRUE(a_.handshake->exhausted());
  EXPECT_FALSE(a_.Frame("x", 5).has_value()) << "of any stream";
  EXPECT_EQ(a_.handshake->counters().seals_refused, 2u);
  EXPECT_EQ(a_.rekeyed_count, 0);

  Exchange(a_, b_, now_, Millis(300));  // Hellos pass again.
  EXPECT_FALSE(a_.handshake->exhausted());
  EXPECT_EQ(a_.rekeyed_count, 1);
  Send(a_, b_, 50);
  Send(b_, a_, 50);
}

}  // namespace
}  // namespace statesync::testing
