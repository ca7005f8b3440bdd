// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Candidates: each edit is in the store before its call returns.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/change_rules.h"
#include "configsync/engine/codes.h"
#include "configsync/engine/engine_impl.h"

namespace configsync {
namespace {

// From here on the store holds one piece with the whole difference instead.
constexpr std::size_t kRowsMax = 256;
constexpr std::size_t kPathsInAudit = 3;

std::string DetailOf(std::span<const Edit> edits) {
  std::string text = absl::StrCat(edits.size(), edits.size() == 1 ? " edit" : " edits");
  for (std::size_t i = 0; i < std::min(edits.size(), kPathsInAudit); ++i) {
    absl::StrAppend(&text, i == 0 ? ": " : ", ", PublicPath(edits[i].path));
  }
  return absl::StrCat(text, edits.size() > kPathsInAudit ? ", …" : "");
}

Problems OneProblem(Problem problem) {
  Problems problems;
  problems.Add(std::move(problem));
  return problems;
}

Problem ProblemOfEdit(const Edit& edit, const absl::Status& status) {
  const bool is_missing = absl::IsNotFound(status);
  return {.code = std::string(is_missing ? problem_code::kNoSuchNode : problem_code::kBadEdit),
          .path = PublicPath(edit.path),
          .value = {},
          .text = std::string(status.message()),
          .remedy = is_missing ? "look at what is there with: lockstepctl config show candidate"
                               : "correct the edit; completion shows what may follow"};
}

Problem CandidateProblem(const Operator& by, const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) {
    return {.code = std::string(problem_code::kTooManyCandidates),
            .path = {},
            .value = by.name,
            .text = std::string(status.message()),
            .remedy = "somebody who is done discards theirs with: lockstepctl config discard"};
  }
  return {.code = std::string(problem_code::kCandidateUnreadable),
          .path = {},
          .value = by.name,
          .text = absl::StrCat("your candidate cannot be read any more: ",
                               std::string(status.message())),
          .remedy = "discard it with: lockstepctl config discard"};
}

}  // namespace

// A copy of the caller's candidate with its trees, or a new one on running. The 65th is an error.
absl::StatusOr<EngineImpl::Candidate> EngineImpl::CandidateFor(const Operator& by) {
  const auto found = candidates_.find(by.user_id);
  if (found != candidates_.end()) {
    if (absl::Status status = LoadTrees(found->second); !status.ok()) return status;
    return found->second;
  }
  if (candidates_.size() >= kCandidatesMax) {
    const auto oldest = std::ranges::min_element(
        candidates_, {}, [](const auto& entry) { return entry.second.wall_ms; });
    return absl::ResourceExhaustedError(
        absl::StrCat("there are ", candidates_.size(), " candidates, at most ", kCandidatesMax,
                     " are kept; the one unused for longest is of ", oldest->second.by.name));
  }
  return Candidate{.by = by,
                   .base = running_,
                   .wall_ms = 0,
                   .rows = 0,
                   .generation = 0,
                   .base_tree = running_tree_,
                   .tree = running_tree_};
}

absl::Status EngineImpl::LoadTrees(Candidate& candidate) {
  if (candidate.tree.has_value()) return absl::OkStatus();
  const absl::StatusOr<StoreState> state = setup_.store->Read();
  if (!state.ok()) return state.status();
  const auto record = std::ranges::find_if(state->candidates, [&](const CandidateRecord& each) {
    return each.by.user_id == candidate.by.user_id;
  });
  if (record == state->candidates.end()) return absl::DataLossError(setup_.store->Warning());
  absl::StatusOr<Tree> base = TreeOf(candidate.base);
  if (!base.ok()) return base.status();
  absl::StatusOr<Tree> tree = base->Apply(record->edits);
  if (!tree.ok()) return tree.status();
  candidate.base_tree = *std::move(base);
  candidate.tree = *std::move(tree);
  return absl::OkStatus();
}

// Every edit that does not fit, each tried on what the good ones before it made.
Problems EngineImpl::EditProblems(const Tree& tree, std::span<const Edit> edits,
                                  const absl::Status& status) {
  Problems problems;
  Tree made = tree;
  for (const Edit& edit : edits) {
    absl::StatusOr<Tree> next = made.Apply({&edit, 1});
    if (next.ok()) {
      made = *std::move(next);
    } else {
      problems.Add(ProblemOfEdit(edit, next.status()));
    }
    if (problems.list.size() >= kProblemsMax) break;
  }
  if (problems.empty()) problems.Add(ProblemOfEdit(edits.front(), status));
  return problems;
}

// Persists the candidate with its new content. `edits`: from its tree if `append`, else from its
// base.
Problems EngineImpl::Keep(const Operator& by, Candidate candidate, Tree tree,
                          std::vector<Edit> edits, bool append, std::string_view action,
                          std::string detail) {
  const Now now = Time();
  if (append && candidate.rows >= kRowsMax) {
    edits = EditsOf(Diff(*candidate.base_tree, tree));
    append = false;
  }
  // The store may hold one of this operator that could not be read: nothing goes behind that.
  if (candidate.rows == 0) append = false;
  candidate.by = by;
  candidate.wall_ms = now.wall_ms;
  candidate.rows = append ? candidate.rows + 1 : 1;
  candidate.generation = ++generation_;
  candidate.tree = std::move(tree);
  Transaction transaction;
  transaction.audit = AuditOf(now, by, action, std::move(detail), "done");
  transaction.candidates.push_back({.record = {.by = by,
                                               .base = candidate.base,
                                               .wall_ms = now.wall_ms,
                                               .edits = std::move(edits)},
                                    .append = append});
  RenewLease(by, now, transaction);
  if (absl::Status status = WriteAndTake(transaction); !status.ok()) {
    return OneProblem(StoreProblem(status));
  }
  candidates_[by.user_id] = std::move(candidate);
  return {};
}

