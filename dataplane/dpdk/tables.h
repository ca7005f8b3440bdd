// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What all workers read: sessions, policy, NAT pools, addresses, routes, neighbours, made from
// Options.
//
// Threads: built by main before the workers start; each part says who may write it later.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "dataplane/config/options.h"
#include "dataplane/core/forward.h"
#include "dataplane/core/interface.h"
#include "dataplane/core/nat.h"
#include "dataplane/core/neighbour.h"
#include "dataplane/core/policy.h"
#include "dataplane/core/timeouts.h"
#include "dataplane/dpdk/fib.h"
#include "dataplane/dpdk/table_memory.h"
#include "statesync/table/session_table.h"

namespace dataplane {

struct TableKeys {
  std::uint64_t index_seed = 0;          // Random per boot.
  std::uint64_t digest_key[2] = {0, 0};  // From the pair secret; zero without a pair.
};

struct Tables {
  std::unique_ptr<TableMemory> session_memory;  // Outlives the sessions.
  std::unique_ptr<statesync::SessionTable> sessions;
  std::unique_ptr<const RuleSet> rules;
  std::optional<NatPools> nat;
  std::optional<InterfaceMap> interfaces;
  std::unique_ptr<NeighbourTable> neighbours;
  std::unique_ptr<Fib> fib;
  Timeouts timeouts;

  // The session table alone: needs no port, so a table over memory is refused before one starts.
  // Errors: as each part says, with the node file's field.
  static absl::StatusOr<std::unique_ptr<Tables>> Create(const Options& options,
                                                        const TableKeys& keys);
  // The rest. own_macs: of the ports, in the order of options.interfaces.
  absl::Status Complete(const Options& options, std::span<const MacAddress> own_macs);
};

// Index of the interface with this id. REQUIRES: it exists, which the node file's checks made sure.
[[nodiscard]] std::uint8_t InterfaceIndexOf(const Options& options, std::uint8_t interface_id);

}  // namespace dataplane
