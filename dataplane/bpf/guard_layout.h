// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the XDP guard of HA2 and the process that configures it share: map names, the configuration
// value and the counter indexes. Plain C, because clang compiles it for the bpf target too.
//
// The maps: `xsks_map` (queue → AF_XDP socket, filled by DPDK's net_af_xdp), `guard_config` (array
// of one struct guard_config) and `guard_counters` (per-CPU array of u64, indexed by enum
// guard_reason).

#pragma once

#include <linux/types.h>

#ifdef __cplusplus
#define GUARD_STATIC_ASSERT static_assert
extern "C" {
#else
#define GUARD_STATIC_ASSERT _Static_assert
#endif

// Names in the object file. The kernel keeps 15 bytes of a name; these are shorter.
#define GUARD_PROGRAM_NAME "lockstep_guard"
#define GUARD_SOCKETS_MAP_NAME "xsks_map"  // Given: DPDK's net_af_xdp looks for this name.
#define GUARD_CONFIG_MAP_NAME "guard_config"
#define GUARD_COUNTERS_MAP_NAME "guard_counters"

// Receive queues of one interface that may have a socket.
#define GUARD_QUEUES_MAX 64

// Which frames belong to HA2. All zero (as after loading) means: not configured, pass everything.
// Addresses and ports are in network byte order, so that the program compares without a swap;
// source ports are a range and therefore in host byte order.
struct guard_config {
  __u32 own_ipv4_be;
  __u32 peer_ipv4_be;
  __u16 port_be;            // Destination port of HA2 frames.
  __u16 source_port_first;  // Streams are spread over source ports: first … last, both included.
  __u16 source_port_last;
  __u8 enabled;       // 1: configured; anything else: pass everything to the kernel.
  __u8 reserved[17];  // For an IPv6 pair (16 bytes each need a second value). Zero.
};

// Why a frame went where it went; index of guard_counters. Only GUARD_REDIRECTED reaches the
// socket, everything else goes to the kernel. Order is the order of the checks.
enum guard_reason {
  GUARD_REDIRECTED = 0,
  GUARD_NO_SOCKET,       // An HA2 frame, but no socket is bound to this queue.
  GUARD_NOT_CONFIGURED,  // No configuration written yet.
  GUARD_TRUNCATED,       // Shorter than its headers or than the lengths inside them.
  GUARD_NOT_IPV4,        // ARP, IPv6, VLAN and everything else.
  GUARD_BAD_HEADER,      // IP version, header length or UDP length contradict each other.
  GUARD_OTHER_PEER,      // Source address is not the peer's.
  GUARD_OTHER_ADDRESS,   // Destination address is not ours.
  GUARD_OPTIONS,         // IPv4 options: HA2 never sends them.
  GUARD_FRAGMENT,        // HA2 never fragments.
  GUARD_NOT_UDP,
  GUARD_OTHER_PORT,         // UDP to another port.
  GUARD_OTHER_SOURCE_PORT,  // UDP from a port outside the range.
  GUARD_REASON_COUNT
};

GUARD_STATIC_ASSERT(sizeof(struct guard_config) == 32, "layout is shared with the bpf program");
GUARD_STATIC_ASSERT(__builtin_offsetof(struct guard_config, port_be) == 8, "no padding");
GUARD_STATIC_ASSERT(__builtin_offsetof(struct guard_config, enabled) == 14, "no padding");
GUARD_STATIC_ASSERT(sizeof(GUARD_PROGRAM_NAME) <= 16, "the kernel cuts longer names");
GUARD_STATIC_ASSERT(sizeof(GUARD_COUNTERS_MAP_NAME) <= 16, "the kernel cuts longer names");

#ifdef __cplusplus
}
#endif
