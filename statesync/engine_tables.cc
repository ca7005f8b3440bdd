// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which tables both nodes understand, and whether the peer's are large enough. PROTOCOL.md §11.

#include "statesync/engine_impl.h"

namespace statesync {

void Engine::Impl::AgreeOnTables(const PeerInfo& peer) {
  bool is_unknown = false;
  for (std::size_t t = 0; t < context_.table_count; ++t) {
    const auto id = static_cast<std::size_t>(context_.tables[t]->id());
    const VersionRange own{1, context_.tables[t]->schema_max(Op::kInsert)};
    context_.common_schema[t] = HighestCommon(own, peer.schemas[id]);
    context_.peer_capacity[t] = peer.capacity[id];
    is_unknown = is_unknown || context_.common_schema[t] == 0;
  }
  readiness_.SetRisk(AtRiskReason::kTableUnknown, is_unknown);
}

// What an owner should know of a table, also if nothing is wrong yet.
AtRiskReason Engine::Impl::WarningOf(std::size_t table_index) const {
  // Keys fall unevenly into shards, so the first refusals come before the table is full.
  constexpr std::uint64_t kNearPercent = 90;
  const ReplicatedTable& table = *context_.tables[table_index];
  const std::uint8_t common = context_.common_schema[table_index];
  const bool is_partly = common < table.schema_max(Op::kInsert);
  if (common == 0 || (is_partly && context_.counters.records_untold > 0)) {
    return AtRiskReason::kTableUnknown;
  }
  const std::uint64_t capacity = context_.peer_capacity[table_index];
  const std::uint64_t live = status_.tables[table_index].live;
  const bool is_smaller = capacity != 0 && capacity < table.capacity();
  const bool is_near = live * 100 > capacity * kNearPercent;
  return is_smaller && is_near ? AtRiskReason::kPeerCapacity : AtRiskReason::kNone;
}

void Engine::Impl::FillWarnings() {
  if (!context_.Publishes()) return;
  for (std::size_t t = 0; t < context_.table_count; ++t) {
    const AtRiskReason warning = WarningOf(t);
    if (warning == AtRiskReason::kNone) continue;
    if (status_.tables[t].reason == AtRiskReason::kNone) status_.tables[t].reason = warning;
    if (warning != AtRiskReason::kTableUnknown) continue;
    status_.tables[t].readiness = Readiness::kAtRisk;
    status_.peer_readiness = Readiness::kAtRisk;
    if (status_.reason == AtRiskReason::kNone) status_.reason = warning;
  }
}

}  // namespace statesync
