// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What lockstep-dataplane runs with: the node file, and what it forwards by, after parsing,
// checking and filling in defaults.
//
// Plain values. Addresses are as in a packet (network byte order in memory); ports, ids and counts
// are in host order. Objects keep the order of their file or message, references between them are
// ids, and every id was checked to exist, so a reader need not check again.
//
// Threads: values only. Options are written once before any thread starts; ForwardingOptions come
// again with each new configuration.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "statesync/table/session_entry.h"

namespace dataplane {

// An IPv4 prefix; bits behind `length` are zero.
struct PrefixOptions {
  statesync::NetAddr address = 0;
  std::uint8_t length = 0;  // 0–32.
  friend bool operator==(const PrefixOptions&, const PrefixOptions&) = default;
};

struct ZoneOptions {
  std::uint8_t id = 0;  // 1–255.
  std::string name;
  friend bool operator==(const ZoneOptions&, const ZoneOptions&) = default;
};

struct VirtualAddressOptions {
  statesync::NetAddr address = 0;
  std::uint8_t vrid = 0;  // 1–255; virtual MAC 00-00-5E-00-01-<vrid>.
  friend bool operator==(const VirtualAddressOptions&, const VirtualAddressOptions&) = default;
};

// A device that forwards; the others refer to it by its position in Options::ports.
struct PortOptions {
  std::string name;
  std::string device;                   // DPDK device as in the node file.
  std::uint16_t rx_descriptors = 1024;  // 64–32768, power of two.
  std::uint16_t frame_mtu = 1500;       // 576–9000: the largest MTU of its interface.
  friend bool operator==(const PortOptions&, const PortOptions&) = default;
};

struct InterfaceOptions {
  std::uint8_t id = 0;  // 1–255.
  std::string name;
  std::uint8_t port = 0;  // Position in Options::ports; of no other interface.
  std::uint8_t zone_id = 0;
  statesync::NetAddr address = 0;  // Own address of this node.
  std::uint8_t prefix_length = 0;  // 1–31, of the connected prefix.
  std::vector<VirtualAddressOptions> virtual_addresses;
  std::uint16_t mtu = 1500;  // 576 to the port's frame_mtu.
  bool disabled = false;     // Neither receives nor sends; no route leads there.
  friend bool operator==(const InterfaceOptions&, const InterfaceOptions&) = default;
};

struct RouteOptions {
  PrefixOptions prefix;
  statesync::NetAddr next_hop = 0;
  std::uint8_t interface_id = 0;  // The interface whose connected prefix holds next_hop.
  friend bool operator==(const RouteOptions&, const RouteOptions&) = default;
};

struct PortRangeOptions {
  std::uint16_t first = 0;
  std::uint16_t last = 0;  // Inclusive.
  friend bool operator==(const PortRangeOptions&, const PortRangeOptions&) = default;
};

// Bits of RuleOptions::protocols.
inline constexpr std::uint8_t kRuleTcp = 0x01;
inline constexpr std::uint8_t kRuleUdp = 0x02;
inline constexpr std::uint8_t kRuleIcmp = 0x04;
inline constexpr std::uint8_t kRuleAnyProtocol = kRuleTcp | kRuleUdp | kRuleIcmp;

// What waits for the peer's confirmation, and for how long.
struct CommitOptions {
  bool enabled = false;
  std::uint32_t deadline_us = 0;   // 100–1,000,000; 0: from the measured round trip.
  bool drop_on_deadline = false;   // Else forward.
  bool drop_without_peer = false;  // Else forward.
  friend bool operator==(const CommitOptions&, const CommitOptions&) = default;
};

struct RuleOptions {
  std::uint16_t id = 0;  // 1–65535.
  std::string name;
  std::uint8_t from_zone_id = 0;            // 0: any.
  std::uint8_t to_zone_id = 0;              // 0: any.
  std::vector<PrefixOptions> sources;       // Empty: any.
  std::vector<PrefixOptions> destinations;  // Empty: any.
  std::uint8_t protocols = kRuleAnyProtocol;
  std::vector<PortRangeOptions> destination_ports;  // Empty: any. Only with TCP and UDP.
  bool permit = false;
  std::uint8_t nat_pool_id = 0;  // 0: no source NAT.
  bool replicate_icmp = false;
  CommitOptions commit;
  friend bool operator==(const RuleOptions&, const RuleOptions&) = default;
};

struct NatAddressOptions {
  std::uint8_t id = 0;  // 1–255, unique over all pools: a NAT record's nat_index is id - 1.
  statesync::NetAddr address = 0;
  friend bool operator==(const NatAddressOptions&, const NatAddressOptions&) = default;
};

struct NatPoolOptions {
  std::uint8_t id = 0;  // 1–255.
  std::string name;
  std::vector<NatAddressOptions> addresses;  // At least one.
  std::uint16_t port_min = 1024;
  std::uint16_t port_max = 65535;  // At least kNatPortsMin ports with port_min.
  friend bool operator==(const NatPoolOptions&, const NatPoolOptions&) = default;
};

// Seconds, 1–32,000.
struct TimeoutOptions {
  std::uint16_t tcp_syn_s = 30;
  std::uint16_t tcp_established_s = 3600;
  std::uint16_t tcp_fin_s = 60;
  std::uint16_t tcp_time_wait_s = 30;
  std::uint16_t tcp_closed_s = 10;
  std::uint16_t udp_single_s = 30;
  std::uint16_t udp_multiple_s = 120;
  std::uint16_t icmp_s = 10;
  std::uint16_t arp_s = 600;
  std::uint16_t takeover_grace_s = 60;
  friend bool operator==(const TimeoutOptions&, const TimeoutOptions&) = default;
};

// What a configuration says of the pair; a node without HA has no use for it.
struct HaSwitchOptions {
  bool failover = true;  // False: no automatic change of role.
  bool state_sync = false;
  bool preempt = false;
  std::uint8_t priority = 100;  // 1–255.
  friend bool operator==(const HaSwitchOptions&, const HaSwitchOptions&) = default;
};

// What the node forwards by: the part that takes effect without a restart.
struct ForwardingOptions {
  std::vector<ZoneOptions> zones;
  std::vector<InterfaceOptions> interfaces;
  std::vector<RouteOptions> routes;
  std::vector<RuleOptions> rules;  // In order of evaluation.
  std::vector<NatPoolOptions> nat_pools;
  TimeoutOptions timeouts;
  HaSwitchOptions ha;

