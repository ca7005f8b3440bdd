// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The session record in memory: one aligned cache line, and the key that finds it.
//
// Writers: the fields under "shard writer" belong to the shard's one writer (a worker while this
// node owns the table, else the sync loop). The fields under "sync loop" belong to the sync loop
// always. `sequence` is odd while the writer changes the line; other readers retry, then requeue.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "statesync/table/tombstone.h"
#include "statesync/types.h"
#include "statesync/wire/schema.h"

namespace statesync {

// IPv4 address and port exactly as in a packet (network byte order in memory).
using NetAddr = std::uint32_t;
using NetPort = std::uint16_t;

// A packet's addresses and ports. Equality of fields is equality of keys.
struct FlowKey {
  NetAddr source_addr = 0;
  NetAddr target_addr = 0;
  NetPort source_port = 0;
  NetPort target_port = 0;
  // IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP. An ICMP echo carries its id as the port of the asking
  // side and 0 as the port of the asked one: so it has a direction, and source NAT can choose its
  // shard.
  std::uint8_t protocol = 0;
  friend constexpr bool operator==(const FlowKey&, const FlowKey&) = default;
};

// Which side of the session sent a packet.
enum class Direction : std::uint8_t { kFromClient = 0, kFromServer = 1 };

inline constexpr std::uint8_t kScaleUnknown = 15;

// Edges travel in units of 2^kEdgeUnitShift bytes, rounded up: a replicated edge may be ahead of
// the real one by less than a unit. PROTOCOL.md §7.
inline constexpr unsigned kEdgeUnitShift = 8;
inline constexpr std::uint32_t kEdgeRoundingMax = (1u << kEdgeUnitShift) - 1;
// A window edge is published when it crosses a multiple of this: at line rate a flow costs one
// record per 4 MiB, and a replicated edge lags by less than that. PROTOCOL.md §7.
inline constexpr unsigned kEdgePublishShift = 22;

// Flags of SessionEntry::flags.
inline constexpr std::uint8_t kSessionHasNat = 0x01;
inline constexpr std::uint8_t kSessionSynthetic = 0x02;  // Made by `debug fill-sessions`.
inline constexpr std::uint8_t kSessionReanchorClient =
    0x04;  // First packet of this direction after
inline constexpr std::uint8_t kSessionReanchorServer =
    0x08;  // a takeover may move the window edge.
// TCP only, never replicated. In kTcpFinWait: that side has sent its FIN. In kTcpClosing: that
// side's FIN was acknowledged.
inline constexpr std::uint8_t kSessionFinClient = 0x10;
inline constexpr std::uint8_t kSessionFinServer = 0x20;
// That side's edge was anchored after a takeover: it may have sent more than was seen here.
inline constexpr std::uint8_t kSessionUnsureClient = 0x40;
inline constexpr std::uint8_t kSessionUnsureServer = 0x80;
// ICMP only (shares a bit with TCP): no rule asks for replication, so it is not published.
inline constexpr std::uint8_t kSessionLocalOnly = 0x10;

struct alignas(64) SessionEntry {
  // Shard writer.
  std::atomic<std::uint32_t> sequence;
  NetAddr client_addr;
  NetAddr server_addr;
  NetPort client_port;
  NetPort server_port;
  NetAddr nat_addr;  // Source NAT address; 0: none. The server sees nat_addr:nat_port as its peer.
  NetPort nat_port;
  std::uint16_t rule;     // Stable id of the admitting rule.
  std::uint32_t edge[2];  // By Direction: highest sequence number + length sent by that side.
  std::uint32_t
      limit[2];  // By Direction: highest sequence number that side may send (peer's window).
  std::uint16_t window[2];    // By Direction: largest window that side has advertised, unscaled.
  std::uint32_t last_seen_s;  // Node's monotonic second of the last packet; never replicated.

  // Sync loop.
  std::uint64_t version;  // Version::bits of the last publication or application; 0: never.

  // Shard writer.
  std::uint8_t state;  // SessionState; kNone in a free slot.
  std::uint8_t flags;
  std::uint8_t scales;      // As on the wire.
  std::uint8_t generation;  // Of the slot; grows when the slot is reused.

  // Shared by the shard writer (sets) and the sync loop (clears). 1: a handle is queued.
  std::atomic<std::uint8_t> dirty;

  // Sync loop.
  std::uint8_t learnt_epoch;  // Low byte of the handle epoch in which the peer learnt the handle.

  // Shard writer, up to kDeleted; from then on the whole entry belongs to the sync loop.
  Tombstone tombstone;

  // Shard writer.
  // Low byte of the term whose owner last set or cleared the re-anchor flags. It differs on the
  // first packet after a takeover, also in an entry that the peer did not change while it was
  // active.
  std::uint8_t anchored_term;
};
static_assert(sizeof(SessionEntry) == 64 && alignof(SessionEntry) == 64);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

// By number of the state; zero where there is none.
inline constexpr auto kProtocolOfState = [] {
  std::array<std::uint8_t, 32> protocols{};
  for (std::size_t tcp = 1; tcp <= 7; ++tcp) protocols[tcp] = 6;
  protocols[16] = protocols[17] = 17;
  protocols[24] = 1;
  return protocols;
}();
static_assert(kSessionStateMax < kProtocolOfState.size());

// Protocol number that a state implies; 0 for kNone and for numbers that are no state.
constexpr std::uint8_t ProtocolOf(SessionState state) {
  const auto number = static_cast<std::uint8_t>(state);
  return number < kProtocolOfState.size() ? kProtocolOfState[number] : std::uint8_t{0};
}

}  // namespace statesync
