// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What all workers share: sessions, neighbours, and what they forward by at the moment.
//
// Threads: built by main before the workers start; each part says who may write it later.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "dataplane/config/options.h"
#include "dataplane/core/neighbour.h"
#include "dataplane/dpdk/forwarding_tables.h"
#include "dataplane/dpdk/table_memory.h"
#include "statesync/table/session_table.h"

namespace dataplane {

struct TableKeys {
  std::uint64_t index_seed = 0;          // Random per boot.
  std::uint64_t digest_key[2] = {0, 0};  // From the pair secret; zero without a pair.
};

struct Tables {
  std::unique_ptr<TableMemory> session_memory;  // Outlives the sessions.
  // Before the sessions' end: they refer to its NAT addresses. Writer: ForwardingSwap.
  std::unique_ptr<const ForwardingTables> owned_forwarding;
  std::unique_ptr<statesync::SessionTable> sessions;
  std::unique_ptr<NeighbourTable> neighbours;
  // Each worker takes it once a turn. Writer: ForwardingSwap.
  std::atomic<const ForwardingTables*> forwarding{nullptr};

  // The session table alone: needs no port, so a table over memory is refused before one starts.
  // Errors: as each part says, with the node file's field.
  static absl::StatusOr<std::unique_ptr<Tables>> Create(const Options& options,
                                                        const TableKeys& keys);
  // The rest, from options.forwarding. own_macs: of the ports, in the order of options.ports.
  absl::Status Complete(const Options& options, std::span<const MacAddress> own_macs);
};

}  // namespace dataplane
