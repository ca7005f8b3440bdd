// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// DPDK device strings: "0000:03:00.0" or "net_af_packet0,iface=lan0".
//
// Threads: values only.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dataplane {

struct Device {
  std::string name;          // "0000:03:00.0" or "net_af_packet0".
  std::string driver;        // "net_af_packet"; empty for PCI.
  std::string kernel_iface;  // Value of iface= where the driver takes a kernel interface.
};

// Nothing if the string names no device DPDK could have; `problem` says why.
std::optional<Device> ParseDevice(std::string_view text, std::string& problem);

}  // namespace dataplane
