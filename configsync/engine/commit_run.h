// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the steps of one commit hand on to each other.
//
// Threads: one commit, one thread.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "configsync/engine/engine_impl.h"

namespace configsync {

// Everything that one commit knows, from step to step.
struct EngineImpl::CommitRun {
  Operator by;
  CommitOptions options;
  std::string origin = "commit";
  bool is_switch = false;  // Of HA: it has no candidate, and touches nothing that is locked.
  bool is_due = false;     // Time asks for it: nobody may refuse.
  const PeerDraft* draft = nullptr;  // Instead of a candidate.
  bool is_gate_asked = false;        // And is to hear how it ended.
  RevisionId next_revision = 0;
  std::optional<std::optional<HaEditRecord>> ha_edit;
  std::uint64_t generation = 0;  // Of the candidate that is committed.
  RevisionId base = 0;
  std::optional<Tree> base_tree, running_tree, tree;
  Notes notes;  // Of the transaction.
  CommitOutcome outcome;

  bool Refuse(Problem problem) {
    outcome.problems.Add(std::move(problem));
    return false;
  }
};

}  // namespace configsync
