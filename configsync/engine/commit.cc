// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The commit machine. COMMIT.md numbers the steps and says what holds after a crash at each.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/change_rules.h"
#include "configsync/engine/codes.h"
#include "configsync/engine/engine_impl.h"
#include "configsync/engine/ha_nodes.h"
#include "configsync/tree/merge.h"

namespace configsync {
namespace {

constexpr std::size_t kProblemsInAudit = 3;
constexpr std::size_t kRevisionsCompared = 1'000;

std::string DetailOf(const Problems& problems) {
  std::string text;
  for (std::size_t i = 0; i < std::min(problems.list.size(), kProblemsInAudit); ++i) {
    const Problem& problem = problems.list[i];
    absl::StrAppend(&text, text.empty() ? "" : ", ", problem.code,
                    problem.path.empty() ? "" : " at ", problem.path);
  }
  const std::size_t count = problems.list.size() + problems.omitted_count;
  return count > kProblemsInAudit ? absl::StrCat(text, " and ", count - kProblemsInAudit, " more")
                                  : text;
}

Problem BadOption(std::string value, std::string text, std::string remedy) {
  return {.code = std::string(problem_code::kBadOption),
          .path = {},
          .value = std::move(value),
          .text = std::move(text),
          .remedy = std::move(remedy)};
}

void CheckOptions(const CommitOptions& options, Problems& problems) {
  if (options.comment.size() > kCommentBytesMax) {
    problems.Add(BadOption(absl::StrCat(options.comment.size(), " bytes"),
                           absl::StrCat("a comment has at most ", kCommentBytesMax, " bytes"),
                           "give a shorter comment"));
  }
  if (const auto within = options.confirm_within_s;
      within.has_value() && (*within < 1 || *within > kConfirmSecondsMax)) {
    problems.Add(BadOption(absl::StrCat(*within, " s"),
                           absl::StrCat("confirm-within is 1 to ", kConfirmSecondsMax, " s"),
                           "give a time within the limit"));
  }
}

Problem ProblemOf(const Conflict& conflict, RevisionId base) {
  const std::string since = absl::StrCat(" since you began at revision ", base);
  std::string text, remedy;
  switch (conflict.reason) {
    case ConflictReason::kBothChanged:
      text = absl::StrCat("you and a commit of somebody else changed it differently", since);
      remedy = "set it to what is running, or discard your candidate and begin again";
      break;
    case ConflictReason::kDeletedAndChanged:
      text = absl::StrCat("you or somebody else deleted what the other changed", since);
      remedy = "undo your change of it, or discard your candidate and begin again";
      break;
    case ConflictReason::kSamePlace:
      text = absl::StrCat("a commit of somebody else put another entry to the same place", since,
                          "; which of them is first is for you to say");
      remedy = "move yours to another place, such as the front, commit, and move it where you want";
      break;
    case ConflictReason::kMovedApart:
      text = absl::StrCat("you and a commit of somebody else moved it to different places", since);
      remedy = "move it back, or discard your candidate and begin again";
      break;
  }
  return {.code = std::string(problem_code::kMergeConflict),
          .path = PublicPath(conflict.path),
          .value = {},
          .text = std::move(text),
          .remedy = absl::StrCat(remedy, "; see: lockstepctl config compare running candidate")};
}

}  // namespace

// Everything that one commit knows, from step to step.
struct EngineImpl::CommitRun {
  Operator by;
  CommitOptions options;
  std::string origin = "commit";
  bool is_switch = false;  // Of HA: it has no candidate, and touches nothing that is locked.
  bool is_due = false;     // Time asks for it: nobody may refuse.
  std::optional<std::optional<HaEditRecord>> ha_edit;
  std::uint64_t generation = 0;  // Of the candidate that is committed.
  RevisionId base = 0;
  std::optional<Tree> base_tree, running_tree, tree;
  CommitOutcome outcome;

