// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// debug.ha2_key_file: what the node writes opens what it sends and receives.

#include <filesystem>

#include "tests/dpdk/sync_pair.h"
#include "tools/wiredump/decode.h"

namespace dataplane::testing {
namespace {

constexpr std::size_t kDatagramAt = 14 + 20 + 8;

class KeyLogTest : public SyncPairTest {
 protected:
  void SetUp() override { std::filesystem::remove(path_); }
  void TearDown() override { std::filesystem::remove(path_); }

  // Frames of one sender by what wiredump makes of them.
  [[nodiscard]] std::size_t CountOf(std::size_t sender, wiredump::Outcome outcome,
                                    wiredump::KeyRing& keys) const {
    std::size_t count = 0;
    std::vector<std::byte> plain;
    for (const Frame& frame : recorded_[sender]) {
      wiredump::Packet packet;
      packet.kind = wiredump::PacketKind::kDatagram;
      packet.source = static_cast<std::uint32_t>(sender);
      packet.datagram = std::as_bytes(std::span(frame)).subspan(kDatagramAt);
      count += wiredump::Decode(packet, keys, plain).outcome == outcome ? 1 : 0;
    }
    return count;
  }

  const std::string path_ = ::testing::TempDir() + "sync-key-log.keys";
};

TEST_F(KeyLogTest, TheKeysOfOneNodeOpenBothDirectionsOverARekey) {
  Remake({.boot_id = 0xa0, .rekey_after_packets = 200, .ha2_key_file = path_}, {.boot_id = 0xb0});
  record_ = true;
  Settle();
  a().Open(0, 50);
  ASSERT_TRUE(RunUntilEqual());
  ASSERT_TRUE(RunUntil([this] { return a().Stat("seal.keys_confirmed") >= 2; }));
  Run(50);
  absl::StatusOr<wiredump::KeyRing> keys = wiredump::KeyRing::Load(path_);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_GE(keys->size(), 4u);
  for (const std::size_t sender : {std::size_t{0}, std::size_t{1}}) {
    EXPECT_EQ(CountOf(sender, wiredump::Outcome::kSealed, *keys), 0u);
    EXPECT_EQ(CountOf(sender, wiredump::Outcome::kMalformed, *keys), 0u);
    EXPECT_GT(CountOf(sender, wiredump::Outcome::kFrame, *keys), 20u);
    EXPECT_GT(CountOf(sender, wiredump::Outcome::kHello, *keys), 0u);
  }
  wiredump::KeyRing none;
  EXPECT_EQ(CountOf(0, wiredump::Outcome::kFrame, none), 0u);
  EXPECT_EQ(a().Stat("ha2.keys_not_logged"), 0u);
}

TEST_F(KeyLogTest, NothingIsWrittenUnlessItIsAskedFor) {
  Settle();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace dataplane::testing
