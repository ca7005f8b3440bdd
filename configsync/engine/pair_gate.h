// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the commit machine asks of other nodes. pair/ implements it; NoPair is a node alone.
//
// All methods are called with the engine's commit lock held, so one commit at a time.

#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "configsync/engine/dataplane.h"
#include "configsync/reasons/reason.h"
#include "configsync/schema/problem.h"
#include "configsync/store/records.h"
#include "configsync/tree/edit.h"
#include "configsync/tree/tree.h"

namespace configsync {

struct CommitOptions;

struct ServiceAction {
  std::string service;
  std::string reason;  // Path that asks for it.
};

// Small durable values beside the revisions; a value that is absent is erased.
using Notes = std::map<std::string, std::optional<std::string>>;

// What a commit did, or would do, on one remote.
struct RemoteOutcome {
  std::string remote;
  enum class State : std::uint8_t {
    kUntouched,  // Nothing of the change is for it.
    kValidated,  // It would take it.
    kApplied,    // It runs it, proven by its hash.
    kPending,    // It gets it later: `reasons` says why.
    kRefused,    // Its problems are the commit's.
  } state = State::kUntouched;
  RevisionId revision = 0;  // Of the remote, if applied.
  std::string hash;         // Of its part.
  std::vector<Change> changes;
  std::vector<std::string> withheld;  // Categories that do not travel to it now (F19).
  std::vector<ServiceAction> services;
  SessionEffect sessions;
  std::vector<std::string> warnings;
  std::vector<Reason> reasons;
};

class PairGate {
 public:
  struct Question {
    const Operator& by;
    const CommitOptions& options;
    std::string origin;
    const Tree& running;
    const Tree& next;
    RevisionId next_revision = 0;
    std::span<const Change> changes;
  };
  virtual ~PairGate() = default;

  // Steps 8a and 8b. What is added to `problems` refuses the commit.
  virtual std::vector<RemoteOutcome> Prepare(const Question& question, Problems& problems) = 0;
  // For the commit's transaction; asked if Prepare() found no problem and this is no check.
  virtual Notes NotesFor(const Question& question) = 0;
  // Steps 11a and 11b if `is_committed`; else Abort: also after a check or a refusal.
  virtual void Finish(bool is_committed, std::vector<RemoteOutcome>& remotes) = 0;
  // The confirm of `revision` is passed on.
  virtual void ConfirmRemotes(RevisionId revision) = 0;
  // Something has changed by itself (a timer, a rollback, a restart): look at once.
  virtual void Wake() = 0;
};

}  // namespace configsync
