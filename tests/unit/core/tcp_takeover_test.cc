// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Tracking after a takeover: the replicated edges lag, and the first segments set them anew.

#include "dataplane/core/tcp_tracker.h"

#include <gtest/gtest.h>

#include "tests/unit/core/tcp_talk.h"

namespace dataplane {
namespace {

using testing::Established;
using testing::kFinAck;
using testing::kFromClient;
using testing::kFromServer;
using testing::kSynAck;
using testing::Talk;
using enum SessionState;

TEST(TcpTakeover, EachDirectionAnchorsOnceThenTrackingIsStrict) {
  Talk talk = Established();
  for (int i = 0; i < 200; ++i) {
    talk.Send(kFromServer, kTcpAck, 1'400);
    talk.Send(kFromClient, kTcpAck);
  }
  talk.TakeOver(200'000);
  EXPECT_TRUE(talk.Send(kFromServer, kTcpAck, 1'400).reanchored);
  EXPECT_EQ(talk.track.edge[1], talk.next[1]);
  EXPECT_FALSE(talk.Send(kFromServer, kTcpAck, 1'400).reanchored);
  EXPECT_EQ(talk.last.reason, DropReason::kNone);
  EXPECT_TRUE(talk.Send(kFromClient, kTcpAck).reanchored);
  EXPECT_EQ(
      talk.track.flags & (statesync::kSessionReanchorClient | statesync::kSessionReanchorServer),
      0);
  TcpSegment far = talk.Segment(kFromServer, kTcpAck, 100);
  far.seq += 1u << 28;
  EXPECT_EQ(talk.Pass(kFromServer, far).reason, DropReason::kTcpWindow);
}

TEST(TcpTakeover, TheBoundIsTwoToTheThirty) {
  for (const bool inside : {true, false}) {
    Talk talk = Established();
    talk.TakeOver();
    TcpSegment segment = talk.Segment(kFromClient, kTcpAck, 0);
    segment.seq = talk.track.edge[0] + kReanchorLead + (inside ? 0u : 1u);
    EXPECT_EQ(talk.Pass(kFromClient, segment).reason,
              inside ? DropReason::kNone : DropReason::kTcpWindow);
  }
}

TEST(TcpTakeover, BehindTheEdgeByMoreThanAWindowIsRefused) {
  Talk talk = Established();
  talk.TakeOver();
  TcpSegment segment = talk.Segment(kFromClient, kTcpAck, 0);
  segment.seq = talk.track.edge[0] - (0xffffu << 7) - 1;
  EXPECT_EQ(talk.Pass(kFromClient, segment).reason, DropReason::kTcpWindow);
}

TEST(TcpTakeover, AcknowledgementAheadOfALaggingEdgeRaisesIt) {
  Talk talk = Established();
  for (int i = 0; i < 40; ++i) {
    talk.Send(kFromServer, kTcpAck, 1'400);
    talk.Send(kFromClient, kTcpAck);
  }
  talk.TakeOver(50'000);
  EXPECT_TRUE(talk.Send(kFromClient, kTcpAck).reanchored);
  EXPECT_EQ(talk.track.edge[1], talk.next[1]);
  EXPECT_EQ(talk.Send(kFromServer, kTcpAck, 1'400).reason, DropReason::kNone);
}

// The hole of a lost segment is filled after the takeover: the acknowledgement jumps over
// everything that went through the peer, although the first segment seen here was the repetition.
TEST(TcpTakeover, AcknowledgementOfWhatThePeerForwardedIsTakenAfterARepetition) {
  Talk talk = Established();
  const std::uint32_t hole = talk.next[1];
  for (int i = 0; i < 20; ++i) talk.Send(kFromServer, kTcpAck, 1'400);
  talk.TakeOver(28'000);
  TcpSegment duplicate_ack = talk.Segment(kFromClient, kTcpAck);
  duplicate_ack.ack = hole;
  EXPECT_TRUE(talk.Pass(kFromClient, duplicate_ack).reanchored);
  TcpSegment repetition = talk.Segment(kFromServer, kTcpAck, 1'400);
  repetition.seq = hole;
  EXPECT_TRUE(talk.Pass(kFromServer, repetition).reanchored);
  EXPECT_EQ(talk.Send(kFromClient, kTcpAck).reason, DropReason::kNone);
  EXPECT_EQ(talk.track.edge[1], talk.next[1]);
  TcpSegment beyond = talk.Segment(kFromClient, kTcpAck);
  beyond.ack = talk.track.limit[1] + 1;
  EXPECT_EQ(talk.Pass(kFromClient, beyond).reason, DropReason::kTcpAck);
}

TEST(TcpTakeover, ASmallWindowAfterwardsDoesNotForbidOldRepetitions) {
  Talk talk = Established();
  const std::uint32_t oldest = talk.next[1];
  for (int i = 0; i < 20; ++i) talk.Send(kFromServer, kTcpAck, 1'400);
  talk.TakeOver(0);
  talk.window[0] = 1;
  talk.Send(kFromClient, kTcpAck);
  talk.Send(kFromServer, kTcpAck, 100);
  TcpSegment repetition = talk.Segment(kFromServer, kTcpAck, 1'400);
  repetition.seq = oldest;
  EXPECT_EQ(talk.Pass(kFromServer, repetition).reason, DropReason::kNone);
}

TEST(TcpTakeover, AResetBeforeTheAnchorPassesButClosesNothing) {
  Talk talk = Established();
  talk.TakeOver();
  EXPECT_TRUE(talk.Send(kFromServer, kTcpRst).reset_ignored);
  EXPECT_EQ(talk.track.state, kTcpEstablished);
  EXPECT_NE(talk.track.flags & statesync::kSessionReanchorServer, 0);
}

TEST(TcpTakeover, HandshakeWhoseSynAckPassedThePeerCompletes) {
  Talk talk;
  talk.next = {0x1234'5678, 0x9abc'def0};
  talk.Send(kFromClient, kTcpSyn);
  talk.TakeOver();
  ++talk.next[1];  // The SYN-ACK that only the client and the dead node saw.
  EXPECT_EQ(talk.Send(kFromClient, kTcpAck, 100).reason, DropReason::kNone);
  EXPECT_EQ(talk.track.state, kTcpEstablished);
  EXPECT_EQ(talk.Send(kFromServer, kTcpAck, 1'400).reason, DropReason::kNone);
  EXPECT_EQ(talk.Send(kFromServer, kTcpAck, 1'400).reason, DropReason::kNone);
}

TEST(TcpTakeover, WithoutATakeoverAnUnansweredSynAllowsNoData) {
  Talk talk;
  talk.Send(kFromClient, kTcpSyn);
  EXPECT_EQ(talk.Pass(kFromClient, talk.Segment(kFromClient, kTcpAck, 1)).reason,
            DropReason::kTcpState);
}

TEST(TcpTakeover, SynAckAfterTakeoverIsMatchedAgainstTheRoundedEdge) {
  Talk talk;
  talk.next = {0x1234'5678, 0x9abc'def0};
  talk.Send(kFromClient, kTcpSyn);
  talk.TakeOver();
  EXPECT_EQ(talk.Send(kFromServer, kSynAck).reason, DropReason::kNone);
  EXPECT_EQ(talk.track.state, kTcpSynReceived);
  EXPECT_EQ(talk.track.edge[0], talk.next[0]);
  EXPECT_EQ(talk.Send(kFromClient, kTcpAck, 1'000).reason, DropReason::kNone);
}

TEST(TcpTakeover, ClosingSessionStillReachesTimeWait) {
  Talk talk = Established();
  talk.Send(kFromClient, kFinAck);
  talk.Send(kFromServer, kFinAck);
  talk.TakeOver();
  ASSERT_EQ(talk.track.state, kTcpClosing);
  talk.Send(kFromClient, kTcpAck);
  talk.Send(kFromServer, kTcpAck);
  EXPECT_EQ(talk.track.state, kTcpTimeWait);
}

}  // namespace
}  // namespace dataplane
