// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two HA2 links at once: both carry, either one suffices, and the engine notices nothing.

#include <filesystem>

#include "dataplane/crypto/aes_gcm.h"
#include "dataplane/crypto/key_log.h"
#include "dataplane/dpdk/ha2_frame.h"
#include "statesync/seal/link_report.h"
#include "tests/dpdk/sync_pair.h"

namespace dataplane::testing {
namespace {

using statesync::ClearHeader;
using statesync::Readiness;

constexpr std::size_t kAddressAt = 14 + 12 + 2;  // Third byte of the sender's: 2 on the first link.
constexpr std::int64_t kSilenceMs = 40;          // heartbeat_ms × (heartbeat_misses + 1).

class LinksTest : public SyncPairTest {
 protected:
  LinksTest() {
    Remake({.boot_id = 0xa0, .streams = 2, .links = 2},
           {.boot_id = 0xb0, .streams = 2, .links = 2});
  }
  void CutLink(std::size_t link, bool cut = true) {
    for (auto& sender : link_cut_) sender[link] = cut;
  }
  bool Used(SyncNode& node, std::size_t link) {
    return node.shared.sync.ha2_links[link].used.load();
  }
  // New and ending sessions every millisecond; the standby must never be worse than synced.
  void WorkFor(std::int64_t milliseconds) {
    for (std::int64_t i = 0; i < milliseconds; ++i) {
      a().Open(next_, 5);
      if (next_ >= 1'000) a().Close(next_ - 1'000, 5);
      next_ += 5;
      Run(1);
      const auto at_risk = static_cast<std::uint8_t>(Readiness::kAtRisk);
      ASSERT_NE(b().shared.sync.readiness.load(), at_risk) << "after " << i << " ms";
      longest_ns_ = std::max(longest_ns_, a().shared.sync.exposure_age_ns.load());
    }
  }
  void ExpectNothingLost() {
    ASSERT_TRUE(RunUntilEqual());
    ASSERT_TRUE(RunUntil([this] { return b().readiness() == Readiness::kSynced; }));
    Run(50);  // Counters are copied now and then.
    EXPECT_EQ(a().Dump(), b().Dump());
    EXPECT_EQ(b().Stat("replication.digests_differed"), 0u);
    EXPECT_EQ(a().Stat("replication.frames_lost"), 0u);
    EXPECT_EQ(a().Stat("replication.bulks_started") + b().Stat("replication.bulks_started"),
              bulks_);
    EXPECT_EQ(a().Stat("ha2.peer_connected"), 1u) << "the engine noticed nothing";
  }
  void Settle() {
    SyncPairTest::Settle();
    Run(50);
    bulks_ = a().Stat("replication.bulks_started") + b().Stat("replication.bulks_started");
  }

  // A datagram of node 1 without plaintext, over the first link. Envelope: that of a recorded one.
  void GiveEmpty(const statesync::DirectionKey& key, std::uint64_t number, std::uint16_t stream,
                 std::uint16_t epoch) {
    const auto sealed =
        std::find_if(recorded_[1].rbegin(), recorded_[1].rend(), [](const Frame& frame) {
          return frame.size() == kHa2HeaderBytes + sizeof(ClearHeader) + statesync::kTagBytes &&
                 frame[kAddressAt] == 2;
        });
    ASSERT_NE(sealed, recorded_[1].rend()) << "no report was recorded";
    Frame frame = *sealed;
    ClearHeader clear;
    std::memcpy(&clear, frame.data() + kHa2HeaderBytes, sizeof(clear));
    clear.stream.Set(stream);
    clear.epoch.Set(epoch);
    clear.packet_number.Set(number);
    std::memcpy(frame.data() + kHa2HeaderBytes, &clear, sizeof(clear));
    const std::span<std::uint8_t> datagram = std::span(frame).subspan(kHa2HeaderBytes);
    AesGcm(key).Seal(statesync::MakeNonce(stream, number), datagram.first(sizeof(clear)), {},
                     datagram.last<statesync::kTagBytes>());
    a().wire.Give(frame, pool_.get());
  }

