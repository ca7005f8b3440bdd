// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What changed in replication since it was last looked at, as lines for the log: readiness, and
// shards that were found damaged or have been repaired. The sync loop does not log, so somebody
// looks at its status now and then; what came and went in between is told when it leaves a trace.
//
// Threads: one.  Memory: a value; lines are returned.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "statesync/engine_status.h"
#include "statesync/types.h"

namespace dataplane {

class ReplicationWatch {
 public:
  struct Line {
    bool is_warning = false;
    std::string text;
  };

  // role: of this node. An owner's readiness says nothing, so its peer's is watched instead.
  std::vector<Line> Look(statesync::Role role, const statesync::EngineStatus& status);

 private:
  void LookAtReadiness(bool is_owner, const statesync::EngineStatus& status,
                       std::vector<Line>& lines);
  void LookAtTable(const statesync::TableStatus& table, statesync::ShardMismatches& last,
                   std::vector<Line>& lines);

  bool was_owner_ = false;
  statesync::Readiness readiness_ = statesync::Readiness::kNoPeer;
  statesync::AtRiskReason reason_ = statesync::AtRiskReason::kNone;
  std::array<statesync::ShardMismatches, statesync::kHelloTablesMax> mismatches_{};
};

}  // namespace dataplane
