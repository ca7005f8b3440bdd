// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/table/nat_addresses.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "statesync/table/session_record.h"

namespace statesync {
namespace {

TEST(NatAddresses, NumbersMayHaveHoles) {
  NatAddresses addresses;
  addresses.Init(std::array<NetAddr, 5>{11, 0, 0, 22, 0});
  EXPECT_EQ(addresses.IndexOf(11), 0);
  EXPECT_EQ(addresses.IndexOf(22), 3);
  EXPECT_EQ(addresses.IndexOf(33), kNatIndexNone);
  EXPECT_EQ(addresses.AddressOf(3), 22u);
  EXPECT_EQ(addresses.AddressOf(1), 0u);
  EXPECT_EQ(addresses.AddressOf(200), 0u);
  EXPECT_EQ(addresses.AddressOf(kNatIndexNone), 0u);
}

TEST(NatAddresses, EveryNumberFindsItsAddress) {
  std::vector<NetAddr> all;
  for (NetAddr i = 0; i < kNatAddressesMax; ++i) all.push_back(1 + i * 0x0101'0101u);
  NatAddresses addresses;
  addresses.Init(all);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(addresses.IndexOf(all[i]), i);
}

TEST(NatAddresses, RecordUsesTheOnesThatWereSetLast) {
  SessionRecord record;
  record.Init(std::array<NetAddr, 1>{11});
  EXPECT_EQ(record.nat().IndexOf(11), 0);
  NatAddresses other;
  other.Init(std::array<NetAddr, 2>{0, 22});
  record.SetNatAddresses(other);
  EXPECT_EQ(record.nat().IndexOf(11), kNatIndexNone);
  EXPECT_EQ(record.nat().IndexOf(22), 1);
}

// Run under the thread sanitizer: one thread changes the addresses, another encodes and decodes.
TEST(NatAddresses, ReaderSeesOneListOrTheOther) {
  SessionRecord record;
  record.Init({});
  NatAddresses lists[2];
  lists[0].Init(std::array<NetAddr, 2>{11, 22});
  lists[1].Init(std::array<NetAddr, 2>{22, 11});
  record.SetNatAddresses(lists[0]);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; i < 20'000; ++i) record.SetNatAddresses(lists[i % 2]);
    stop.store(true);
  });
  while (!stop.load()) {
    const NatAddresses& nat = record.nat();
    EXPECT_EQ(nat.AddressOf(nat.IndexOf(11)), 11u);
  }
  writer.join();
}

}  // namespace
}  // namespace statesync
