// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/neighbour.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "tests/unit/core/node.h"

namespace dataplane {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint32_t kMaxAge = 100;
const MacAddress kMac{{2, 0, 0, 0, 0, 9}};
const NeighbourKey kKey{.interface = 0, .addr = testing::kClient};

class NeighbourTest : public ::testing::Test {
 protected:
  NeighbourTest() : interfaces_(testing::TwoInterfaces()) { Make(64); }
  void Make(std::uint32_t capacity) {
    auto table = NeighbourTable::Create(capacity, kMaxAge);
    ASSERT_TRUE(table.ok()) << table.status();
    table_ = std::move(*table);
  }
  ArpOutcome Hear(ArpOperation operation, NetAddr sender, NetAddr target, bool active = true,
                  MacAddress mac = kMac, std::uint8_t interface = 0) {
    const ArpPacket packet{.operation = operation,
                           .ethernet_source = mac,
                           .sender_mac = mac,
                           .sender_addr = sender,
                           .target_addr = target};
    return table_->OnArp(interface, packet, interfaces_, active, now_, counters_);
  }
  // All that becomes due at this moment.
  std::vector<ArpDue> Tick() {
    std::array<ArpDue, 256> due;
    const std::size_t count = table_->Tick(now_, due, counters_);
    return {due.begin(), due.begin() + static_cast<std::ptrdiff_t>(count)};
  }
  void Learn() {
    (void)table_->Resolve(kKey, now_, counters_);
    (void)Hear(ArpOperation::kReply, testing::kClient, testing::kInsideVirtual);
    table_->OnReleased(kKey, 1);
  }

  InterfaceMap interfaces_;
  std::unique_ptr<NeighbourTable> table_;
  Counters counters_;
  std::int64_t now_ = 50 * kSecond;
};

TEST_F(NeighbourTest, FirstPacketAsksAndIsHeldUntilTheAnswer) {
  EXPECT_FALSE(table_->Find(kKey).usable());
  const ResolveOutcome first = table_->Resolve(kKey, now_, counters_);
  EXPECT_TRUE(first.hold);
  EXPECT_TRUE(first.send_request);
  const ResolveOutcome second = table_->Resolve(kKey, now_, counters_);
  EXPECT_TRUE(second.hold);
  EXPECT_FALSE(second.send_request);
  EXPECT_EQ(table_->held_total(), 2u);
  EXPECT_TRUE(Hear(ArpOperation::kReply, testing::kClient, testing::kInsideVirtual).resolved);
  EXPECT_EQ(table_->Find(kKey).mac, kMac);
  EXPECT_EQ(table_->Find(kKey).state, NeighbourState::kReachable);
  table_->OnReleased(kKey, 2);
  EXPECT_EQ(table_->held_total(), 0u);
}

TEST_F(NeighbourTest, QueuesAreBoundedPerNeighbour) {
  for (int i = 0; i < kArpQueuePackets; ++i) {
    EXPECT_TRUE(table_->Resolve(kKey, now_, counters_).hold);
  }
  const ResolveOutcome over = table_->Resolve(kKey, now_, counters_);
  EXPECT_FALSE(over.hold);
  EXPECT_EQ(over.reason, DropReason::kArpQueueFull);
}

TEST_F(NeighbourTest, AFullTableRefusesNewNeighboursOnly) {
  Make(2);
  Learn();
  EXPECT_TRUE(table_->Resolve({0, MakeAddr(10, 1, 0, 50)}, now_, counters_).hold);
  EXPECT_EQ(table_->Resolve({0, MakeAddr(10, 1, 0, 51)}, now_, counters_).reason,
            DropReason::kArpTableFull);
  EXPECT_TRUE(table_->Find(kKey).usable());
}

TEST_F(NeighbourTest, SilentNeighbourIsAskedThreeTimesThenGivenUp) {
  (void)table_->Resolve(kKey, now_, counters_);
  EXPECT_TRUE(Tick().empty());
  for (int i = 0; i < 2; ++i) {
    now_ += kSecond;
    const std::vector<ArpDue> due = Tick();
    ASSERT_EQ(due.size(), 1u);
    EXPECT_FALSE(due[0].failed);
    EXPECT_EQ(due[0].key, kKey);
    EXPECT_EQ(due[0].mac, kBroadcastMac);
  }
  now_ += kSecond;
  const std::vector<ArpDue> due = Tick();
  ASSERT_EQ(due.size(), 1u);
  EXPECT_TRUE(due[0].failed);
  EXPECT_EQ(table_->size(), 0u);
  EXPECT_EQ(table_->held_total(), 0u);
  EXPECT_EQ(counters_.value(Event::kArpRequestsSent), 3u);
  EXPECT_EQ(counters_.value(Event::kArpFailed), 1u);
}

TEST_F(NeighbourTest, OldNeighbourIsProbedWhenUsedAndStaysUsableMeanwhile) {
  Learn();
  now_ += kMaxAge * kSecond;
  EXPECT_TRUE(Tick().empty());
  EXPECT_EQ(table_->Find(kKey).state, NeighbourState::kStale);
  now_ += kSecond;
  EXPECT_TRUE(Tick().empty());
  table_->Touch(kKey);
  const std::vector<ArpDue> due = Tick();
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].mac, kMac);
  EXPECT_TRUE(table_->Find(kKey).usable());
  (void)Hear(ArpOperation::kReply, testing::kClient, testing::kInsideVirtual);
  EXPECT_EQ(table_->Find(kKey).state, NeighbourState::kReachable);
}

