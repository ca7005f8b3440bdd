// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/config/device.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dataplane {
namespace {

// Virtual port drivers of DPDK. The second column: the driver takes a kernel interface by iface=.
struct Driver {
  std::string_view name;
  bool needs_kernel_iface;
};
constexpr std::array<Driver, 12> kDrivers{{
    {"net_af_packet", true},
    {"net_af_xdp", true},
    {"net_bonding", false},
    {"net_failsafe", false},
    {"net_memif", false},
    {"net_null", false},
    {"net_pcap", false},
    {"net_ring", false},
    {"net_tap", false},
    {"net_tun", false},
    {"net_vhost", false},
    {"net_virtio_user", false},
}};

constexpr std::size_t kKernelNameBytesMax = 15;  // IFNAMSIZ less its NUL.

bool IsHex(std::string_view text, std::size_t count) {
  return text.size() == count && std::all_of(text.begin(), text.end(),
                                             [](unsigned char c) { return std::isxdigit(c) != 0; });
}

// "0000:03:00.0" or "03:00.0".
bool IsPciAddress(std::string_view text) {
  if (text.size() == 12 && text[4] == ':' && IsHex(text.substr(0, 4), 4)) {
    text.remove_prefix(5);
  }
  return text.size() == 7 && IsHex(text.substr(0, 2), 2) && text[2] == ':' &&
         IsHex(text.substr(3, 2), 2) && text[5] == '.' && text[6] >= '0' && text[6] <= '7';
}

}  // namespace

std::optional<Device> ParseDevice(std::string_view text, std::string& problem) {
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c > '~'; })) {
    problem = "holds a blank or unprintable character";
    return std::nullopt;
  }
  const std::string_view name = text.substr(0, text.find(','));
  Device device{.name = std::string(name), .driver = {}, .kernel_iface = {}};
  if (IsPciAddress(name)) {
    return device;
  }
  const std::size_t stem = name.find_last_not_of("0123456789") + 1;
  device.driver = std::string(name.substr(0, stem));
  const auto* driver = std::find_if(kDrivers.begin(), kDrivers.end(),
                                    [&](const Driver& d) { return d.name == device.driver; });
  if (driver == kDrivers.end() || stem == name.size()) {
    problem =
        "no such port; write a PCI address as 0000:03:00.0, or a driver, a number and arguments as "
        "net_af_packet0,iface=lan0";
    return std::nullopt;
  }
  for (const absl::string_view argument :
       absl::StrSplit(absl::string_view(text.data(), text.size()), ',')) {
    if (argument.substr(0, 6) == "iface=") {
      device.kernel_iface = std::string(argument.substr(6));
    }
  }
  if (driver->needs_kernel_iface &&
      (device.kernel_iface.empty() || device.kernel_iface.size() > kKernelNameBytesMax)) {
    problem =
        absl::StrCat(device.driver, " needs iface=NAME, the name of a kernel interface (1 to ",
                     kKernelNameBytesMax, " characters)");
    return std::nullopt;
  }
  return device;
}

}  // namespace dataplane
