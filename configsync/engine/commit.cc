// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The commit machine. COMMIT.md numbers the steps and says what holds after a crash at each.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/change_rules.h"
#include "configsync/engine/codes.h"
#include "configsync/engine/commit_run.h"
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

void CheckOptions(const CommitOptions& options, std::size_t comment_bytes_max, Problems& problems) {
  if (options.comment.size() > comment_bytes_max) {
    problems.Add(BadOption(absl::StrCat(options.comment.size(), " bytes"),
                           absl::StrCat("a comment has at most ", comment_bytes_max, " bytes"),
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

// Steps 2 and 3.
bool EngineImpl::CheckRights(CommitRun& run) {
  CheckOptions(run.options, run.draft == nullptr ? kCommentBytesMax : kPeerCommentBytesMax,
               run.outcome.problems);
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
                       .text = absl::StrCat(run.draft == nullptr ? "your candidate" : "the draft",
                                            " is equal to the running configuration"),
                       .remedy = "change something first; to make running the startup "
                                 "configuration: lockstepctl config save"});
  }
  if (run.is_due) {
    outcome.services = ServicesOf(outcome.changes);
    return true;
  }
  if (TakeJudged(run)) return true;
  return AskJudgeAndDataplane(run);
}

bool EngineImpl::AskJudgeAndDataplane(CommitRun& run) {
  CommitOutcome& outcome = run.outcome;
  Clock& clock = *setup_.clock;
  const Judge::Cost cost = setup_.judge->Verdict(*run.tree, outcome.problems);
  outcome.difference_cpu_us += cost.own_cpu_us;
  outcome.validation_cpu_us += cost.validation_cpu_us;
  const std::int64_t begin = clock.ThreadCpuUs();
  if (!run.is_switch && run.draft == nullptr && IsHaArmed(*run.running_tree)) {
    FindEditLocks(outcome.changes, outcome.problems);
  }
  outcome.services = ServicesOf(outcome.changes);
  outcome.warnings = setup_.judge->Warnings(outcome.changes);
  for (std::string& text : setup_.judge->TreeWarnings(outcome.changes, *run.tree)) {
    outcome.warnings.push_back(std::move(text));
  }
  outcome.difference_cpu_us += clock.ThreadCpuUs() - begin;
  if (!outcome.problems.empty()) return false;
  outcome.sessions = setup_.dataplane->Plan(*run.tree, outcome.problems);
  if (!outcome.problems.empty()) return false;
  if (!outcome.sessions.known) {
    outcome.warnings.push_back(
        "no dataplane answers: it takes the revision when it is back, and how many sessions would "
        "end is unknown");
  }
  if (run.options.check_only) KeepJudged(run);
  return true;
}

void EngineImpl::Describe(CommitRun& run) {
  run.outcome.hash = HexOf(run.tree->hash());
  if (run.is_switch || run.draft != nullptr) return;
  run.origin = run.options.from_central_manager ? "central-manager" : OriginOf(run.tree->hash());
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

// Steps 8a and 8b. What no remote would get, or time asks for, needs no answer of theirs.
bool EngineImpl::AskRemotes(CommitRun& run) {
  const bool is_asked = gate_ != nullptr && !run.is_switch && !run.outcome.changes.empty() &&
                        (run.draft == nullptr || run.draft->asks_gate);
  if (!is_asked) return true;
  run.is_gate_asked = true;
  const PairGate::Question question = {.by = run.by,
                                       .options = run.options,
                                       .origin = run.origin,
                                       .running = *run.running_tree,
                                       .next = *run.tree,
                                       .next_revision = run.next_revision,
                                       .changes = run.outcome.changes};
  run.outcome.remotes = gate_->Prepare(question, run.outcome.problems);
  if (!run.outcome.problems.empty()) return false;
  if (run.options.check_only) return true;
  // What the draft brings is about this very transaction, and rules.
  for (auto& [name, value] : gate_->NotesFor(question)) run.notes.try_emplace(name, value);
  return true;
}

// Steps 1 to 10. True: there is a new revision.
bool EngineImpl::RunToTransaction(CommitRun& run) {
  bool goes_on = true;
  {
    const std::lock_guard lock(mutex_);
    run.next_revision = running_ + 1;
    if (run.draft != nullptr) {
      goes_on = CheckRights(run) && ClaimDraft(run);
    } else if (!run.is_switch) {
      goes_on = CheckRights(run) && ClaimCandidate(run);
    }
  }
  const std::int64_t begin = setup_.clock->ThreadCpuUs();
  goes_on = goes_on && Rebase(run);
  run.outcome.difference_cpu_us = setup_.clock->ThreadCpuUs() - begin;
  goes_on = goes_on && JudgeAll(run);
  if (goes_on) {
    Describe(run);
    goes_on = AskRemotes(run);
  }
  if (run.options.check_only) return false;
  const std::lock_guard lock(mutex_);
  goes_on = goes_on && Write(run);
  if (!goes_on) AuditRefusal(run.by, run.origin, DetailOf(run.outcome.problems));
  return goes_on;
}

// Needs `commit_mutex_`, and not `mutex_`.
void EngineImpl::RunCommit(CommitRun& run) {
  CommitOutcome& outcome = run.outcome;
  if (RunToTransaction(run)) {
    outcome.follow = setup_.dataplane->Follow(outcome.revision, *run.tree);  // Step 11.
    if (outcome.follow.state == FollowState::kRefused) {
      outcome.warnings.push_back(absl::StrCat(
          "the dataplane refused the revision and runs the one before: ", outcome.follow.text,
          "; correct it, or roll back"));
    }
  }
  if (run.is_gate_asked) {
    gate_->Finish(outcome.committed, outcome.remotes);  // Steps 11a and 11b.
    if (outcome.committed) WarnOfStartup(run);
  } else if (outcome.committed && run.draft == nullptr) {
    WakeGate();
  }
}

// F24. A remote makes what it applies its startup configuration, and this node does not.
void EngineImpl::WarnOfStartup(CommitRun& run) {
  RevisionId startup = 0;
  {
    const std::lock_guard lock(mutex_);
    if (confirm_.has_value()) return;  // Neither has, until it is confirmed.
    startup = startup_;
  }
  if (startup == run.outcome.revision) return;
  for (const RemoteOutcome& remote : run.outcome.remotes) {
    if (remote.state != RemoteOutcome::State::kApplied) continue;
    run.outcome.warnings.push_back(
        absl::StrCat(remote.remote, " has made its revision ", remote.revision,
                     " its startup configuration; here startup is still revision ", startup,
                     ", not ", run.outcome.revision, ": lockstepctl config save"));
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

}  // namespace configsync
