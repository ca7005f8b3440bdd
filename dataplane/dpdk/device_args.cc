// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/device_args.h"

#include <algorithm>

namespace dataplane {
namespace {

constexpr std::uint16_t kRingHeaderBytes = 148;  // af_packet's own, and ours: Ethernet, VLAN tag.
constexpr std::uint32_t kRingBytesMax = 16u << 20;
constexpr std::uint32_t kRingFramesMax = 4'096;

void AppendIfAbsent(std::string& device, std::string_view key, std::string_view value) {
  if (!DeviceArgument(device, key).empty()) return;
  device += ',';
  device += key;
  device += '=';
  device += value;
}

}  // namespace

std::string_view DeviceArgument(std::string_view device, std::string_view key) {
  while (!device.empty()) {
    const std::size_t comma = device.find(',');
    std::string_view part = device.substr(0, comma);
    if (part.size() > key.size() && part[key.size()] == '=' && part.starts_with(key)) {
      return part.substr(key.size() + 1);
    }
    device = comma == std::string_view::npos ? std::string_view() : device.substr(comma + 1);
  }
  return {};
}

std::string_view DeviceName(std::string_view device) { return device.substr(0, device.find(',')); }

bool IsAfPacket(std::string_view device) { return device.starts_with("net_af_packet"); }
bool IsAfXdp(std::string_view device) { return device.starts_with("net_af_xdp"); }
bool IsPci(std::string_view device) {
  return DeviceName(device).find(':') != std::string_view::npos;
}

std::uint16_t AfPacketFrameBytes(std::uint16_t mtu) {
  if (mtu + kRingHeaderBytes <= 2'048) return 2'048;
  return mtu + kRingHeaderBytes <= 4'096 ? 4'096 : 16'384;
}

std::string CompleteDevice(std::string_view device, std::uint16_t mtu,
                           std::string_view xdp_program) {
  std::string result(device);
  if (IsAfPacket(device)) {
    const std::string bytes = std::to_string(AfPacketFrameBytes(mtu));
    AppendIfAbsent(result, "blocksz", bytes == "2048" ? "4096" : bytes);
    AppendIfAbsent(result, "framesz", bytes);
    const std::uint32_t frames = std::min(kRingFramesMax, kRingBytesMax / AfPacketFrameBytes(mtu));
    AppendIfAbsent(result, "framecnt", std::to_string(frames));
  }
  if (IsAfXdp(device)) {
    AppendIfAbsent(result, "busy_budget", "0");
    if (!xdp_program.empty()) AppendIfAbsent(result, "xdp_prog", xdp_program);
  }
  return result;
}

}  // namespace dataplane
