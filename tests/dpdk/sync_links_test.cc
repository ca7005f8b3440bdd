// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two HA2 links at once: both carry, either one suffices, and the engine notices nothing.

#include "tests/dpdk/sync_pair.h"

namespace dataplane::testing {
namespace {

using statesync::Readiness;

constexpr std::int64_t kSilenceMs = 40;  // heartbeat_ms × (heartbeat_misses + 1).

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
