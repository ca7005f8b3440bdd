// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/tables.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dataplane {

absl::StatusOr<std::unique_ptr<Tables>> Tables::Create(const Options& options,
                                                       const TableKeys& keys) {
  auto tables = std::make_unique<Tables>();
  statesync::SessionTableOptions table_options;
  table_options.capacity = options.tables.sessions;
  table_options.worker_count = options.runtime.workers;
  table_options.index_seed = keys.index_seed;
  std::copy_n(keys.digest_key, 2, table_options.digest_key);
  table_options.nat_addresses = options.forwarding.nat_addresses;
  absl::StatusOr<std::size_t> bytes = statesync::SessionTable::BytesNeeded(table_options);
  if (bytes.ok()) {
    absl::StatusOr<std::unique_ptr<TableMemory>> memory =
        TableMemory::Map(*bytes, !options.runtime.no_huge);
    if (!memory.ok()) return memory.status();
    tables->session_memory = *std::move(memory);
    table_options.arena = tables->session_memory->bytes();
  }
  absl::StatusOr<std::unique_ptr<statesync::SessionTable>> sessions =
      statesync::SessionTable::Create(table_options);
  if (!sessions.ok()) {
    return absl::Status(sessions.status().code(),
                        absl::StrCat("tables.sessions: ", sessions.status().message()));
  }
  tables->sessions = *std::move(sessions);
  return tables;
}

absl::Status Tables::Complete(const Options& options, std::span<const MacAddress> own_macs) {
  absl::StatusOr<std::unique_ptr<NeighbourTable>> neighbour_table =
      NeighbourTable::Create(options.tables.neighbours, options.forwarding.timeouts.arp_s);
  if (!neighbour_table.ok()) return neighbour_table.status();
  neighbours = *std::move(neighbour_table);
  absl::StatusOr<std::unique_ptr<ForwardingTables>> built =
      ForwardingTables::Build(options.forwarding, {own_macs, options.index}, nullptr);
  if (!built.ok()) return built.status();
  (*built)->number = 1;
  owned_forwarding = *std::move(built);
  forwarding.store(owned_forwarding.get(), std::memory_order_release);
  return absl::OkStatus();
}

}  // namespace dataplane
