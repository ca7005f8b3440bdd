// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// HA edits (F62): commits of the engine's own that disarm and arm again.

#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/codes.h"
#include "configsync/engine/commit_run.h"
#include "configsync/engine/ha_nodes.h"

namespace configsync {
namespace {

constexpr std::int64_t kRetryMs = 1'000;

CommitOutcome Refused(std::string_view code, std::string value, std::string text,
                      std::string remedy) {
  CommitOutcome outcome;
  outcome.problems.Add({.code = std::string(code),
                        .path = "/ha/failover/enabled",
                        .value = std::move(value),
                        .text = std::move(text),
                        .remedy = std::move(remedy)});
  return outcome;
}

}  // namespace

CommitOutcome EngineImpl::BeginHaEdit(const Operator& by, std::uint32_t for_s) {
  if (absl::Status status = CheckLease("HA edit", for_s); !status.ok()) {
    return Refused(problem_code::kBadOption, absl::StrCat(for_s, " s"),
                   std::string(status.message()), "give a time within the limit");
  }
  const std::lock_guard commit(commit_mutex_);
  {
    const std::lock_guard lock(mutex_);
    if (std::optional<Problem> problem = LockProblem(by, Time())) {
      CommitOutcome outcome;
      outcome.problems.Add(*problem);
      return outcome;
    }
    if (ha_edit_.has_value()) {
      return Refused(problem_code::kHaNotArmed, ha_edit_->by.name,
                     absl::StrCat(ha_edit_->by.name, " edits already, for another ",
                                  SecondsOf(LeftMs(ha_edit_->deadline, Time())), " s"),
                     "end that one first with: lockstepctl ha edit end");
    }
    if (!IsHaArmed(*running_tree_)) {
      return Refused(problem_code::kHaNotArmed, "false", "HA is not armed",
                     "edit and commit as you like; nothing is locked");
    }
  }
  return CommitHaSwitch(by, false, for_s);
}

CommitOutcome EngineImpl::EndHaEdit(const Operator& by) {
  const std::lock_guard commit(commit_mutex_);
  {
    const std::lock_guard lock(mutex_);
    if (!ha_edit_.has_value()) {
      return Refused(problem_code::kNoHaEdit, "", "no HA edit is open",
                     "to arm HA: lockstepctl config set ha failover enabled true, and commit");
    }
    if (std::optional<Problem> problem = LockProblem(by, Time())) {
      CommitOutcome outcome;
      outcome.problems.Add(*problem);
      return outcome;
    }
  }
  return CommitHaSwitch(by, true, 0);
}

CommitOutcome EngineImpl::CommitHaSwitch(const Operator& by, bool is_armed, std::uint32_t for_s) {
  CommitRun run;
  run.by = by;
  run.origin = "ha-edit";
  run.is_switch = true;
  run.is_due = by == Self();
  {
    const std::lock_guard lock(mutex_);
    run.base = running_;
    run.base_tree = running_tree_;
    run.running_tree = running_tree_;
    run.ha_edit.emplace(std::nullopt);
    if (!is_armed) {
      run.ha_edit.emplace(
          HaEditRecord{.by = by, .deadline = DeadlineIn(Time(), std::int64_t{for_s} * 1'000)});
    }
  }
  run.options.comment =
      is_armed ? "HA is armed again" : absl::StrCat("HA is disarmed for ", for_s, " s");
  const std::vector<Edit> edits = {{.op = EditOp::kSet,
                                    .path = FailoverEnabledPath(run.running_tree->schema()),
                                    .value = is_armed ? "true" : "false",
                                    .after = {}}};
  absl::StatusOr<Tree> tree = run.running_tree->Apply(edits);
  if (!tree.ok()) {
    run.Refuse({.code = std::string(problem_code::kBadEdit),
                .path = "/ha/failover/enabled",
                .value = {},
                .text = std::string(tree.status().message()),
                .remedy = "check the schema modules of this installation"});
    return std::move(run.outcome);
  }
  run.tree = *std::move(tree);
  RunCommit(run);
  return std::move(run.outcome);
}

// Needs `commit_mutex_`.
void EngineImpl::ExpireHaEdit() {
  if (CommitHaSwitch(Self(), true, 0).committed) return;
  const std::lock_guard lock(mutex_);
  retry_boot_ms_ = Time().boot_ms + kRetryMs;
}

}  // namespace configsync