  std::uint32_t next_ = 0;
  std::int64_t longest_ns_ = 0;
  std::uint64_t bulks_ = 0;
};

TEST_F(LinksTest, BothCarryFramesWithoutReorderingOrReplay) {
  Settle();
  carried_ = {};
  WorkFor(300);
  ExpectNothingLost();
  EXPECT_TRUE(Used(a(), 0) && Used(a(), 1) && Used(b(), 0) && Used(b(), 1));
  EXPECT_GT(carried_[0][0], 3 * carried_[0][1] / 4) << "a half each";
  EXPECT_GT(carried_[0][1], 3 * carried_[0][0] / 4);
  EXPECT_EQ(b().Stat("replication.gaps_seen") + b().Stat("seal.replayed"), 0u);
  EXPECT_EQ(a().Stat("seal.keys_derived"), 1u) << "copies of hellos do no harm";
}

TEST_F(LinksTest, EitherOneMayBeCutUnderLoad) {
  for (std::size_t link = 0; link < 2; ++link) {
    Remake({.boot_id = 0xa0, .streams = 2, .links = 2},
           {.boot_id = 0xb0, .streams = 2, .links = 2});
    next_ = 0;
    Settle();
    WorkFor(50);
    longest_ns_ = 0;
    CutLink(link);
    WorkFor(300);
    EXPECT_FALSE(Used(a(), link) || Used(b(), link)) << link;
    EXPECT_TRUE(Used(a(), 1 - link) && Used(b(), 1 - link)) << link;
    for (SyncNode* const node : {&a(), &b()}) {
      const std::int64_t after_ns = node->shared.sync.ha2_links[link].left_after_ns.load();
      EXPECT_GT(after_ns, kSilenceMs * 1'000'000);
      EXPECT_LT(after_ns, (kSilenceMs + 1) * 1'000'000) << "found within a turn of the limit";
    }
    EXPECT_LT(longest_ns_, (kSilenceMs + 20) * 1'000'000) << "oldest unconfirmed change";
    CutLink(link, false);
    WorkFor(300);
    EXPECT_TRUE(Used(a(), link) && Used(b(), link)) << link;
    ExpectNothingLost();
    CutLink(link, false);
  }
}

TEST_F(LinksTest, ALinkThatOnlyOneNodeHearsIsLeftByBoth) {
  Settle();
  link_cut_[0][1] = true;  // What node 0 sends over the second link is lost.
  std::int64_t found_ms = 0;
  while (Used(a(), 1) && ++found_ms < 200) WorkFor(1);
  EXPECT_LT(found_ms, kSilenceMs + 2 * 10 + 2) << "its peer's silence, and a heartbeat each way";
  WorkFor(200);
  EXPECT_FALSE(Used(a(), 1)) << "its peer says that it hears nothing";
  EXPECT_FALSE(Used(b(), 1)) << "it hears nothing";
  const std::int64_t heard_ns = a().shared.sync.ha2_links[1].last_heard_ns.load();
  EXPECT_GE(heard_ns, now_ns_ - 12'000'000) << "node 0 still hears its peer there";
  link_cut_[0][1] = false;
  WorkFor(100);
  EXPECT_TRUE(Used(a(), 1) && Used(b(), 1));
  ExpectNothingLost();
}

TEST_F(LinksTest, BothMayBeCutAndComeBackOneByOne) {
  Settle();
  WorkFor(50);
  CutLink(0);
  CutLink(1);
  a().Open(50'000, 500);
  Run(2'000);
  EXPECT_EQ(b().readiness(), Readiness::kAtRisk);
  EXPECT_FALSE(Used(a(), 0) || Used(a(), 1));
  CutLink(1, false);
  ASSERT_TRUE(RunUntil([this] { return b().readiness() == Readiness::kSynced; }));
  WorkFor(100);
  CutLink(0, false);
  WorkFor(100);
  ExpectNothingLost();
}

TEST_F(LinksTest, ASingleStreamKeepsItsOrderOnOneOfThem) {
  Remake({.boot_id = 0xa0, .links = 2}, {.boot_id = 0xb0, .links = 2});
  Settle();
  carried_ = {};
  WorkFor(100);
  EXPECT_GT(carried_[0][0], 2 * carried_[0][1]);
  CutLink(0);
  WorkFor(200);
  EXPECT_TRUE(Used(a(), 1));
  ExpectNothingLost();
}

TEST_F(LinksTest, ANodeWithOneLinkUnderstandsANodeWithTwo) {
  Remake({.boot_id = 0xa0, .streams = 2, .links = 2}, {.boot_id = 0xb0, .streams = 2});
  Settle();
  WorkFor(200);
  EXPECT_TRUE(Used(a(), 0));
  EXPECT_FALSE(Used(a(), 1));
  ExpectNothingLost();
}

// A peer that holds the keys and says nonsense in its reports: each is counted, and none makes this
// node stop sending.
TEST_F(LinksTest, HostileReportsAreCountedAndStopNothing) {
  const std::string path = ::testing::TempDir() + "sync-links-test.keys";
  std::filesystem::remove(path);
  Remake({.boot_id = 0xa0, .streams = 2, .links = 2, .ha2_key_file = path},
         {.boot_id = 0xb0, .streams = 2, .links = 2});
  Settle();
  const auto keys = ReadKeyLog(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(keys.ok() && !keys->empty()) << keys.status();
  record_ = true;
  Run(20);
  record_ = false;
  // Ahead of the peer's own numbers, which must stay inside the replay window.
  std::uint64_t number = statesync::kReplayWindowPackets / 2;
  const auto give = [&](std::uint16_t stream, std::uint16_t epoch) {
    GiveEmpty(keys->front().from == 1 ? keys->front().key : keys->back().key, ++number, stream,
              epoch);
  };
  const std::uint64_t bad = a().Stat("seal.bad-empty");
  const std::uint64_t reports = a().Stat("ha2.reports_received");
  std::uint64_t given = 0;
  for (unsigned epoch = 1; epoch <= 0xffff; epoch += 211) {
    give(0, static_cast<std::uint16_t>(epoch & ~unsigned{statesync::kLinkReport}));
    give(1, static_cast<std::uint16_t>(epoch | statesync::kLinkReport));
    given += 2;
    Step();
  }
  Run(50);
  EXPECT_EQ(a().Stat("seal.bad-empty") - bad, given);
  EXPECT_GT(a().Stat("ha2.reports_received"), reports) << "those of the peer itself still count";
  EXPECT_TRUE(Used(a(), 0) && Used(a(), 1)) << "what breaks the format is not believed";

  for (int i = 0; i < 300; ++i) {
    give(0, statesync::kLinkReport);  // A lie: the peer hears nothing.
    a().Open(next_, 5);
    next_ += 5;
    Run(1);
  }
  EXPECT_GT(a().Stat("ha2.links_left"), 0u);
  Run(20);
  ExpectNothingLost();
}

// One queue stands still for ever; the other link must not wait for it.
TEST_F(LinksTest, APortThatTakesNothingStopsOnlyItsLink) {
  Remake({.boot_id = 0xa0, .ring_frames = 64, .streams = 2, .links = 2},
         {.boot_id = 0xb0, .streams = 2, .links = 2});
  Settle();
  blocked_link_ = 1;
  WorkFor(300);
  EXPECT_FALSE(Used(a(), 1));
  EXPECT_LT(longest_ns_, (2 * kSilenceMs + 120) * 1'000'000);
  longest_ns_ = 0;
  WorkFor(300);
  EXPECT_LT(longest_ns_, 20'000'000) << "no wait at all once the link is left";
  EXPECT_GT(a().Stat("ha2.send_waits"), 0u);
  blocked_link_ = kNoLink;
  WorkFor(100);
  ExpectNothingLost();
}

}  // namespace
}  // namespace dataplane::testing