TEST_F(NeighbourTest, LastProbeIsBroadcastBecauseTheMacMayHaveChanged) {
  Learn();
  table_->MarkAllStale(now_);
  table_->Touch(kKey);
  std::vector<MacAddress> asked;
  for (int i = 0; i < 3; ++i) {
    const std::vector<ArpDue> due = Tick();
    ASSERT_EQ(due.size(), 1u);
    asked.push_back(due[0].mac);
    now_ += kSecond;
  }
  EXPECT_EQ(asked, (std::vector<MacAddress>{kMac, kMac, kBroadcastMac}));
  EXPECT_TRUE(Tick()[0].failed);
}

TEST_F(NeighbourTest, NeighbourOutsideOfEveryPrefixIsForgottenAndItsPacketsAreNamed) {
  Learn();
  std::array<NeighbourKey, 4> held;
  std::size_t held_count = 9;
  const InterfaceMap same = testing::TwoInterfaces();
  EXPECT_EQ(table_->ForgetOutside(same, 0, held, held_count), 0u);
  EXPECT_EQ(held_count, 0u);
  EXPECT_TRUE(table_->Find(kKey).usable());

  NeighbourKey asked = kKey;
  asked.addr = kKey.addr ^ 0x0100'0000;  // Another host of the same prefix.
  ASSERT_TRUE(table_->Resolve(asked, now_, counters_).hold);
  const std::vector<InterfaceSpec> none(2, InterfaceSpec{.enabled = false});
  EXPECT_EQ(table_->ForgetOutside(*InterfaceMap::Build(none, {}), 0, held, held_count), 0u);
  EXPECT_FALSE(table_->Find(kKey).usable());
  EXPECT_EQ(table_->size(), 0u);
  EXPECT_EQ(table_->held_total(), 0u);
  ASSERT_EQ(held_count, 1u);
  EXPECT_EQ(held[0], asked);
}

TEST_F(NeighbourTest, UnusedOldNeighbourIsForgotten) {
  Learn();
  now_ += kMaxAge * kSecond;
  (void)Tick();
  now_ += kMaxAge * kSecond;
  EXPECT_TRUE(Tick().empty());
  EXPECT_EQ(table_->size(), 0u);
}

TEST_F(NeighbourTest, RequestForOurAddressIsAnsweredAndTeachesTheAsker) {
  const ArpOutcome outcome =
      Hear(ArpOperation::kRequest, testing::kClient, testing::kInsideVirtual);
  EXPECT_TRUE(outcome.reply);
  EXPECT_EQ(outcome.answer_mac, VirtualMac(1));
  EXPECT_EQ(outcome.answer_addr, testing::kInsideVirtual);
  EXPECT_TRUE(table_->Find(kKey).usable());
}

TEST_F(NeighbourTest, StandbyKeepsSilentAboutVirtualAddressesButLearnsWhoAsks) {
  EXPECT_FALSE(
      Hear(ArpOperation::kRequest, testing::kClient, testing::kInsideVirtual, false).reply);
  EXPECT_TRUE(table_->Find(kKey).usable());
  const ArpOutcome own = Hear(ArpOperation::kRequest, testing::kClient, testing::kInsideOwn, false);
  EXPECT_TRUE(own.reply);
  EXPECT_EQ(own.answer_mac, testing::kInsideOwnMac);
}

