// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Ports: the devices that forward.

#include "dataplane/config/device.h"
#include "dataplane/config/readers.h"

namespace dataplane {
namespace {

// DPDK holds 32 ports (RTE_MAX_ETHPORTS); one is HA2.
constexpr std::size_t kPortsMax = 31;

// What ports may not share.
struct Taken {
  std::map<std::string, std::string> devices;  // Device name → path.
  std::map<std::string, std::string> kernel_ifaces;
};

void ReadDevice(Reading& reading, const std::string& path, const std::string& text, Taken& taken) {
  if (text.empty()) {
    reading.mistakes.Add(path, "missing: name a DPDK device, as net_af_packet0,iface=lan0");
    return;
  }
  std::string problem;
  const auto device = ParseDevice(text, problem);
  if (!device) {
    reading.mistakes.Add(path, text, problem);
    return;
  }
  const auto [first, is_new] = taken.devices.emplace(device->name, path);
  if (!is_new) {
    reading.mistakes.Add(path, text,
                         absl::StrCat("duplicate: ", first->second, " uses device ", device->name));
  }
  if (!device->kernel_iface.empty()) {
    const auto [user, is_free] = taken.kernel_ifaces.emplace(device->kernel_iface, path);
    if (!is_free) {
      reading.mistakes.Add(path, text,
                           absl::StrCat("duplicate: ", user->second, " uses kernel interface ",
                                        device->kernel_iface));
    }
  }
}

void ReadPort(Reading& reading, const std::string& item, const lockstep::node::Port& source,
              Register& names, Taken& taken) {
  PortOptions target;
  names.AddName(item, source.name(), /*is_required=*/true);
  target.name = source.name();
  target.device = source.device();
  ReadDevice(reading, Field(item, "device"), source.device(), taken);
  target.rx_descriptors = Ranged<std::uint16_t>(reading.mistakes, Field(item, "rx_descriptors"),
                                                source.rx_descriptors(), 1024, 64, 32'768);
  if ((target.rx_descriptors & (target.rx_descriptors - 1)) != 0) {
    reading.mistakes.Add(Field(item, "rx_descriptors"), source.rx_descriptors(),
                         "must be a power of two, 64 to 32768");
  }
  target.frame_mtu = Ranged<std::uint16_t>(reading.mistakes, Field(item, "frame_mtu"),
                                           source.frame_mtu(), 1500, 576, 9000);
  reading.options.ports.push_back(std::move(target));
}

}  // namespace

void ReadPorts(Reading& reading) {
  const auto count = static_cast<std::size_t>(reading.node.ports_size());
  if (count == 0) {
    reading.mistakes.Add("ports", "missing: a firewall needs at least one");
  }
  if (count > kPortsMax) {
    reading.mistakes.Add("ports", count, absl::StrCat("too many: at most ", kPortsMax));
    return;
  }
  Register names(reading.mistakes, "port", 255);
  Taken taken;
  for (std::size_t i = 0; i < count; ++i) {
    ReadPort(reading, Item("ports", i), reading.node.ports(static_cast<int>(i)), names, taken);
  }
}

}  // namespace dataplane