  bool Refuse(Problem problem) {
    outcome.problems.Add(std::move(problem));
    return false;
  }
};

// Steps 2 and 3.
bool EngineImpl::CheckRights(CommitRun& run) {
  CheckOptions(run.options, run.outcome.problems);
  const Now now = Time();
  if (std::optional<Problem> problem = LockProblem(run.by, now)) run.Refuse(*problem);
  if (std::optional<Problem> problem = ConfirmProblem(run.by, now)) run.Refuse(*problem);
  return run.outcome.problems.empty();
}

bool EngineImpl::ClaimCandidate(CommitRun& run) {
  run.running_tree = running_tree_;
  const auto found = candidates_.find(run.by.user_id);
  if (found == candidates_.end()) {
    run.base_tree = running_tree_;
    run.tree = running_tree_;
    run.base = running_;
    return true;
  }
  Candidate& candidate = found->second;
  if (absl::Status status = LoadTrees(candidate); !status.ok()) {
    return run.Refuse({.code = std::string(problem_code::kCandidateUnreadable),
                       .path = {},
                       .value = run.by.name,
                       .text = std::string(status.message()),
                       .remedy = "discard it with: lockstepctl config discard"});
  }
  run.generation = candidate.generation;
  run.base = candidate.base;
  run.base_tree = candidate.base_tree;
  run.tree = candidate.tree;
  return true;
}

// Step 4. Others committed since the candidate was begun.
bool EngineImpl::Rebase(CommitRun& run) {
  if (*run.base_tree == *run.running_tree) return true;
  MergeResult merged = Merge(*run.base_tree, *run.tree, *run.running_tree);
  for (const Conflict& conflict : merged.conflicts) {
    run.Refuse(ProblemOf(conflict, run.base));
  }
  if (!merged.status.ok()) {
    run.Refuse({.code = std::string(problem_code::kBadEdit),
                .path = {},
                .value = {},
                .text = std::string(merged.status.message()),
                .remedy = "correct your candidate; what others committed stands"});
  }
  run.tree = std::move(merged.tree);
  return run.outcome.problems.empty();
}

// Steps 5 to 8.
bool EngineImpl::JudgeAll(CommitRun& run) {
  CommitOutcome& outcome = run.outcome;
  Clock& clock = *setup_.clock;
  std::int64_t begin = clock.ThreadCpuUs();
  run.tree = setup_.judge->WithIds(*run.running_tree, *run.tree, outcome.problems);
  outcome.changes = Diff(*run.running_tree, *run.tree);
  outcome.difference_cpu_us += clock.ThreadCpuUs() - begin;
  if (!outcome.problems.empty()) return false;
  if (outcome.changes.empty()) {
    if (run.options.check_only) return true;
    return run.Refuse({.code = std::string(problem_code::kNothingToCommit),
                       .path = {},
                       .value = {},
                       .text = "your candidate is equal to the running configuration",
                       .remedy = "change something first; to make running the startup "
                                 "configuration: lockstepctl config save"});
  }
  if (run.is_due) {
    outcome.services = ServicesOf(outcome.changes);
    return true;
  }
  const Judge::Cost cost = setup_.judge->Verdict(*run.tree, outcome.problems);
  outcome.difference_cpu_us += cost.own_cpu_us;
  outcome.validation_cpu_us += cost.validation_cpu_us;
  begin = clock.ThreadCpuUs();
  if (!run.is_switch && IsHaArmed(*run.running_tree))
    FindEditLocks(outcome.changes, outcome.problems);
  outcome.services = ServicesOf(outcome.changes);
  outcome.warnings = setup_.judge->Warnings(outcome.changes);
  outcome.difference_cpu_us += clock.ThreadCpuUs() - begin;
  if (!outcome.problems.empty()) return false;
  outcome.sessions = setup_.dataplane->Plan(*run.tree, outcome.problems);
  if (outcome.problems.empty() && !outcome.sessions.known) {
    outcome.warnings.push_back(
        "no dataplane answers: it takes the revision when it is back, and how many sessions would "
        "end is unknown");
  }
  return outcome.problems.empty();
}

void EngineImpl::Describe(CommitRun& run) {
  run.outcome.hash = HexOf(run.tree->hash());
  if (!run.is_switch) run.origin = OriginOf(run.tree->hash());
}

// A content that was there before is a rollback, however it came about.
std::string EngineImpl::OriginOf(const Hash& hash) {
  const absl::StatusOr<std::vector<RevisionInfo>> history =
      setup_.store->History(kRevisionsCompared);
  const bool was_there =
      history.ok() &&
      std::ranges::any_of(*history, [&](const RevisionInfo& info) { return info.hash == hash; });
  return was_there ? "rollback" : "commit";
}

// What was saved during an HA edit is disarmed: when it ends, the next boot must be armed too.
void EngineImpl::ArmStartup(CommitRun& run, Transaction& transaction) {
  const bool ends_edit =
      ha_edit_.has_value() && transaction.ha_edit.has_value() && !transaction.ha_edit->has_value();
  if (!ends_edit || transaction.startup.has_value()) return;
  if (run.is_switch && !confirm_.has_value() && startup_hash_ == running_tree_->hash()) {
    transaction.startup = transaction.revision->info.id;
    return;
  }
  const absl::StatusOr<Tree> startup = TreeOf(startup_);
  if (startup.ok() && IsHaDisarmed(*startup)) {
    run.outcome.warnings.push_back(absl::StrCat(
        "the startup configuration, revision ", startup_,
        ", was saved with failover disabled, and so the machine would boot; make running the "
        "startup configuration: lockstepctl config save"));
  }
}

// Steps 9 and 10. One transaction with everything that changes together.
bool EngineImpl::Write(CommitRun& run) {
  const Now now = Time();
  // The deadline may have passed while the dataplane was asked.
  if (!run.is_due) {
    if (std::optional<Problem> problem = ConfirmProblem(run.by, now)) return run.Refuse(*problem);
  }
  Transaction transaction;
  AddRevision({.by = run.by,
               .origin = run.origin,
               .comment = run.options.comment,
               .tree = &*run.tree,
               .changes = run.outcome.changes},
              now, transaction);
  const RevisionId revision = transaction.revision->info.id;
  if (const auto within = run.options.confirm_within_s;
      within.has_value() || confirm_.has_value()) {
    ConfirmRecord confirm = confirm_.value_or(ConfirmRecord{.revision = revision,
                                                            .back_to = running_,
                                                            .deadline = {},
                                                            .by = run.by,
                                                            .save = false,
                                                            .ha_edit_open = ha_edit_.has_value()});
    confirm.revision = revision;
    confirm.save = confirm.save || run.options.save;
    if (within.has_value()) confirm.deadline = DeadlineIn(now, std::int64_t{*within} * 1'000);
    transaction.confirm.emplace(std::move(confirm));
  } else if (run.options.save) {
    transaction.startup = revision;
  }
  transaction.ha_edit = run.ha_edit;
  if (ha_edit_.has_value() && !run.ha_edit.has_value() && !IsHaDisarmed(*run.tree)) {
    transaction.ha_edit.emplace(std::nullopt);
  }
  ArmStartup(run, transaction);
  const auto candidate = candidates_.find(run.by.user_id);
  if (!run.is_switch && candidate != candidates_.end() &&
      candidate->second.generation == run.generation) {
    transaction.dropped_candidates.push_back(run.by.user_id);
  }
  RenewLease(run.by, now, transaction);
  if (absl::Status status = WriteAndTake(transaction); !status.ok()) {
    return run.Refuse(StoreProblem(status));
  }
  run.outcome.committed = true;
  run.outcome.revision = revision;
  if (std::string warning = setup_.store->Warning(); !warning.empty()) {
    run.outcome.warnings.push_back(std::move(warning));
  }
  if (run.options.save && confirm_.has_value()) {
    run.outcome.warnings.push_back("it becomes the startup configuration when it is confirmed");
  }
  return true;
}

// Needs `commit_mutex_`, and not `mutex_`.
void EngineImpl::RunCommit(CommitRun& run) {
  bool goes_on = true;
  if (!run.is_switch) {
    const std::lock_guard lock(mutex_);
    goes_on = CheckRights(run) && ClaimCandidate(run);
  }
  const std::int64_t begin = setup_.clock->ThreadCpuUs();
  goes_on = goes_on && Rebase(run);
  run.outcome.difference_cpu_us = setup_.clock->ThreadCpuUs() - begin;
  goes_on = goes_on && JudgeAll(run);
  if (goes_on) {
    Describe(run);
    if (run.options.check_only) return;
  }
  {
    const std::lock_guard lock(mutex_);
    goes_on = goes_on && Write(run);
    if (!goes_on && !run.options.check_only) {
      AuditRefusal(run.by, run.origin, DetailOf(run.outcome.problems));
    }
  }
  if (!goes_on) return;
  run.outcome.follow = setup_.dataplane->Follow(run.outcome.revision, *run.tree);  // Step 11.
  if (run.outcome.follow.state == FollowState::kRefused) {
    run.outcome.warnings.push_back(absl::StrCat(
        "the dataplane refused the revision and runs the one before: ", run.outcome.follow.text,
        "; correct it, or roll back"));
  }
}

CommitOutcome EngineImpl::Commit(const Operator& by, const CommitOptions& options) {
  const std::lock_guard commit(commit_mutex_);
  CommitRun run;
  run.by = by;
  run.options = options;
  RunCommit(run);
  return std::move(run.outcome);
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

}  // namespace configsync