TEST_F(NeighbourTest, TalkAmongOthersTeachesNothingNew) {
  (void)Hear(ArpOperation::kRequest, testing::kClient, MakeAddr(10, 1, 0, 77));
  EXPECT_EQ(table_->size(), 0u);
  (void)Hear(ArpOperation::kReply, testing::kClient, testing::kInsideVirtual);
  EXPECT_EQ(table_->size(), 0u) << "a reply that nobody asked for";
}

TEST_F(NeighbourTest, AddressesOutsideThePrefixAndProbesAreNotLearnt) {
  (void)Hear(ArpOperation::kRequest, MakeAddr(10, 7, 0, 1), testing::kInsideVirtual);
  (void)Hear(ArpOperation::kRequest, 0, testing::kInsideVirtual);
  EXPECT_EQ(table_->size(), 0u);
}

TEST_F(NeighbourTest, AStrangersClaimToOurAddressIsAConflictAndDefended) {
  const ArpOutcome outcome =
      Hear(ArpOperation::kRequest, testing::kInsideVirtual, testing::kInsideVirtual);
  EXPECT_TRUE(outcome.conflict);
  EXPECT_TRUE(outcome.announce);
  EXPECT_EQ(outcome.answer_mac, VirtualMac(1));
  EXPECT_EQ(counters_.value(Event::kArpConflicts), 1u);
  EXPECT_EQ(table_->size(), 0u);
}

TEST_F(NeighbourTest, EveryClaimIsCountedButDefencesAreLimited) {
  int defended = 0;
  for (int i = 0; i < 30; ++i) {
    now_ += kSecond / 10;
    defended += Hear(ArpOperation::kRequest, testing::kInsideVirtual, testing::kClient).announce;
  }
  EXPECT_EQ(defended, 3);
  EXPECT_EQ(counters_.value(Event::kArpConflicts), 30u);
}

TEST_F(NeighbourTest, TheActivesAnnouncementIsNoConflictForTheStandby) {
  const ArpOutcome outcome = Hear(ArpOperation::kRequest, testing::kInsideVirtual,
                                  testing::kInsideVirtual, false, VirtualMac(1));
  EXPECT_FALSE(outcome.conflict);
  EXPECT_EQ(table_->size(), 0u);
}

TEST_F(NeighbourTest, SameAddressOnTwoInterfacesAreTwoNeighbours) {
  Learn();
  EXPECT_FALSE(table_->Find({.interface = 1, .addr = testing::kClient}).usable());
}

// Against a plain set: chains with removed entries in between stay searchable.
TEST_F(NeighbourTest, ChurnNeverLosesOrInventsANeighbour) {
  Make(128);
  testing::Random random(7);
  std::set<std::uint8_t> expected;
  const auto hear = [this](std::uint8_t host) {
    (void)Hear(ArpOperation::kRequest, MakeAddr(10, 1, 0, host), testing::kInsideVirtual, true,
               MacAddress{{2, 0, 0, 0, 0, host}});
  };
  for (int run = 0; run < 20'000; ++run) {
    const auto host = static_cast<std::uint8_t>(3 + random.Below(200));
    if (random.Below(3) != 0 && expected.size() < 128) {
      hear(host);
      expected.insert(host);
    } else if (random.Below(100) == 0) {  // About half of them age out, the others speak again.
      now_ += kMaxAge * kSecond;
      (void)Tick();
      std::erase_if(expected, [&random](std::uint8_t) { return random.Below(2) == 0; });
      for (const std::uint8_t alive : expected) hear(alive);
      now_ += kMaxAge * kSecond;
      (void)Tick();
    }
    ASSERT_EQ(table_->size(), expected.size());
    for (int other = 3; other < 203; other += 1 + static_cast<int>(random.Below(60))) {
      const auto looked_up = static_cast<std::uint8_t>(other);
      const Neighbour found = table_->Find({0, MakeAddr(10, 1, 0, looked_up)});
      ASSERT_EQ(found.usable(), expected.contains(looked_up)) << run << ' ' << other;
      if (found.usable()) {
        ASSERT_EQ(found.mac.bytes[5], looked_up);
      }
    }
  }
}

TEST(Neighbour, CapacityOutsideItsRangeIsRefused) {
  EXPECT_FALSE(NeighbourTable::Create(0, 1).ok());
  EXPECT_FALSE(NeighbourTable::Create(kNeighboursMax + 1, 1).ok());
  EXPECT_FALSE(NeighbourTable::Create(1, 0).ok());
}

}  // namespace
}  // namespace dataplane
