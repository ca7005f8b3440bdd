// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/config/device.h"

#include <gtest/gtest.h>

namespace dataplane {
namespace {

TEST(Device, PciAddressesAreRead) {
  std::string problem;
  EXPECT_EQ(ParseDevice("0000:03:00.1", problem)->name, "0000:03:00.1");
  EXPECT_TRUE(ParseDevice("03:00.1,arg=1", problem)->driver.empty());
}

TEST(Device, VirtualDevicesGiveDriverAndKernelInterface) {
  std::string problem;
  const auto device = ParseDevice("net_af_packet12,framecnt=4096,iface=lan0", problem);
  ASSERT_TRUE(device.has_value()) << problem;
  EXPECT_EQ(device->name, "net_af_packet12");
  EXPECT_EQ(device->driver, "net_af_packet");
  EXPECT_EQ(device->kernel_iface, "lan0");
}

TEST(Device, WhatDpdkCannotHaveIsRefusedWithAReason) {
  for (const char* text : {"", "eth0", "net_af_packet", "net_af_packet0", "net_af_packet0,iface=",
                           "net_af_packet0,iface=sixteen-letters-", "net_pf0", "0000:03:00.8",
                           "0000:03:00", "net_null0 ", "net_null0\n", "zz:00.0"}) {
    std::string problem;
    EXPECT_FALSE(ParseDevice(text, problem).has_value()) << text;
    EXPECT_FALSE(problem.empty()) << text;
  }
}

}  // namespace
}  // namespace dataplane
