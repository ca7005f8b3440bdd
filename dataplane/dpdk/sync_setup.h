// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the sync loop's parts are made with: the node file's values in the words of the engine, the
// handshake and the link.
//
// Threads: values only.

#pragma once

#include <cstdint>

#include "dataplane/config/options.h"
#include "dataplane/core/shared_state.h"
#include "dataplane/dpdk/ha2_frame.h"
#include "statesync/engine.h"
#include "statesync/seal/handshake.h"
#include "statesync/table/replicated_table.h"

namespace dataplane {

// UDP payload that the MTU of every HA2 link carries, at most what the protocol allows.
[[nodiscard]] std::uint16_t DatagramBytesMax(const HaOptions& options);
// Silence after which the other link takes over what a link carried.
[[nodiscard]] statesync::Duration LinkSilenceLimit(const HaOptions& options);

// Slots per shard of the peer's session table that this node can know: a quarter more than its own
// table has, or as many as tables.peer_sessions needs. Fixed before the peer's hello states its
// capacity, because the engine allocates nothing later.
[[nodiscard]] std::uint32_t PeerSlotsOf(const TableOptions& tables);
[[nodiscard]] statesync::EngineOptions EngineOptionsOf(const Options& options);
[[nodiscard]] statesync::HandshakeOptions HandshakeOptionsOf(const Options& options,
                                                             statesync::BootId boot_id);
[[nodiscard]] Ha2Link LinkOf(const Ha2Options& options, const MacAddress& own_mac);

// What the next hello says of this node.
[[nodiscard]] statesync::Capabilities CapabilitiesOf(const Options& options,
                                                     std::uint64_t id_map_digest, RoleWord word,
                                                     const statesync::ReplicatedTable& sessions);
// What the engine is told of a peer that proved itself.
[[nodiscard]] statesync::PeerInfo PeerInfoOf(const statesync::PeerHello& hello,
                                             std::uint64_t own_id_map_digest);

}  // namespace dataplane