  // Addresses of all pools by id - 1, which is a NAT record's nat_index; 0: no address has this id.
  std::vector<statesync::NetAddr> nat_addresses;
  // Of the ids and names of zones, interfaces and rules and of the NAT addresses: equal on both
  // nodes if a replicated session means the same there. Goes into the hello. See id_map.h.
  std::uint64_t id_map_digest = 0;
  friend bool operator==(const ForwardingOptions&, const ForwardingOptions&) = default;
};

struct TableOptions {
  std::uint32_t sessions = 131'072;       // 256–16,000,000.
  std::uint32_t neighbours = 4096;        // 16–65,536.
  std::uint32_t memory_mb = 1024;         // Limit for all tables together, 16–1,048,576.
  std::uint32_t peer_sessions = 131'072;  // 256–16,000,000; default: as sessions.
  friend bool operator==(const TableOptions&, const TableOptions&) = default;
};

struct Ha1PathOptions {
  statesync::NetAddr local_address = 0;
  statesync::NetAddr peer_address = 0;
  std::uint16_t udp_port = 4790;
  std::uint16_t tcp_port = 4791;
  friend bool operator==(const Ha1PathOptions&, const Ha1PathOptions&) = default;
};

struct Ha2Options {
  std::string device;  // Empty: none (state_sync is off).
  statesync::NetAddr local_address = 0;
  statesync::NetAddr peer_address = 0;
  std::uint16_t udp_port = 4799;
  std::uint16_t mtu = 1500;  // 1280–9000; AF_XDP at most 3400.
  std::string xdp_guard;     // Path of guard.bpf.o; empty: beside the program.
  // 1–16; stream s has source port udp_port + s. Both links have the same number; the default is 1,
  // with a second link 2.
  std::uint8_t streams = 1;
  std::uint64_t rekey_after_packets = std::uint64_t{1} << 26;  // 2^16–2^28.
  std::uint32_t rekey_after_s = 3600;                          // 10–86,400.
  friend bool operator==(const Ha2Options&, const Ha2Options&) = default;
};

struct HaOptions {
  bool enabled = false;
  std::string pair_secret_file;
  bool state_sync = false;
  std::vector<Ha1PathOptions> ha1;  // 1 or 2 when enabled; first HA1, second HA1 backup.
  Ha2Options ha2;
  Ha2Options ha2_second;                 // Without device: there is none.
  std::uint16_t heartbeat_ms = 10;       // 1–1000.
  std::uint8_t heartbeat_misses = 3;     // 2–20.
  std::uint32_t startup_hold_ms = 1000;  // 1–60,000.
  bool preempt = false;
  friend bool operator==(const HaOptions&, const HaOptions&) = default;
};

struct RuntimeOptions {
  std::uint8_t workers = 1;                // 1–16.
  std::vector<std::uint16_t> worker_cpus;  // Ascending; empty: all that the process may use.
  bool sync_own_core = false;
  bool spin = false;
  std::uint32_t memory_mb = 512;  // For DPDK: 64–1,048,576.
  bool no_huge = false;
  std::string file_prefix;            // Default: the node's name.
  std::vector<std::string> eal_args;  // Further EAL arguments, one each.
  friend bool operator==(const RuntimeOptions&, const RuntimeOptions&) = default;
};

struct DebugOptions {
  bool enabled = false;
  std::string ha2_key_file;  // Empty: keys are not written. Only with `enabled`.
  friend bool operator==(const DebugOptions&, const DebugOptions&) = default;
};

struct Options {
  std::string name;
  std::uint8_t index = 0;          // 0 or 1.
  std::uint8_t priority = 100;     // 1–255; the larger becomes active at a joint boot.
  std::string runtime_dir;         // Default /run/lockstep/<name>.
  std::string configd_user;        // May connect to the control socket; empty: owner and root only.
  std::vector<PortOptions> ports;  // 1–31.
  TableOptions tables;
  HaOptions ha;
  RuntimeOptions runtime;
  DebugOptions debug;
  // What the node file gives it to begin with; false: nothing, `forwarding` is empty.
  bool has_forwarding = false;
  ForwardingOptions forwarding;

  [[nodiscard]] std::string control_socket() const { return runtime_dir + "/control.sock"; }
  friend bool operator==(const Options&, const Options&) = default;
};

}  // namespace dataplane
