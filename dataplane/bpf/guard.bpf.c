// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// XDP guard of the HA2 interface: frames from the peer to HA2's UDP port go to the AF_XDP socket of
// their queue, everything else goes to the kernel, and each frame is counted by reason. It keeps
// strangers off the state link's receive ring; it authenticates nothing: that is the seal's work.
//
// The only kernel type it reads is the stable `struct xdp_md`, and maps carry BTF, so one object
// runs on every kernel with AF_XDP. Lengths are checked before each read; no loops, no helper but
// map access. Multi-buffer frames are not accepted: HA2's MTU fits one buffer (see the HA2 MTU
// limit).

#include "dataplane/bpf/guard_layout.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>

#define IPV4_PROTOCOL_UDP 17
#define IPV4_FRAGMENT_MASK 0x3fff  // More-fragments flag and offset; "don't fragment" may be set.

struct {
  __uint(type, BPF_MAP_TYPE_XSKMAP);
  __uint(max_entries, GUARD_QUEUES_MAX);
  __type(key, __u32);
  __type(value, __u32);
} xsks_map SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct guard_config);
} guard_config SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, GUARD_REASON_COUNT);
  __type(key, __u32);
  __type(value, __u64);
} guard_counters SEC(".maps");

// GUARD_REDIRECTED for a frame that is HA2's, else the first broken rule. `data` … `end` is the
// frame.
static __always_inline __u32 classify(const void* data, const void* end,
                                      const struct guard_config* config) {
  const struct ethhdr* eth = data;
  const struct iphdr* ip = (const void*)(eth + 1);
  if ((const void*)ip > end) return GUARD_TRUNCATED;
  if (eth->h_proto != bpf_htons(ETH_P_IP)) return GUARD_NOT_IPV4;
  if ((const void*)(ip + 1) > end) return GUARD_TRUNCATED;
  if (ip->version != 4 || ip->ihl < 5) return GUARD_BAD_HEADER;
  if (ip->saddr != config->peer_ipv4_be) return GUARD_OTHER_PEER;
  if (ip->daddr != config->own_ipv4_be) return GUARD_OTHER_ADDRESS;
  if (ip->ihl != 5) return GUARD_OPTIONS;
  if (ip->frag_off & bpf_htons(IPV4_FRAGMENT_MASK)) return GUARD_FRAGMENT;
  if (ip->protocol != IPV4_PROTOCOL_UDP) return GUARD_NOT_UDP;

  const struct udphdr* udp = (const void*)(ip + 1);
  if ((const void*)(udp + 1) > end) return GUARD_TRUNCATED;
  if (udp->dest != config->port_be) return GUARD_OTHER_PORT;
  const __u16 source = bpf_ntohs(udp->source);
  if (source < config->source_port_first || source > config->source_port_last) {
    return GUARD_OTHER_SOURCE_PORT;
  }
  // Short frames are padded on the wire, so the frame may be longer than the packet, never shorter.
  const __u16 ip_bytes = bpf_ntohs(ip->tot_len);
  const __u16 udp_bytes = bpf_ntohs(udp->len);
  if (udp_bytes < sizeof(*udp) || udp_bytes + sizeof(*ip) != ip_bytes) return GUARD_BAD_HEADER;
  if ((__u64)(end - (const void*)ip) < ip_bytes) return GUARD_TRUNCATED;
  return GUARD_REDIRECTED;
}

static __always_inline void count(__u32 reason) {
  __u64* frames = bpf_map_lookup_elem(&guard_counters, &reason);
  if (frames) *frames += 1;  // Per CPU, and XDP runs with softirqs off: a plain add is enough.
}

SEC("xdp")
int lockstep_guard(struct xdp_md* ctx) {
  const __u32 only = 0;
  const struct guard_config* config = bpf_map_lookup_elem(&guard_config, &only);
  if (!config || config->enabled != 1) {
    count(GUARD_NOT_CONFIGURED);
    return XDP_PASS;
  }
  const void* data = (const void*)(long)ctx->data;
  const void* end = (const void*)(long)ctx->data_end;
  const __u32 reason = classify(data, end, config);
  if (reason != GUARD_REDIRECTED) {
    count(reason);
    return XDP_PASS;
  }
  const long verdict = bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_PASS);
  count(verdict == XDP_REDIRECT ? GUARD_REDIRECTED : GUARD_NO_SOCKET);
  return (int)verdict;
}

char guard_license[] SEC("license") = "Dual BSD/GPL";
