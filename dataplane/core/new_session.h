// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Opening a session: policy, NAT, insert. Used by forward.cc only.
//
// Threads: the writer of the packet's shard.  Memory: none.

#pragma once

#include "dataplane/core/forward.h"
#include "dataplane/core/tcp_tracker.h"

namespace dataplane {

// Checks that both a new and a known session's packet must pass before anything changes: TTL and
// MTU. kNone in `reason`: passed.
[[nodiscard]] ForwardResult CheckWayOut(ForwardContext& context, const Route& route,
                                        const PacketView& view) noexcept;

// Opens a session for `view`, which found none. kForward with `handle` set, or the drop.
//
//   finished  a finished session with the same key, deleted if the new one is permitted; null: none
[[nodiscard]] ForwardResult OpenSession(ForwardContext& context, const ForwardInput& input,
                                        const statesync::Handle* finished, const PacketView& view,
                                        statesync::Handle& handle) noexcept;

[[nodiscard]] ForwardResult DropPacket(ForwardContext& context, DropReason reason) noexcept;

// The tracker's view of an entry, and back. StoreTrack is called between BeginWrite and EndWrite.
[[nodiscard]] TcpTrack LoadTrack(const statesync::SessionEntry& entry,
                                 statesync::Term term) noexcept;
void StoreTrack(const TcpTrack& track, statesync::Term term,
                statesync::SessionEntry& entry) noexcept;

}  // namespace dataplane
