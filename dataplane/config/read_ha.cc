// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// High availability: pair secret, HA1 paths, HA2, detection. Values are judged even while HA is
// off; what HA needs is only demanded when it is on.

#include "dataplane/config/address.h"
#include "dataplane/config/device.h"
#include "dataplane/config/readers.h"
#include "statesync/limits.h"

namespace dataplane {
namespace {

using statesync::NetAddr;

constexpr std::size_t kHa1PathsMax = 2;
constexpr std::uint16_t kAfXdpMtuMax = 3400;  // A plain XDP program's frame must fit one page.

void ReadEndpoints(Reading& reading, const std::string& item, const std::string& local,
                   const std::string& peer, NetAddr& local_address, NetAddr& peer_address) {
  local_address = ReadHostAddress(reading.mistakes, Field(item, "local_address"), local);
  peer_address = ReadHostAddress(reading.mistakes, Field(item, "peer_address"), peer);
  if (local_address != 0 && local_address == peer_address) {
    reading.mistakes.Add(Field(item, "peer_address"), peer,
                         "is local_address; give the peer's own");
  }
}

void ReadHa1(Reading& reading) {
  const auto count = static_cast<std::size_t>(reading.node.ha().ha1_size());
  if (count == 0 && reading.options.ha.enabled) {
    reading.mistakes.Add("ha.ha1", "missing: HA needs at least one control path");
  }
  if (count > kHa1PathsMax) {
    reading.mistakes.Add("ha.ha1", count, absl::StrCat("too many paths: at most ", kHa1PathsMax));
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const lockstep::node::Ha1Path& source = reading.node.ha().ha1(static_cast<int>(i));
    const std::string item = Item("ha.ha1", i);
    Ha1PathOptions target;
    ReadEndpoints(reading, item, source.local_address(), source.peer_address(),
                  target.local_address, target.peer_address);
    target.udp_port = Ranged<std::uint16_t>(reading.mistakes, Field(item, "udp_port"),
                                            source.udp_port(), 4790, 1, 65'535);
    target.tcp_port = Ranged<std::uint16_t>(reading.mistakes, Field(item, "tcp_port"),
                                            source.tcp_port(), 4791, 1, 65'535);
    if (target.udp_port == target.tcp_port) {
      reading.mistakes.Add(Field(item, "tcp_port"), target.tcp_port,
                           "is udp_port; take two ports, so that filters can tell them apart");
    }
    if (i == 1 && target.local_address != 0 &&
        target.local_address == reading.options.ha.ha1[0].local_address) {
      reading.mistakes.Add(Field(item, "local_address"), source.local_address(),
                           "duplicate: ha.ha1[0] has this address; the backup needs another link");
    }
    reading.options.ha.ha1.push_back(target);
  }
}

// The same port, whatever it is called.
bool IsSamePort(const Device& one, const std::string& other_text) {
  std::string ignored;
  const auto other = ParseDevice(other_text, ignored);
  return other && (other->name == one.name ||
                   (!one.kernel_iface.empty() && other->kernel_iface == one.kernel_iface));
}

void ReadHa2Device(Reading& reading, const std::string& item, const Ha2Options& target) {
  const std::string path = Field(item, "device");
  if (target.device.empty()) {
    reading.mistakes.Add(path, "missing: name a DPDK device, as net_af_xdp0,iface=ha2");
    return;
  }
  std::string problem;
  const auto device = ParseDevice(target.device, problem);
  if (!device) {
    reading.mistakes.Add(path, target.device, problem);
    return;
  }
  if (device->driver == "net_af_xdp" && target.mtu > kAfXdpMtuMax) {
    reading.mistakes.Add(Field(item, "mtu"), target.mtu,
                         absl::StrCat("AF_XDP carries at most ", kAfXdpMtuMax));
  }
  for (std::size_t i = 0; i < reading.options.ports.size(); ++i) {
    if (IsSamePort(*device, reading.options.ports[i].device)) {
      reading.mistakes.Add(path, target.device,
                           absl::StrCat("duplicate: ", Item("ports", i),
                                        ".device is the same port; HA2 needs one of its own"));
    }
  }
  const Ha2Options& first = reading.options.ha.ha2;
  if (&target != &first && IsSamePort(*device, first.device)) {
    reading.mistakes.Add(path, target.device,
                         "duplicate: ha.ha2.device is the same port; the second link needs one of "
                         "its own");
  }
}

// Stream s is sent from port udp_port + s.
void ReadHa2Streams(Reading& reading, const lockstep::node::Ha2& source, Ha2Options& target) {
  const std::uint8_t standard = reading.node.ha().has_ha2_second() ? 2 : 1;
  target.streams = Ranged<std::uint8_t>(reading.mistakes, "ha.ha2.streams", source.streams(),
                                        standard, 1, statesync::kStreamsMax);
}

void CheckStreamPorts(Reading& reading, const std::string& item, const Ha2Options& target) {
  const unsigned last_port = target.udp_port + target.streams - 1u;
  if (last_port > 65'535) {
    reading.mistakes.Add(Field(item, "udp_port"), target.udp_port,
                         absl::StrCat("must be at most ", 65'536 - target.streams, ": ",
                                      target.streams, " streams use as many source ports from it"));
  }
}

// Keys are changed long before the bounds of AES-GCM (HANDSHAKE.md, "Rekey"), but not so often that
// the limit of ten answers a second could hold a change back.
void ReadRekey(Reading& reading, const lockstep::node::Ha2& source, Ha2Options& target) {
  constexpr std::uint64_t kPacketsMin = 1u << 16;
  constexpr std::uint64_t kPacketsMax = 1u << 28;
  target.rekey_after_packets = Ranged<std::uint64_t>(
      reading.mistakes, "ha.ha2.rekey_after_packets", source.rekey_after_packets(),
      target.rekey_after_packets, kPacketsMin, kPacketsMax);
  target.rekey_after_s =
      Ranged<std::uint32_t>(reading.mistakes, "ha.ha2.rekey_after_s", source.rekey_after_s(),
                            target.rekey_after_s, 10, 86'400);
}

template <typename Source>
void ReadHa2Link(Reading& reading, const std::string& item, const Source& source,
                 Ha2Options& target) {
  target.device = source.device();
  target.udp_port = Ranged<std::uint16_t>(reading.mistakes, Field(item, "udp_port"),
                                          source.udp_port(), 4799, 1, 65'535);
  target.mtu =
      Ranged<std::uint16_t>(reading.mistakes, Field(item, "mtu"), source.mtu(), 1500, 1280, 9000);
  target.xdp_guard = source.xdp_guard();
  CheckPath(reading.mistakes, Field(item, "xdp_guard"), target.xdp_guard, /*is_absolute=*/false);
  CheckStreamPorts(reading, item, target);
  ReadEndpoints(reading, item, source.local_address(), source.peer_address(), target.local_address,
                target.peer_address);
  ReadHa2Device(reading, item, target);
  for (std::size_t i = 0; i < reading.options.ha.ha1.size(); ++i) {
    if (target.local_address != 0 &&
        reading.options.ha.ha1[i].local_address == target.local_address) {
      reading.mistakes.Add(Field(item, "local_address"), source.local_address(),
                           absl::StrCat("duplicate: ", Item("ha.ha1", i), " has this address"));
    }
  }
}

void ReadHa2(Reading& reading) {
  const lockstep::node::Ha& ha = reading.node.ha();
  HaOptions& target = reading.options.ha;
  if (!ha.has_ha2()) {
    if (target.enabled && target.state_sync) {
      reading.mistakes.Add("ha.ha2", "missing: ha.state_sync needs a state link");
    }
    if (ha.has_ha2_second()) reading.mistakes.Add("ha.ha2", "missing: there is an ha.ha2_second");
    return;
  }
  ReadHa2Streams(reading, ha.ha2(), target.ha2);
  ReadRekey(reading, ha.ha2(), target.ha2);
  ReadHa2Link(reading, "ha.ha2", ha.ha2(), target.ha2);
  if (!ha.has_ha2_second()) return;
  target.ha2_second.streams = target.ha2.streams;
  ReadHa2Link(reading, "ha.ha2_second", ha.ha2_second(), target.ha2_second);
  if (target.ha2_second.local_address != 0 &&
      target.ha2_second.local_address == target.ha2.local_address) {
    reading.mistakes.Add("ha.ha2_second.local_address", ha.ha2_second().local_address(),
                         "duplicate: ha.ha2 has this address");
  }
}

}  // namespace

void ReadHa(Reading& reading) {
  const lockstep::node::Ha& source = reading.node.ha();
  HaOptions& target = reading.options.ha;
  target.enabled = source.enabled();
  target.pair_secret_file = source.pair_secret_file();
  target.state_sync = source.state_sync();
  target.preempt = source.preempt();
  if (target.pair_secret_file.empty()) {
    if (target.enabled) {
      reading.mistakes.Add("ha.pair_secret_file",
                           "missing: HA needs a pair secret; make one with "
                           "`lockstepctl pair-secret new FILE` and copy it to both nodes");
    }
  } else {
    CheckPath(reading.mistakes, "ha.pair_secret_file", target.pair_secret_file,
              /*is_absolute=*/false);
  }
  if (target.enabled && !source.has_state_sync()) {
    reading.mistakes.Add("ha.state_sync",
                         "missing: say true or false; without it a takeover loses "
                         "every session");
  }
  if (target.enabled && !reading.node.has_index()) {
    reading.mistakes.Add("index", "missing: HA needs 0 on one node and 1 on the other");
  }
  target.heartbeat_ms = Ranged<std::uint16_t>(reading.mistakes, "ha.heartbeat_ms",
                                              source.heartbeat_ms(), 10, 1, 1000);
  target.heartbeat_misses = Ranged<std::uint8_t>(reading.mistakes, "ha.heartbeat_misses",
                                                 source.heartbeat_misses(), 3, 2, 20);
  target.startup_hold_ms = Ranged<std::uint32_t>(reading.mistakes, "ha.startup_hold_ms",
                                                 source.startup_hold_ms(), 1000, 1, 60'000);
  ReadHa1(reading);
  ReadHa2(reading);
}

}  // namespace dataplane
