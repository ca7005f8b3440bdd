// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/control/replication_watch.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dataplane/control/names.h"

namespace dataplane {
namespace {

using statesync::AtRiskReason;
using statesync::EngineStatus;
using statesync::Readiness;
using statesync::ShardMismatches;

std::string TextOf(Readiness readiness, AtRiskReason reason) {
  const std::string name(NameOf(readiness));
  return reason == AtRiskReason::kNone ? name : name + "(" + std::string(NameOf(reason)) + ")";
}

std::string RepairText(const ShardMismatches& mismatches) {
  const auto took_ns = static_cast<double>((mismatches.repaired_at - mismatches.found_at).ns);
  return absl::StrFormat("repaired after %.1f ms", took_ns / 1e6);
}

}  // namespace

std::vector<ReplicationWatch::Line> ReplicationWatch::Look(statesync::Role role,
                                                           const EngineStatus& status) {
  std::vector<Line> lines;
  LookAtReadiness(role == statesync::Role::kActive, status, lines);
  for (std::size_t t = 0; t < status.table_count && t < mismatches_.size(); ++t) {
    LookAtTable(status.tables[t], mismatches_[t], lines);
  }
  return lines;
}

void ReplicationWatch::LookAtReadiness(bool is_owner, const EngineStatus& status,
                                       std::vector<Line>& lines) {
  const Readiness readiness = is_owner ? status.peer_readiness : status.readiness;
  const AtRiskReason reason = readiness == Readiness::kAtRisk ? status.reason : AtRiskReason::kNone;
  // After a change of role it is another node's readiness: nothing to compare with.
  const bool is_comparable = is_owner == was_owner_;
  const bool is_same = is_comparable && readiness == readiness_ && reason == reason_;
  if (!is_same) {
    std::string text = is_owner ? "readiness of the peer " : "readiness ";
    if (is_comparable) absl::StrAppend(&text, TextOf(readiness_, reason_), " -> ");
    absl::StrAppend(&text, TextOf(readiness, reason));
    lines.push_back({readiness == Readiness::kAtRisk, std::move(text)});
  }
  was_owner_ = is_owner;
  readiness_ = readiness;
  reason_ = reason;
}

void ReplicationWatch::LookAtTable(const statesync::TableStatus& table, ShardMismatches& last,
                                   std::vector<Line>& lines) {
  const ShardMismatches& now = table.mismatches;
  const std::string name =
      absl::StrCat("table ", std::string(NameOf(table.table)), ", shard ", now.shard);
  if (now.found != last.found) {
    std::string text = absl::StrCat(name, ": differs from the active node's, found by ",
                                    std::string(NameOf(now.kind)));
    if (now.found - last.found > 1) {
      absl::StrAppend(&text, ", the latest of ", now.found - last.found);
    }
    if (now.is_repaired) absl::StrAppend(&text, ", ", RepairText(now));
    lines.push_back({true, std::move(text)});
  } else if (now.is_repaired && !last.is_repaired) {
    lines.push_back({false, absl::StrCat(name, ": ", RepairText(now))});
  }
  last = now;
}

}  // namespace dataplane
