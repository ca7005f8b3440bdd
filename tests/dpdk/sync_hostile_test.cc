// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What an attacker on the HA2 link can send: it is counted, and changes nothing.

#include <algorithm>
#include <cstring>
#include <random>

#include "dataplane/crypto/aes_gcm.h"
#include "dataplane/dpdk/ha2_frame.h"
#include "statesync/wire/schema.h"
#include "tests/dpdk/sync_pair.h"

namespace dataplane::testing {
namespace {

using statesync::ClearHeader;
using statesync::Readiness;
using statesync::Role;

constexpr std::size_t kKindAt = kHa2HeaderBytes + offsetof(ClearHeader, kind_phase);

bool IsHello(const Frame& frame) { return frame.size() > kKindAt && frame[kKindAt] >> 4 == 1; }

class HostileLinkTest : public SyncPairTest {
 protected:
  // A pair in service with sessions, all of whose frames of a while were recorded.
  void SetUp() override {
    record_ = true;
    Settle();
    a().Open(0, 300);
    ASSERT_TRUE(RunUntilEqual());
    Run(300);
    record_ = false;
    before_ = b().Dump();
    ASSERT_EQ(before_.size(), 300u);
  }

  // Frames that claim to come from node 0.
  void Attack(const std::vector<Frame>& frames) {
    for (const Frame& frame : frames) {
      b().wire.Give(frame, pool_.get());
      Step();
    }
    Run(50);
  }
  Frame Datagram(const std::vector<std::uint8_t>& payload) {
    Ha2Link link;
    link.own_addr = a().options.ha.ha2.local_address;
    link.peer_addr = a().options.ha.ha2.peer_address;
    link.port = a().options.ha.ha2.udp_port;
    Frame frame(kHa2HeaderBytes + payload.size());
    WriteHa2Header(link, kBroadcastMac, 0, static_cast<std::uint16_t>(payload.size()),
                   std::as_writable_bytes(std::span(frame)).first<kHa2HeaderBytes>());
    std::copy(payload.begin(), payload.end(), frame.begin() + kHa2HeaderBytes);
    return frame;
  }
  // Sealed frames of node 0 with fifty new sessions, which have not arrived.
  std::vector<Frame> HeldBack() {
    std::vector<Frame> frames;
    a().Open(2'000, 50);
    for (int i = 0; i < 40; ++i) {
      a().Tick(now_ns_ += kTurnNs);
      a().loop->Turn(now_ns_);
      for (const Frame& frame : a().wire.Take()) frames.push_back(frame);
    }
    EXPECT_FALSE(frames.empty());
    return frames;
  }
  std::uint64_t Refused() const {
    std::vector<StatValue> stats;
    nodes_[1]->loop->AppendStats(stats);
    std::uint64_t sum = 0;
    for (const StatValue& stat : stats) {
      const bool seal = stat.name.starts_with("seal.") && stat.name != "seal.accepted" &&
                        stat.name != "seal.hellos_sent" && stat.name != "seal.answers_sent" &&
                        stat.name != "seal.answers_limited" && stat.name != "seal.keys_derived" &&
                        stat.name != "seal.keys_confirmed";
      if (seal || stat.name.starts_with("ha2.refused.")) sum += stat.value;
    }
    return sum;
  }
  void ExpectUnharmed() {
    EXPECT_EQ(b().Dump(), before_);
    EXPECT_TRUE(b().shared.sync.peer_connected.load());
    EXPECT_TRUE(a().shared.sync.peer_connected.load());
    EXPECT_EQ(b().shared.sync.peer_boot_id.load(), 0xa0u);
    EXPECT_EQ(b().readiness(), Readiness::kSynced);
    a().Open(5'000, 10);  // And replication goes on.
    EXPECT_TRUE(RunUntilEqual());
  }

  std::map<std::uint16_t, std::string> before_;
};

TEST_F(HostileLinkTest, GarbageOfEveryLengthIsCounted) {
  std::mt19937 random(1);
  std::vector<Frame> frames;
  for (std::size_t bytes = 0; bytes < 400; ++bytes) {
    std::vector<std::uint8_t> payload(bytes);
    for (std::uint8_t& byte : payload) byte = static_cast<std::uint8_t>(random());
    if (bytes % 2 == 0 && bytes >= 4) {  // The right first bytes.
      payload[0] = 0x4c;
      payload[1] = 0x53;
      payload[2] = 1;
      payload[3] = static_cast<std::uint8_t>(random() & 0x1f);
    }
    frames.push_back(Datagram(payload));
    frames.push_back(payload);  // Without any envelope.
  }
  const std::uint64_t refused = Refused();
  Attack(frames);
  EXPECT_EQ(Refused() - refused, frames.size());
  ExpectUnharmed();
}

TEST_F(HostileLinkTest, ReplayedFramesAreCounted) {
  std::vector<Frame> sealed;
  std::copy_if(recorded_[0].begin(), recorded_[0].end(), std::back_inserter(sealed),
               [](const Frame& frame) { return !IsHello(frame); });
  ASSERT_GT(sealed.size(), 20u);
  const std::uint64_t replayed = b().Stat("seal.replayed");
  Attack(sealed);
  EXPECT_EQ(b().Stat("seal.replayed") - replayed, sealed.size());
  ExpectUnharmed();
}

TEST_F(HostileLinkTest, AlteredFramesAreCounted) {
  std::vector<Frame> altered;
  for (const Frame& frame : recorded_[0]) {
    if (IsHello(frame)) continue;
    Frame copy = frame;
    copy[kHa2HeaderBytes + offsetof(ClearHeader, packet_number)] ^= 1;  // Not a replay, then.
    altered.push_back(copy);
    copy.back() ^= 1;
    altered.push_back(copy);
  }
  const std::uint64_t bad = b().Stat("seal.bad-seal");
  Attack(altered);
  EXPECT_EQ(b().Stat("seal.bad-seal") - bad, altered.size());
  ExpectUnharmed();
}

TEST_F(HostileLinkTest, FramesUnderAnotherKeyAreCounted) {
  statesync::DirectionKey key;
  key.bytes()[0] = 1;
  AesGcm cipher(key);
  Frame sample = *std::find_if(recorded_[0].rbegin(), recorded_[0].rend(),
                               [](const Frame& frame) { return !IsHello(frame); });
  std::vector<Frame> forged;
  for (std::uint64_t number = 1'000'000; number < 1'000'050; ++number) {
    Frame frame = sample;
    ClearHeader header;
    std::memcpy(&header, frame.data() + kHa2HeaderBytes, sizeof(header));
    header.packet_number.Set(number);
    std::memcpy(frame.data() + kHa2HeaderBytes, &header, sizeof(header));
    const std::span<std::uint8_t> bytes(frame);
    cipher.Seal(statesync::MakeNonce(0, number), bytes.subspan(kHa2HeaderBytes, sizeof(header)),
                bytes.subspan(kHa2HeaderBytes + sizeof(header),
                              frame.size() - kHa2HeaderBytes - sizeof(header) - kGcmTagBytes),
                bytes.last<kGcmTagBytes>());
    forged.push_back(frame);
  }
  const std::uint64_t bad = b().Stat("seal.bad-seal");
  Attack(forged);
  EXPECT_EQ(b().Stat("seal.bad-seal") - bad, forged.size());
  ExpectUnharmed();
}

TEST_F(HostileLinkTest, ReplayedHellosChangeNothing) {
  std::vector<Frame> hellos;
  std::copy_if(recorded_[0].begin(), recorded_[0].end(), std::back_inserter(hellos), IsHello);
  ASSERT_FALSE(hellos.empty());
  const std::uint64_t derived = b().Stat("seal.keys_derived");
  std::vector<Frame> many;
  for (int i = 0; i < 40; ++i) many.insert(many.end(), hellos.begin(), hellos.end());
  Attack(many);
  EXPECT_EQ(b().Stat("seal.keys_derived"), derived);
  EXPECT_GT(b().Stat("seal.hello-duplicate") + b().Stat("seal.hello-unproven") +
                b().Stat("seal.hello-stale"),
            0u);
  ExpectUnharmed();
}

// Hellos of a run of the peer that has ended: the living one must not be taken for dead.
TEST_F(HostileLinkTest, HellosOfAnEarlierRunChangeNothing) {
  std::vector<Frame> hellos;
  std::copy_if(recorded_[0].begin(), recorded_[0].end(), std::back_inserter(hellos), IsHello);
  nodes_[0].reset();
  nodes_[0] = std::make_unique<SyncNode>(NodeSetup{.index = 0, .boot_id = 0xa1});
  a().SetRole(Role::kStandby, 8);
  b().SetRole(Role::kActive, 17);
  ASSERT_TRUE(RunUntil([this] { return a().readiness() == Readiness::kSynced; }));
  const std::uint64_t restarted = b().Stat("ha2.peer_restarted");
  Attack(hellos);
  EXPECT_EQ(b().shared.sync.peer_boot_id.load(), 0xa1u);
  EXPECT_EQ(b().Stat("ha2.peer_restarted"), restarted);
  EXPECT_TRUE(b().shared.sync.peer_connected.load());
}

// Everything in it is right but its proof: whoever looked at it too early would believe it.
TEST_F(HostileLinkTest, AFreshFrameWithAnAlteredTagIsNotApplied) {
  std::vector<Frame> frames = HeldBack();
  const std::int64_t heard = b().shared.sync.ha2_last_heard_ns.load();
  for (Frame frame : frames) {
    frame.back() ^= 1;
    b().wire.Give(frame, pool_.get());
  }
  b().loop->Turn(now_ns_ += kTurnNs);
  EXPECT_EQ(b().shared.sync.ha2_last_heard_ns.load(), heard) << "no sign of life";
  EXPECT_EQ(b().Dump(), before_);
  for (const Frame& frame : frames) b().wire.Give(frame, pool_.get());
  b().loop->Turn(now_ns_ += kTurnNs);
  EXPECT_EQ(b().table->live_count(), 350u) << "the true frames still count";
}

// They still authenticate, until the new run has confirmed its keys.
TEST_F(HostileLinkTest, LateFramesOfADeadRunAreNotApplied) {
  const std::vector<Frame> late = HeldBack();
  nodes_[0].reset();
  nodes_[0] = std::make_unique<SyncNode>(NodeSetup{.index = 0, .boot_id = 0xa1});
  a().SetRole(Role::kStandby, 8);
  b().SetRole(Role::kActive, 17);
  // The hellos of the new run arrive, its first sealed frames are still under way.
  const std::uint64_t restarted = b().Stat("ha2.peer_restarted");
  while (b().Stat("ha2.peer_restarted") == restarted) {
    now_ns_ += kTurnNs;
    for (std::size_t i = 0; i < 2; ++i) {
      nodes_[i]->Tick(now_ns_);
      nodes_[i]->loop->Turn(now_ns_);
      for (const Frame& frame : nodes_[i]->wire.Take()) {
        if (IsHello(frame)) nodes_[1 - i]->wire.Give(frame, pool_.get());
      }
    }
  }
  const std::int64_t heard = b().shared.sync.ha2_last_heard_ns.load();
  for (const Frame& frame : late) b().wire.Give(frame, pool_.get());
  b().loop->Turn(now_ns_ += kTurnNs);
  EXPECT_EQ(b().shared.sync.peer_boot_id.load(), 0xa1u);
  EXPECT_EQ(b().shared.sync.ha2_last_heard_ns.load(), heard) << "no sign of life";
  EXPECT_EQ(b().Dump(), before_);
  ASSERT_TRUE(RunUntil([this] { return a().readiness() == Readiness::kSynced; }));
  // The new run draws its key phase by chance: if it is the dead run's, the seal refuses them.
  EXPECT_EQ(b().Stat("ha2.without_peer") + b().Stat("seal.bad-seal"), late.size());
  EXPECT_EQ(a().Dump(), b().Dump());
}

TEST_F(HostileLinkTest, ANodeOfAnotherPairIsNotHeard) {
  SyncNode stranger(NodeSetup{.index = 0, .boot_id = 0xcc, .secret = 0x77});
  stranger.SetRole(Role::kActive, 800);
  const std::uint64_t bad = b().Stat("seal.hello-bad-mac");
  std::size_t sent = 0;
  for (int i = 0; i < 20'000; ++i) {
    stranger.loop->Turn(now_ns_);
    for (const Frame& frame : stranger.wire.Take()) {
      b().wire.Give(frame, pool_.get());
      ++sent;
    }
    Step();
  }
  Run(50);
  EXPECT_GE(sent, 9u);  // A hello each 100 ms.
  EXPECT_EQ(b().Stat("seal.hello-bad-mac") - bad, sent);
  EXPECT_FALSE(stranger.shared.sync.peer_connected.load());
  EXPECT_NE(b().shared.sync.peer_term.load(), 800u);
  ExpectUnharmed();
}

TEST_F(HostileLinkTest, NothingUnauthenticIsASignOfLife) {
  cut_ = true;
  const std::int64_t heard = b().shared.sync.ha2_last_heard_ns.load();
  std::vector<Frame> frames = recorded_[0];  // Replays of frames and hellos.
  frames.push_back(Datagram(std::vector<std::uint8_t>(100)));
  Attack(frames);
  EXPECT_EQ(b().shared.sync.ha2_last_heard_ns.load(), heard);
}

}  // namespace
}  // namespace dataplane::testing
