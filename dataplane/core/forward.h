// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The decision about one packet of this node's shards: session, policy, NAT, rewrite.
//
// A worker's passes around it: Parse all; look all keys up (SessionTable::LookupBatch on view.key);
// take RouteAddr and find the route of all; ProcessPacket each; find the neighbour of all that are
// to be forwarded, write both MACs, send. Handles that ProcessPacket returns go to MarkDirtyBatch
// once per burst, after the burst's last ProcessPacket.
//
// Threads: the writer of the packet's shard, while its node forwards.  Memory: none.

#pragma once

#include <array>
#include <cstdint>

#include "dataplane/core/counters.h"
#include "dataplane/core/icmp_reply.h"
#include "dataplane/core/interface.h"
#include "dataplane/core/nat.h"
#include "dataplane/core/packet.h"
#include "dataplane/core/policy.h"
#include "dataplane/core/timeouts.h"
#include "dataplane/core/token_bucket.h"
#include "statesync/table/session_table.h"

namespace dataplane {

// What a worker keeps; the pointers outlive it. Swapping `rules` between bursts swaps the policy.
struct ForwardContext {
  statesync::SessionTable* table = nullptr;
  const RuleSet* rules = nullptr;
  const NatPools* nat = nullptr;
  const Timeouts* timeouts = nullptr;
  Counters* counters = nullptr;
  TokenBucket icmp_limit{100, 50};  // ICMP errors of this worker.
  Scatter scatter{1};               // Seed per worker and boot.
  // Set before every burst.
  std::int64_t now_ns = 0;
  std::uint32_t now_s = 0;  // Monotonic second.
  statesync::Term term;     // Of the role word this burst acts on.
  // Commit-before-forward: whether a synced peer is there to confirm, and how many more packets can
  // be held. The caller counts the latter down.
  bool peer_synced = false;
  std::uint32_t hold_room = 0;
};

// Where a packet is to go, as the worker's FIB says.
struct Route {
  bool found = false;
  std::uint8_t interface = 0;  // Index of the egress interface.
  ZoneId zone = 0;             // Of the egress interface.
  std::uint16_t mtu = 1'500;   // Of the egress interface: bytes of the IP packet.
  NetAddr next_hop = 0;        // The target itself on a connected prefix.
};

struct ForwardInput {
  ZoneId from_zone = 0;                // Of the ingress interface.
  LocalKind local = LocalKind::kNone;  // InterfaceMap::KindOf(view.target_addr, active).
  statesync::LookupResult lookup;
  Route route;  // Of RouteAddr().
};

enum class PacketAction : std::uint8_t {
  kDrop,       // Counted under `reason` already.
  kForward,    // Rewritten; resolve route.next_hop and send view.frame_bytes bytes.
  kEchoReply,  // Rewritten in place: send back by the ingress interface, MACs included.
  kIcmpError,  // Drop it (counted) and send BuildIcmpError(view, error, …, mtu) by the ingress
               // interface.
};

struct ForwardResult {
  PacketAction action = PacketAction::kDrop;
  DropReason reason = DropReason::kNone;
  IcmpError error = IcmpError::kNone;
  std::uint16_t mtu = 0;
  // Of a forwarded packet: its session, and what its rule asks of the packet that opened it. With
  // commit.enabled the packet must not leave before the peer has the session (commit_queue.h).
  statesync::Handle session{};
  CommitRule commit{};
  // Handles to mark, whatever the action: the session, and the finished one whose key it took over.
  // kWindow if nothing but edges of a known session has changed: the peer may hear of them later.
  statesync::ChangeClass change = statesync::ChangeClass::kState;
  std::uint8_t dirty_count = 0;
  std::array<statesync::Handle, 2> dirty{};
};

// The address to look up in the FIB: the packet's target, or the client behind a NAT address.
//   lookup  of view.key; the entry is read if it was found
[[nodiscard]] NetAddr RouteAddr(const PacketView& view, const statesync::LookupResult& lookup,
                                const statesync::SessionTable& table) noexcept;

// Decides and rewrites. Counts drops and the events of sessions in context.counters; what is
// received and sent the caller counts. The lookup may be older than an insert or delete of the same
// burst: ProcessPacket looks again when it matters, so one burst may open a session and use it.
// REQUIRES: view is parsed and its kind is not kArp.
// Cost: one entry line; a new session also rules, NAT tries and an insert.
[[nodiscard]] ForwardResult ProcessPacket(ForwardContext& context, const ForwardInput& input,
                                          PacketView& view) noexcept;

}  // namespace dataplane
