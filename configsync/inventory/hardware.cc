// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/inventory/hardware.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

constexpr std::size_t kHardwareBytesMax = 2'000;
constexpr std::size_t kDevicesSeenMax = 4'096;
constexpr std::string_view kNetworkClass = "0x02";  // PCI code and ID assignment, class 02h.

// First line, printable characters only; empty: it cannot be read.
std::string LineOf(const std::filesystem::path& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  line.resize(std::min<std::size_t>(line.size(), 128));
  std::erase_if(line, [](char c) { return c < ' ' || c > '~'; });
  while (line.ends_with(' ')) {
    line.pop_back();
  }
  return line;
}

// "0x8086" → "8086".
std::string WithoutPrefix(std::string id) { return id.starts_with("0x") ? id.substr(2) : id; }

std::vector<std::string> PortsOf(const std::filesystem::path& devices) {
  std::vector<std::string> ports;
  std::error_code error;
  std::size_t seen = 0;
  for (auto it = std::filesystem::directory_iterator(devices, error);
       !error && it != std::filesystem::directory_iterator() && seen < kDevicesSeenMax;
       it.increment(error), ++seen) {
    const std::filesystem::path& device = it->path();
    if (LineOf(device / "class").starts_with(kNetworkClass)) {
      ports.push_back(absl::StrCat(device.filename().string(), " ",
                                   WithoutPrefix(LineOf(device / "vendor")), ":",
                                   WithoutPrefix(LineOf(device / "device"))));
    }
  }
  std::ranges::sort(ports);
  return ports;
}

}  // namespace

std::string HardwareOf(const std::string& sysfs) {
  const std::filesystem::path root(sysfs);
  std::string text = LineOf(root / "class" / "dmi" / "id" / "product_name");
  const std::vector<std::string> ports = PortsOf(root / "bus" / "pci" / "devices");
  for (std::size_t i = 0; i < ports.size(); ++i) {
    absl::StrAppend(&text, i > 0 ? ", " : text.empty() ? "ports " : ", ports ", ports[i]);
  }
  text.resize(std::min(text.size(), kHardwareBytesMax));
  return text;
}

}  // namespace configsync
