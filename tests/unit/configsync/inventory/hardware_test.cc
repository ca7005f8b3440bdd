// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/inventory/hardware.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace configsync {
namespace {

class HardwareTest : public ::testing::Test {
 protected:
  ~HardwareTest() override { std::filesystem::remove_all(sysfs_); }
  void Write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = std::filesystem::path(sysfs_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  void AddDevice(const std::string& address, const std::string& kind) {
    const std::string folder = "bus/pci/devices/" + address;
    Write(folder + "/class", kind + "\n");
    Write(folder + "/vendor", "0x8086\n");
    Write(folder + "/device", "0x1572\n");
  }
  const std::string sysfs_ =
      std::filesystem::temp_directory_path() / ("hardware-test-" + std::to_string(getpid()));
};

TEST_F(HardwareTest, ModelAndPortsMakeALine) {
  EXPECT_EQ(HardwareOf(sysfs_), "");
  AddDevice("0000:02:00.0", "0x020000");
  AddDevice("0000:01:00.0", "0x020000");
  AddDevice("0000:00:1f.0", "0x060100");  // A bridge.
  EXPECT_EQ(HardwareOf(sysfs_), "ports 0000:01:00.0 8086:1572, 0000:02:00.0 8086:1572");
  Write("class/dmi/id/product_name", "FW-3400 \x01\nmore\n");
  EXPECT_EQ(HardwareOf(sysfs_), "FW-3400, ports 0000:01:00.0 8086:1572, 0000:02:00.0 8086:1572");
}

TEST_F(HardwareTest, ALineHasABound) {
  Write("class/dmi/id/product_name", std::string(10'000, 'x'));
  for (int i = 0; i < 200; ++i) {
    AddDevice("0000:" + std::to_string(100 + i) + ":00.0", "0x020000");
  }
  EXPECT_LE(HardwareOf(sysfs_).size(), 2'000u);
}

}  // namespace
}  // namespace configsync
