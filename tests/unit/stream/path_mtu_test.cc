// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which datagrams the path carries: the machine cell by cell, and two engines over a link that
// swallows large frames.

#include "statesync/stream/path_mtu.h"

#include <random>

#include "gtest/gtest.h"
#include "tests/unit/stream/engine_pair.h"

namespace statesync {
namespace {

constexpr std::size_t kJumbo = 8'952;

// A machine and a path that carries datagrams up to a size, with a peer that is heard all the time.
class PathTest : public ::testing::Test {
 protected:
  void Run(Duration length, std::uint32_t loss_percent = 0) {
    for (const Instant end = now_ + length; now_ < end; now_ = now_ + Millis(1)) {
      if (is_heard_) heard_ = now_;
      const std::size_t bytes = path_.TakeProbe(now_, heard_, {});
      if (bytes == 0) continue;
      last_probe_ = bytes;
      ++probes_;
      const bool is_lost = random_() % 100 < loss_percent || random_() % 100 < loss_percent;
      if (!is_heard_ || bytes > carries_ || is_lost) continue;
      EXPECT_TRUE(path_.OnAck(now_, bytes));
    }
  }

  std::mt19937_64 random_{1};
  PathMtu path_;
  Instant now_{1'000'000'000};
  Instant heard_ = now_;
  bool is_heard_ = true;
  std::size_t carries_ = 9'000;
  std::size_t last_probe_ = 0;
  std::uint64_t probes_ = 0;
};

// Acknowledgements settle, a restart searches, and only a failed verification searches by failing.
TEST(PathMtuSteps, OnlyAnAcknowledgementOrTheEndOfTheSearchSettles) {
  for (std::size_t s = 0; s < kPathMtuStates; ++s) {
    for (std::size_t e = 0; e < kPathMtuEvents; ++e) {
      const auto state = static_cast<PathMtuState>(s);
      const auto event = static_cast<PathMtuEvent>(e);
      const PathMtuState next = kPathMtuSteps[s][e];
      if (event == PathMtuEvent::kRestarted) {
        EXPECT_EQ(next, PathMtuState::kSearching);
      }
      if (event == PathMtuEvent::kAcked) {
        EXPECT_EQ(next, PathMtuState::kSettled);
      }
      if (event == PathMtuEvent::kExhausted) {
        EXPECT_EQ(next, state == PathMtuState::kVerifying ? PathMtuState::kSearching
                                                          : PathMtuState::kSettled);
      }
      if (event == PathMtuEvent::kVerifyDue || event == PathMtuEvent::kRaiseDue) {
        EXPECT_EQ(next == state, state != PathMtuState::kSettled) << s << " " << e;
      }
    }
  }
}

TEST_F(PathTest, StartsWithTheSmallestAndTakesTheLargestThatPasses) {
  path_.Restart(now_, kJumbo);
  EXPECT_EQ(path_.datagram_bytes(), kDatagramBytesMin);
  EXPECT_EQ(path_.TakeProbe(now_, heard_, {}), kJumbo);
  EXPECT_TRUE(path_.OnAck(now_, kJumbo));
  EXPECT_EQ(path_.datagram_bytes(), kJumbo);
  EXPECT_EQ(path_.state(), PathMtuState::kSettled);
}

TEST_F(PathTest, TriesTheNextSmallerSizeWhenOneDoesNotPass) {
  carries_ = 1'500;
  path_.Restart(now_, kJumbo);
  Run(Millis(100));
  EXPECT_EQ(path_.datagram_bytes(), 1'472u);
  EXPECT_EQ(probes_, kPathSearchTries + 1);
  carries_ = 1'200;
  path_.Restart(now_, kJumbo);
  Run(Millis(100));
  EXPECT_EQ(path_.datagram_bytes(), kDatagramBytesMin);
  EXPECT_EQ(path_.state(), PathMtuState::kSettled);
}

TEST_F(PathTest, ProbesNothingWhenTheSmallestIsAgreed) {
  path_.Restart(now_, kDatagramBytesMin);
  Run(Seconds(30));
  EXPECT_EQ(probes_, 0u);
  EXPECT_EQ(path_.state(), PathMtuState::kSettled);
}

TEST_F(PathTest, ProbesBetweenTheSmallestAndEthernetWhatWasAgreed) {
  path_.Restart(now_, 1'300);
  Run(Millis(10));
  EXPECT_EQ(path_.datagram_bytes(), 1'300u);
}

TEST_F(PathTest, FallsWithinASecondAndAFewTriesWhenLargeDatagramsStopPassing) {
  path_.Restart(now_, kJumbo);
  Run(Millis(20));
  ASSERT_EQ(path_.datagram_bytes(), kJumbo);
  carries_ = 1'199;
  Run(Seconds(1) + Millis(5 * kPathVerifyTries + 10));
  EXPECT_EQ(path_.datagram_bytes(), kDatagramBytesMin);
  EXPECT_EQ(path_.lowered_count(), 1u);
  Run(Millis(200));
  EXPECT_EQ(path_.state(), PathMtuState::kSettled);
  carries_ = 9'000;
  Run(Seconds(11));
  EXPECT_EQ(path_.datagram_bytes(), kJumbo);
  EXPECT_EQ(path_.raised_count(), 2u);
}

TEST_F(PathTest, ClimbsToWhatStillPassesAfterAFall) {
  path_.Restart(now_, kJumbo);
  Run(Millis(20));
  carries_ = 1'472;
  Run(Millis(1'300));
  EXPECT_EQ(path_.datagram_bytes(), 1'472u);
  EXPECT_EQ(path_.lowered_count(), 1u);
}

TEST_F(PathTest, FallsSoonerWhenFramesAreLost) {
  path_.Restart(now_, kJumbo);
  Run(Millis(200));
  carries_ = 1'199;
  path_.Suspect(now_);
  Run(Millis(5 * kPathVerifyTries + 10));
  EXPECT_EQ(path_.lowered_count(), 1u);
}

TEST_F(PathTest, SuspicionVerifiesAtMostTenTimesASecond) {
  path_.Restart(now_, kJumbo);
  Run(Millis(20));
  const std::uint64_t before = probes_;
  for (int i = 0; i < 1'000; ++i) {
    path_.Suspect(now_);
    Run(Millis(1));
  }
  EXPECT_LE(probes_ - before, 11u);
  EXPECT_GE(probes_ - before, 9u);
}

TEST_F(PathTest, SilenceOfThePeerSaysNothingAboutSizes) {
  path_.Restart(now_, kJumbo);
  Run(Millis(20));
  is_heard_ = false;
  const std::uint64_t before = probes_;
  Run(Seconds(10));
  EXPECT_EQ(path_.datagram_bytes(), kJumbo);
  EXPECT_LE(probes_ - before, 101u);  // A silent peer is asked rarely.
  is_heard_ = true;
  Run(Millis(200));
  EXPECT_EQ(path_.state(), PathMtuState::kSettled);
  EXPECT_EQ(path_.lowered_count(), 0u);
}

TEST_F(PathTest, LossAloneRarelyMakesItFall) {
  path_.Restart(now_, kJumbo);
  Run(Seconds(2'000), 30);
  EXPECT_LE(path_.lowered_count(), 2u);
  EXPECT_EQ(path_.datagram_bytes(), kJumbo);
}

TEST_F(PathTest, SizesNeverProbedAreNotBelieved) {
  path_.Restart(now_, kJumbo);
  EXPECT_FALSE(path_.OnAck(now_, kJumbo));  // Not sent yet.
  EXPECT_EQ(path_.TakeProbe(now_, heard_, {}), kJumbo);
  EXPECT_FALSE(path_.OnAck(now_, 1'472));  // Not this one.
  EXPECT_FALSE(path_.OnAck(now_, 0xffff));
  EXPECT_FALSE(path_.OnAck(now_, 0));
  EXPECT_FALSE(path_.OnAck(now_ + Seconds(2), kJumbo));  // Too long ago.
  EXPECT_EQ(path_.datagram_bytes(), kDatagramBytesMin);
  path_.Restart(now_, 1'472);
  EXPECT_FALSE(path_.OnAck(now_, kJumbo));  // Of an earlier connection.
}

TEST_F(PathTest, ALateAnswerOfTheSearchStillCounts) {
  path_.Restart(now_, 1'472);
  carries_ = 0;
  Run(Millis(100));
  ASSERT_EQ(path_.state(), PathMtuState::kSettled);
  EXPECT_TRUE(path_.OnAck(now_, 1'472));
  EXPECT_EQ(path_.datagram_bytes(), 1'472u);
}

TEST_F(PathTest, TriesWaitForTwoRoundTrips) {
  path_.Restart(now_, kJumbo);
  EXPECT_EQ(path_.TakeProbe(now_, heard_, Millis(20)), kJumbo);
  heard_ = now_ + Millis(1);
  EXPECT_EQ(path_.TakeProbe(now_ + Millis(39), heard_, Millis(20)), 0u);
  EXPECT_EQ(path_.TakeProbe(now_ + Millis(40), heard_, Millis(20)), kJumbo);
}

TEST(ProbeAnswers, AFloodIsAnsweredAtABoundedRate) {
  ProbeAnswers answers;
  std::uint64_t answered = 0;
  for (Instant now{1}; now < Instant{} + Millis(100); now = now + Micros(10)) {
    answers.OnProbe(1'472);
    if (!answers.IsDue(now)) continue;
    EXPECT_EQ(answers.Take(now), 1'472u);
    ++answered;
  }
  EXPECT_LE(answered, 100u);
  EXPECT_GE(answered, 99u);
}

// ---- Two engines -------------------------------------------------------------------------------

std::size_t DatagramBytes(const OutFrame& frame) {
  return frame.bytes + sizeof(ClearHeader) + kTagBytes;
}

TEST(PathOfEngines, FramesGrowToWhatBothNodesAccept) {
  EngineOptions options;
  options.datagram_bytes_max = 8'952;
  EnginePair pair(options);
  pair.Connect();
  pair.MakeFirstActive();
  EXPECT_EQ(pair.status(0).datagram_bytes, kDatagramBytesMin);
  ASSERT_TRUE(pair.TurnUntilSynced());
  for (int i = 0; i < 200; ++i) pair.Turn();
  EXPECT_EQ(pair.status(0).datagram_bytes, 8'952u);
  EXPECT_EQ(pair.status(1).datagram_bytes, 8'952u);
  EXPECT_EQ(pair.status(0).counters.path_mtu_raised, 1u);
  EXPECT_EQ(pair.status(0).counters.probe_acks_ignored, 0u);
}

TEST(PathOfEngines, NoFrameIsLargerThanWhatWasProbed) {
  EngineOptions options;
  options.datagram_bytes_max = 8'952;
  EnginePair pair(options);
  pair.Connect();
  pair.MakeFirstActive();
  SessionMaker maker(1);
  for (int i = 0; i < 2'000; ++i) (void)MustInsert(pair.table(0), maker.Any());
  const auto swallows = [&](const OutFrame& frame) {
    const bool is_large = DatagramBytes(frame) > 1'500;
    EXPECT_TRUE(!is_large || frame.bytes == 8'952u - 32u);  // A probe, nothing else.
    return is_large;
  };
  for (int i = 0; i < 5'000; ++i) pair.Turn(Micros(100), swallows);
  EXPECT_EQ(pair.status(0).datagram_bytes, 1'472u);
  EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
}

// The link begins to swallow large datagrams while changes flow: frames of the old size are lost,
// and their repairs fit.
TEST(PathOfEngines, RepairsFitAfterThePathShrank) {
  EngineOptions options;
  options.datagram_bytes_max = 8'952;
  EnginePair pair(options);
  ASSERT_TRUE(pair.Begin());
  SessionMaker maker(1);
  std::vector<Handle> handles(2'000);
  for (Handle& handle : handles) handle = MustInsert(pair.table(0), maker.Any());
  std::size_t swallowed = 0;
  const Instant cut = pair.now();
  Instant lowered{};
  Duration silence{};
  const auto swallows = [&](const OutFrame& frame) {
    const bool is_large = DatagramBytes(frame) > kDatagramBytesMin;
    swallowed += is_large ? 1 : 0;
    return is_large;
  };
  for (int i = 0; i < 10'000; ++i) {
    if (i % 100 == 0) pair.table(0).MarkDirtyBatch(0, handles);
    pair.Turn(Micros(100), swallows);
    silence = std::max(silence, pair.now() - pair.status(1).last_heard);
    const bool has_fallen = pair.status(0).counters.path_mtu_lowered > 0;
    if (has_fallen && lowered == Instant{}) lowered = pair.now();
  }
  for (int i = 0; i < 3'000; ++i) pair.Turn(Micros(100), swallows);
  EXPECT_GT(swallowed, kPathVerifyTries);
  EXPECT_EQ(pair.status(0).counters.path_mtu_lowered, 1u);
  EXPECT_EQ(pair.status(0).datagram_bytes, kDatagramBytesMin);
  EXPECT_EQ(pair.status(0).exposure.changes, 0u);
  EXPECT_EQ(DifferingShards(pair.table(0), pair.table(1)), 0u);
  // Keepalives do not rely on probes.
  EXPECT_LT(silence, Millis(15));
  // The gaps that keepalives show made it ask before its time.
  EXPECT_LT(lowered - cut, Millis(300));
  ASSERT_TRUE(pair.TurnUntilSynced());
}

}  // namespace
}  // namespace statesync