Problems EngineImpl::EditCandidate(const Operator& by, std::vector<Edit> edits) {
  if (edits.empty()) return {};
  const std::lock_guard lock(mutex_);
  if (edits.size() > kCandidateEditsMax) {
    return OneProblem(
        {.code = std::string(problem_code::kTooManyEdits),
         .path = {},
         .value = absl::StrCat(edits.size()),
         .text = absl::StrCat("at most ", kCandidateEditsMax, " edits are taken in one call"),
         .remedy = "make them in several calls"});
  }
  if (std::optional<Problem> problem = LockProblem(by, Time())) return OneProblem(*problem);
  absl::StatusOr<Candidate> candidate = CandidateFor(by);
  if (!candidate.ok()) return OneProblem(CandidateProblem(by, candidate.status()));
  absl::StatusOr<Tree> tree = candidate->tree->Apply(edits);
  if (!tree.ok()) return EditProblems(*candidate->tree, edits, tree.status());
  std::string detail = DetailOf(edits);
  return Keep(by, *std::move(candidate), *std::move(tree), std::move(edits), true, "edit",
              std::move(detail));
}

Problems EngineImpl::LoadCandidate(const Operator& by, std::string_view json, bool replace) {
  const absl::StatusOr<Tree> current = View(by, {.kind = ViewName::Kind::kCandidate});
  if (!current.ok()) return OneProblem(CandidateProblem(by, current.status()));
  Problems problems;
  std::vector<Edit> edits = setup_.judge->ReadJson(json, *current, problems);  // Takes its time.
  if (!problems.empty()) return problems;
  if (!replace) return EditCandidate(by, std::move(edits));
  const std::lock_guard lock(mutex_);
  if (std::optional<Problem> problem = LockProblem(by, Time())) return OneProblem(*problem);
  absl::StatusOr<Candidate> candidate = CandidateFor(by);
  if (!candidate.ok()) return OneProblem(CandidateProblem(by, candidate.status()));
  const Tree empty = setup_.store->EmptyTree();
  absl::StatusOr<Tree> tree = empty.Apply(edits);
  if (!tree.ok()) return EditProblems(empty, edits, tree.status());
  std::vector<Edit> difference = EditsOf(Diff(*candidate->base_tree, *tree));
  return Keep(by, *std::move(candidate), *std::move(tree), std::move(difference), false, "load",
              absl::StrCat(json.size(), " bytes of JSON"));
}

Problems EngineImpl::ResetCandidate(const Operator& by, const ViewName& to) {
  if (to.kind == ViewName::Kind::kCandidate) {
    return OneProblem({.code = std::string(problem_code::kBadOption),
                       .path = {},
                       .value = "candidate",
                       .text = "a candidate cannot be reset to itself",
                       .remedy = "name running, startup or a revision"});
  }
  const std::lock_guard lock(mutex_);
  const RevisionId revision = to.kind == ViewName::Kind::kRunning   ? running_
                              : to.kind == ViewName::Kind::kStartup ? startup_
                                                                    : to.revision;
  const absl::StatusOr<Tree> tree = TreeOf(revision);
  if (!tree.ok()) {
    return OneProblem({.code = std::string(problem_code::kNoSuchRevision),
                       .path = {},
                       .value = absl::StrCat(revision),
                       .text = std::string(tree.status().message()),
                       .remedy = "lockstepctl config history lists the revisions"});
  }
  const Now now = Time();
  if (tree->hash() == running_tree_->hash()) {  // Nothing of one's own: always allowed.
    if (!candidates_.contains(by.user_id)) return {};
    Transaction transaction;
    transaction.audit = AuditOf(now, by, "discard", "", "done");
    transaction.dropped_candidates.push_back(by.user_id);
    RenewLease(by, now, transaction);
    const absl::Status status = WriteAndTake(transaction);
    return status.ok() ? Problems{} : OneProblem(StoreProblem(status));
  }
  if (std::optional<Problem> problem = LockProblem(by, now)) return OneProblem(*problem);
  Candidate candidate = {.by = by,
                         .base = running_,
                         .wall_ms = 0,
                         .rows = 0,
                         .generation = 0,
                         .base_tree = running_tree_,
                         .tree = {}};
  if (!candidates_.contains(by.user_id)) {
    const absl::StatusOr<Candidate> fresh = CandidateFor(by);
    if (!fresh.ok()) return OneProblem(CandidateProblem(by, fresh.status()));
  }
  return Keep(by, std::move(candidate), *tree, EditsOf(Diff(*running_tree_, *tree)), false,
              "rollback", absl::StrCat("candidate := revision ", revision));
}

}  // namespace configsync
