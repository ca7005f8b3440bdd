// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/tcp_tracker.h"

#include <gtest/gtest.h>

#include "dataplane/core/tcp_states.h"
#include "tests/unit/core/frames.h"
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

TEST(TcpTracker, HandshakeLeadsToEstablishedAndReplicatesEachStep) {
  Talk talk;
  EXPECT_TRUE(talk.Send(kFromClient, kTcpSyn).replicate);
  EXPECT_EQ(talk.track.state, kTcpSynSent);
  EXPECT_TRUE(talk.Send(kFromServer, kSynAck).replicate);
  EXPECT_EQ(talk.track.state, kTcpSynReceived);
  EXPECT_TRUE(talk.Send(kFromClient, kTcpAck).replicate);
  EXPECT_EQ(talk.track.state, kTcpEstablished);
  EXPECT_EQ(talk.track.edge[0], 1'001u);
  EXPECT_EQ(talk.track.edge[1], 9'001u);
  EXPECT_EQ(talk.track.scales, 0x77);
}

TEST(TcpTracker, WholeLifetimeEndsInTimeWait) {
  Talk talk = Established();
  EXPECT_EQ(talk.Send(kFromClient, kTcpAck | kTcpPsh, 100).verdict, TcpVerdict::kForward);
  EXPECT_EQ(talk.Send(kFromServer, kTcpAck, 1'400).verdict, TcpVerdict::kForward);
  talk.Send(kFromClient, kFinAck);
  EXPECT_EQ(talk.track.state, kTcpFinWait);
  talk.Send(kFromServer, kTcpAck, 500);  // Half-closed: the server goes on.
  EXPECT_EQ(talk.last.verdict, TcpVerdict::kForward);
  EXPECT_EQ(talk.track.state, kTcpFinWait);
  talk.Send(kFromServer, kFinAck);
  EXPECT_EQ(talk.track.state, kTcpClosing);
  talk.Send(kFromClient, kTcpAck);
  EXPECT_EQ(talk.track.state, kTcpTimeWait);
}

TEST(TcpTracker, BothSidesClosingAtOnceEndsInTimeWait) {
  Talk talk = Established();
  const TcpSegment client_fin = talk.Segment(kFromClient, kFinAck);
  const TcpSegment server_fin = talk.Segment(kFromServer, kFinAck);
  talk.Pass(kFromClient, client_fin);
  talk.Pass(kFromServer, server_fin);
  EXPECT_EQ(talk.track.state, kTcpClosing);
  ++talk.next[0];
  ++talk.next[1];
  talk.Send(kFromClient, kTcpAck);
  EXPECT_EQ(talk.track.state, kTcpClosing);
  talk.Send(kFromServer, kTcpAck);
  EXPECT_EQ(talk.track.state, kTcpTimeWait);
}

TEST(TcpTracker, RepeatedFinOfOneSideIsNotBothSides) {
  Talk talk = Established();
  const TcpSegment fin = talk.Segment(kFromClient, kFinAck);
  talk.Pass(kFromClient, fin);
  talk.Pass(kFromClient, fin);
  EXPECT_EQ(talk.last.verdict, TcpVerdict::kForward);
  EXPECT_EQ(talk.track.state, kTcpFinWait);
}

TEST(TcpTracker, RepeatedSynsAndSynAcksChangeNothing) {
  Talk talk;
  const TcpSegment syn = [&] {
    TcpSegment s = talk.Segment(kFromClient, kTcpSyn);
    s.scale = 7;
    return s;
  }();
  talk.Pass(kFromClient, syn);
  EXPECT_FALSE(talk.Pass(kFromClient, syn).changed);
  EXPECT_EQ(talk.last.verdict, TcpVerdict::kForward);
  talk.next[0] = 1'001;
  TcpSegment answer = talk.Segment(kFromServer, kSynAck);
  answer.scale = 7;
  talk.Pass(kFromServer, answer);
  talk.Pass(kFromServer, answer);
  EXPECT_EQ(talk.last.verdict, TcpVerdict::kForward);
  EXPECT_EQ(talk.track.state, kTcpSynReceived);
}

TEST(TcpTracker, ClientsSecondAttemptWithANewNumberStartsAnew) {
  Talk talk;
  talk.Send(kFromClient, kTcpSyn);
  talk.next[0] = 0x7000'0000;
  EXPECT_TRUE(talk.Send(kFromClient, kTcpSyn).replicate);
  EXPECT_EQ(talk.track.edge[0], 0x7000'0001u);
  talk.Send(kFromServer, kSynAck);
  EXPECT_EQ(talk.track.state, kTcpSynReceived);
}

TEST(TcpTracker, SynAckThatAcknowledgesSomethingElseIsRefused) {
  Talk talk;
  talk.Send(kFromClient, kTcpSyn);
  TcpSegment answer = talk.Segment(kFromServer, kSynAck);
  answer.ack += 1;
  EXPECT_EQ(talk.Pass(kFromServer, answer).reason, DropReason::kTcpAck);
  EXPECT_EQ(talk.track.state, kTcpSynSent);
}

TEST(TcpTracker, SimultaneousOpenReachesEstablished) {
  Talk talk;
  talk.Send(kFromClient, kTcpSyn);
  talk.Send(kFromServer, kTcpSyn);
  EXPECT_EQ(talk.track.state, kTcpSynReceived);
  // Each repeats its SYN with the acknowledgement of the other's.
  TcpSegment client = talk.Segment(kFromClient, kSynAck);
  client.seq = 1'000;
  TcpSegment server = talk.Segment(kFromServer, kSynAck);
  server.seq = 9'000;
  EXPECT_EQ(talk.Pass(kFromClient, client).verdict, TcpVerdict::kForward);
  EXPECT_EQ(talk.Pass(kFromServer, server).verdict, TcpVerdict::kForward);
  EXPECT_EQ(talk.Send(kFromServer, kTcpAck, 10).verdict, TcpVerdict::kForward);
  EXPECT_EQ(talk.track.state, kTcpEstablished);
}

TEST(TcpTracker, AnythingButASynWithoutASessionIsMidStream) {
  for (const std::uint8_t flags : {kTcpAck, kSynAck, kFinAck, kTcpRst}) {
    for (const Direction from : {kFromClient, kFromServer}) {
      Talk talk;
      EXPECT_EQ(talk.Pass(from, talk.Segment(from, flags)).reason, DropReason::kMidStream);
      EXPECT_EQ(talk.track, TcpTrack{});
    }
  }
}

TEST(TcpTracker, ScaleIsUsedOnlyIfBothSidesOfferIt) {
  Talk talk;
  talk.Send(kFromClient, kTcpSyn);
  talk.scale[1] = kNoWindowScale;
  talk.Send(kFromServer, kSynAck);
  EXPECT_EQ(talk.track.scales, 0);
  Talk other;
  other.scale[0] = kNoWindowScale;
  other.Send(kFromClient, kTcpSyn);
  other.Send(kFromServer, kSynAck);
  EXPECT_EQ(other.track.scales, 0);
}

// ---- Windows ------------------------------------------------------------------------------------

struct WindowCase {
  const char* name;
  std::int64_t seq_offset;  // From the client's edge.
  std::uint16_t payload_bytes;
  std::int64_t ack_offset;  // From the server's edge.
  DropReason reason;
};

// The server's window in use is 501 << 7 = 64,128 bytes; the SYN-ACK's 64,240 bytes were the
// larger.
TEST(TcpTracker, WindowsHaveExactEdges) {
  const WindowCase cases[] = {
      {"next byte", 0, 1'000, 0, DropReason::kNone},
      {"last byte of the window", 64'240 - 1, 1, 0, DropReason::kNone},
      {"one byte beyond", 64'240, 1, 0, DropReason::kTcpWindow},
      {"pure ACK at the limit", 64'240, 0, 0, DropReason::kNone},
      {"keep-alive", -1, 0, 0, DropReason::kNone},
      {"keep-alive with a byte", -1, 1, 0, DropReason::kNone},
      {"one window old", -(502 << 7), 100, 0, DropReason::kNone},
      {"older than one window", -(502 << 7) - 1, 100, 0, DropReason::kTcpWindow},
      {"acknowledges what was not sent", 0, 0, 1, DropReason::kTcpAck},
      {"old acknowledgement", 0, 0, -(std::int64_t{kAckLagMax} << 7), DropReason::kNone},
      {"too old an acknowledgement", 0, 0, -(std::int64_t{kAckLagMax} << 7) - 1,
       DropReason::kTcpAck},
      {"half the space away", 0x7000'0000, 0, 0, DropReason::kTcpWindow},
  };
  for (const WindowCase& c : cases) {
    Talk talk = Established();
    ASSERT_EQ(talk.track.window[1], 502) << "64,240 rounded up to units of 128";
    TcpSegment segment = talk.Segment(kFromClient, kTcpAck, c.payload_bytes);
    segment.seq += static_cast<std::uint32_t>(c.seq_offset);
    segment.ack += static_cast<std::uint32_t>(c.ack_offset);
    const TcpTrack before = talk.track;
    EXPECT_EQ(talk.Pass(kFromClient, segment).reason, c.reason) << c.name;
    if (c.reason != DropReason::kNone) {
      EXPECT_EQ(talk.track, before) << c.name;
    }
  }
}

TEST(TcpTracker, WindowOpensWithTheAcknowledgement) {
  Talk talk = Established();
  TcpSegment far = talk.Segment(kFromClient, kTcpAck, 1'000);
  far.seq += 64'000;
  EXPECT_EQ(talk.Pass(kFromClient, far).reason, DropReason::kTcpWindow);
  talk.Send(kFromClient, kTcpAck, 32'000);
  talk.Send(kFromServer, kTcpAck);
  EXPECT_EQ(talk.Pass(kFromClient, far).reason, DropReason::kNone);
}

TEST(TcpTracker, ClosedWindowStillAdmitsAProbeOfOneByte) {
  Talk talk = Established();
  talk.Send(kFromClient, kTcpAck, 64'000);
  talk.window[1] = 0;
  talk.Send(kFromServer, kTcpAck);
  EXPECT_EQ(talk.Pass(kFromClient, talk.Segment(kFromClient, kTcpAck, 1)).reason,
            DropReason::kNone);
}

TEST(TcpTracker, SequenceNumbersWrapWithoutNotice) {
  Talk talk;
  talk.next = {0xffff'ff00, 0xffff'fff0};
  talk.Handshake();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(talk.Send(kFromClient, kTcpAck, 1'000).reason, DropReason::kNone) << i;
    ASSERT_EQ(talk.Send(kFromServer, kTcpAck, 900).reason, DropReason::kNone) << i;
  }
  EXPECT_EQ(talk.track.edge[0], talk.next[0]);
}

// ---- Replication
// ----------------------------------------------------------------------------------

TEST(TcpTracker, AnEdgeIsPublishedOncePerFourMebibytes) {
  Talk talk;
  talk.next[0] = 1'000;
  talk.Handshake();
  std::uint32_t published = 0;
  std::uint64_t bytes = 0;
  while (bytes < 64ull << 20) {
    published += talk.Send(kFromClient, kTcpAck, 1'448).replicate ? 1 : 0;
    ASSERT_EQ(talk.last.reason, DropReason::kNone);
    talk.Send(kFromServer, kTcpAck);
    ASSERT_FALSE(talk.last.replicate);
    bytes += 1'448;
  }
  EXPECT_EQ(published, 16u);
}

TEST(TcpTracker, APureAcknowledgementIsNotPublished) {
  Talk talk = Established();
  EXPECT_FALSE(talk.Send(kFromServer, kTcpAck).replicate);
}

// ---- Resets
// -----------------------------------------------------------------------------------------

TEST(TcpTracker, OnlyTheExactNumberResets) {
  Talk talk = Established();
  TcpSegment reset = talk.Segment(kFromServer, kTcpRst);
  reset.seq += 100;
  EXPECT_TRUE(talk.Pass(kFromServer, reset).reset_ignored);
  EXPECT_EQ(talk.last.verdict, TcpVerdict::kForward);
  EXPECT_EQ(talk.track.state, kTcpEstablished);
  reset.seq -= 100;
  EXPECT_FALSE(talk.Pass(kFromServer, reset).reset_ignored);
  EXPECT_EQ(talk.track.state, kTcpClosed);
  EXPECT_TRUE(talk.last.replicate);
}

TEST(TcpTracker, ResetOutsideTheWindowIsDropped) {
  Talk talk = Established();
  TcpSegment reset = talk.Segment(kFromServer, kTcpRst);
  reset.seq += 1u << 20;
  EXPECT_EQ(talk.Pass(kFromServer, reset).reason, DropReason::kTcpReset);
  EXPECT_EQ(talk.track.state, kTcpEstablished);
}

TEST(TcpTracker, RefusedConnectionIsClosedOnlyByAResetOfItsSyn) {
  Talk talk;
  talk.Send(kFromClient, kTcpSyn);
  TcpSegment reset = talk.Segment(kFromServer, kTcpRst | kTcpAck);
  reset.seq = 0;
  reset.ack -= 1;
  EXPECT_EQ(talk.Pass(kFromServer, reset).reason, DropReason::kTcpReset);
  reset.ack += 1;
  EXPECT_EQ(talk.Pass(kFromServer, reset).reason, DropReason::kNone);
  EXPECT_EQ(talk.track.state, kTcpClosed);
}

TEST(TcpTracker, StragglersAfterAResetPassButDoNotKeepTheSessionAlive) {
  Talk talk = Established();
  talk.Send(kFromServer, kTcpRst);
  EXPECT_EQ(talk.Send(kFromClient, kTcpAck, 10).verdict, TcpVerdict::kForward);
  EXPECT_FALSE(talk.last.alive);
  EXPECT_FALSE(talk.last.changed);
}

// ---- SYN on a known key
// ------------------------------------------------------------------------------

TEST(TcpTracker, SynOnALivingConnectionPassesWithoutEffect) {
  Talk talk = Established();
  TcpSegment syn = talk.Segment(kFromClient, kTcpSyn);
  syn.seq = 0x1234'5678;
  EXPECT_EQ(talk.Pass(kFromClient, syn).verdict, TcpVerdict::kForward);
  EXPECT_FALSE(talk.last.changed);
  EXPECT_FALSE(talk.last.alive);
  EXPECT_EQ(talk.Pass(kFromServer, talk.Segment(kFromServer, kTcpSyn)).reason,
            DropReason::kTcpState);
}

TEST(TcpTracker, TimeWaitIsReusedOnlyByALargerNumber) {
  Talk talk = Established();
  talk.Send(kFromClient, kFinAck);
  talk.Send(kFromServer, kFinAck);
  talk.Send(kFromClient, kTcpAck);
  ASSERT_EQ(talk.track.state, kTcpTimeWait);
  TcpSegment syn = talk.Segment(kFromClient, kTcpSyn);
  syn.seq -= 1;
  EXPECT_EQ(talk.Pass(kFromClient, syn).verdict, TcpVerdict::kForward);
  syn.seq += 2;
  EXPECT_EQ(talk.Pass(kFromClient, syn).verdict, TcpVerdict::kReuse);
}

TEST(TcpTracker, AfterAResetAnySynIsANewConnection) {
  Talk talk = Established();
  talk.Send(kFromServer, kTcpRst);
  TcpSegment syn = talk.Segment(kFromClient, kTcpSyn);
  syn.seq -= 0x4000'0000;
  EXPECT_EQ(talk.Pass(kFromClient, syn).verdict, TcpVerdict::kReuse);
}

// ---- Table and properties
// -------------------------------------------------------------------------------

TEST(TcpTracker, EveryCellOfTheTableIsVisitedAndDoesWhatItSays) {
  for (std::size_t state = 0; state < kTcpStateCount; ++state) {
    for (const Direction from : {kFromClient, kFromServer}) {
      for (const std::uint8_t flags : {kTcpSyn, kSynAck, kTcpAck, kFinAck, kTcpRst}) {
        Talk talk = Established();
        talk.track.state = static_cast<SessionState>(state);
        const TcpTrack before = talk.track;
        const TcpCell cell = CellOf(talk.track.state, from, flags);
        const TcpOutcome outcome = talk.Pass(from, talk.Segment(from, flags));
        switch (cell.action) {
          case TcpAction::kRefuse:
            EXPECT_EQ(outcome.reason, DropReason::kTcpState);
            break;
          case TcpAction::kMidStream:
            EXPECT_EQ(outcome.reason, DropReason::kMidStream);
            break;
          case TcpAction::kPass:
            EXPECT_EQ(outcome.verdict, TcpVerdict::kForward);
            EXPECT_EQ(talk.track, before);
            break;
          case TcpAction::kLate:  // No takeover here: a server's challenge passes.
            EXPECT_EQ(outcome.reason,
                      from == kFromClient ? DropReason::kTcpState : DropReason::kNone);
            EXPECT_EQ(talk.track, before);
            break;
          case TcpAction::kReuse:
            EXPECT_EQ(outcome.verdict, TcpVerdict::kReuse);
            break;
          case TcpAction::kOpen:
          case TcpAction::kCross:
          case TcpAction::kAnswer:
          case TcpAction::kTrack:
          case TcpAction::kReset:
            if (outcome.verdict == TcpVerdict::kForward) {
              EXPECT_EQ(talk.track.state, cell.next) << state << ' ' << int{flags};
            } else {
              EXPECT_EQ(talk.track, before);
            }
            break;
        }
      }
    }
  }
}

TEST(TcpTracker, OnlyCombinationsThatATcpSendsAreValid) {
  int valid = 0;
  for (int flags = 0; flags < 64; ++flags) {
    valid += TcpFlagsAreValid(static_cast<std::uint8_t>(flags)) ? 1 : 0;
  }
  EXPECT_EQ(valid, 6 * 4);  // Six of the combinations, each with or without PSH and URG.
}

// Whatever arrives: a dropped segment changes nothing, an edge only moves back when a SYN opens
// anew.
TEST(TcpTracker, RandomSegmentsNeverMoveAnEdgeBack) {
  testing::Random random(0xed6e);
  for (int run = 0; run < 2'000; ++run) {
    Talk talk = Established();
    if (random.Below(3) == 0) talk.TakeOver(random.Below(1u << 22));
    for (int i = 0; i < 60; ++i) {
      const Direction from = random.Below(2) == 0 ? kFromClient : kFromServer;
      constexpr std::uint8_t kinds[] = {kTcpAck, kTcpAck, kTcpAck, kFinAck, kSynAck, kTcpRst};
      TcpSegment segment = talk.Segment(from, kinds[random.Below(6)],
                                        static_cast<std::uint16_t>(random.Below(1'500)));
      const std::uint32_t spread = 1u << random.Below(32);
      segment.seq += random.Below(spread) - spread / 2;
      segment.ack += random.Below(spread) - spread / 2;
      segment.window = static_cast<std::uint16_t>(random.Next());
      const TcpTrack before = talk.track;
      const TcpOutcome outcome = talk.Pass(from, segment);
      if (outcome.verdict == TcpVerdict::kDrop) {
        ASSERT_EQ(talk.track, before);
        ASSERT_NE(outcome.reason, DropReason::kNone);
      }
      for (std::size_t side = 0; side < 2; ++side) {
        ASSERT_GE(SeqDistance(talk.track.edge[side], before.edge[side]), 0);
        ASSERT_GE(talk.track.window[side], before.window[side]);
      }
      ASSERT_EQ(outcome.changed, talk.track != before);
    }
  }
}

// Two well-behaved sides behind a path that loses, repeats and reorders on the far side of the
// node: nothing they send is ever refused.
TEST(TcpTracker, AWellBehavedConnectionIsNeverRefused) {
  testing::Random random(0x600d);
  for (int run = 0; run < 300; ++run) {
    Talk talk;
    talk.next = {random.Next(), random.Next()};
    talk.Handshake();
    std::array<std::uint32_t, 2> acked = {talk.next[0], talk.next[1]};  // Of each sender's data.
    for (int i = 0; i < 400; ++i) {
      const std::size_t own = random.Below(2);
      const Direction from = own == 0 ? kFromClient : kFromServer;
      if (i == 200 && random.Below(2) == 0) talk.TakeOver(random.Below(1u << 22));
      const std::uint32_t in_flight = talk.next[own] - acked[own];
      const std::uint32_t room = (std::uint32_t{talk.window[1 - own]} << 7) - in_flight;
      const auto bytes = static_cast<std::uint16_t>(random.Below(std::min(room, 1'448u) + 1));
      TcpSegment segment = talk.Segment(from, kTcpAck, bytes);
      segment.ack = acked[1 - own];
      if (random.Below(5) == 0) {
        segment.seq -= random.Below(in_flight + 1);  // A repetition.
        segment.payload_bytes = static_cast<std::uint16_t>(
            std::min<std::uint32_t>(segment.payload_bytes, talk.next[own] - segment.seq));
      } else {
        talk.next[own] += bytes;
      }
      const TcpTrack before = talk.track;
      ASSERT_EQ(talk.Pass(from, segment).reason, DropReason::kNone)
          << TextOf(talk.last.reason).name << " in run " << run << ", step " << i << ": own side "
          << own << ", from the edge " << SeqDistance(segment.seq, before.edge[own]) << ", bytes "
          << segment.payload_bytes << ", to the limit "
          << SeqDistance(before.limit[own], segment.seq) << ", acknowledges "
          << SeqDistance(segment.ack, before.edge[1 - own]) << ", flags " << int{before.flags};
      if (random.Below(2) == 0) {  // The receiver takes part of what is in flight.
        acked[own] += random.Below(talk.next[own] - acked[own] + 1);
      }
    }
  }
}

TEST(TcpTracker, QuotedSegmentsMustHaveBeenSentRecently) {
  Talk talk = Established();
  talk.Send(kFromClient, kTcpAck, 5'000);
  EXPECT_TRUE(TcpQuoteIsPlausible(talk.track, kFromClient, talk.next[0] - 5'000));
  EXPECT_FALSE(TcpQuoteIsPlausible(talk.track, kFromClient, talk.next[0] + 1));
  EXPECT_FALSE(TcpQuoteIsPlausible(talk.track, kFromClient, talk.next[0] - (1u << 20)));
}

}  // namespace
}  // namespace dataplane
