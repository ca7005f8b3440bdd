// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// An engine that remembers what it was asked, and a text of one leaf: the service's own work is
// what the tests look at.

#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "configsync/admin/schema_text.h"
#include "configsync/engine/engine.h"

namespace configsync {

// A schema of /name, a string.
inline const SchemaNode& FakeRoot() {
  static const SchemaNode* const root = [] {
    auto* const top = new SchemaNode;
    top->path = "/";
    auto* const leaf = new SchemaNode;
    leaf->kind = NodeKind::kLeaf;
    leaf->name = "name";
    leaf->path = "/name";
    leaf->parent = top;
    leaf->index = 1;
    top->children = {leaf};
    return top;
  }();
  return *root;
}

inline Tree FakeTree(const std::string& name = "") {
  const Tree empty(FakeRoot(), SecretKey{});
  if (name.empty()) {
    return empty;
  }
  const Edit edit{.op = EditOp::kSet, .path = {{FakeRoot().children[0], {}}}, .value = name};
  return empty.Apply({&edit, 1}).value();
}

class FakeText final : public SchemaText {
 public:
  const SchemaNode& root() const override { return FakeRoot(); }
  std::string digest() const override { return "digest"; }
  std::optional<Path> ReadPath(std::span<const std::string> words,
                               Problems& problems) const override {
    if (words.empty()) {
      return Path{};
    }
    if (words[0] != "name") {
      problems.Add({"UNKNOWN_PATH", "/", words[0], "there is no such node", "name"});
      return std::nullopt;
    }
    return Path{{FakeRoot().children[0], {}}};
  }
  std::optional<Edit> ReadEdit(EditOp op, std::span<const std::string> words,
                               Problems& problems) const override {
    const std::optional<Path> path = ReadPath(words.first(words.empty() ? 0 : 1), problems);
    if (!path.has_value()) {
      return std::nullopt;
    }
    return Edit{.op = op, .path = *path, .value = words.size() > 1 ? words[1] : ""};
  }
  std::string Json(const Tree& tree, const Path&) const override {
    const Node* const name = tree.Find({{FakeRoot().children[0], {}}});
    return name == nullptr ? "{}" : "{\"name\":\"" + std::string(name->value()) + "\"}";
  }
  std::string Commands(const Tree& tree, const Path& at) const override {
    return "set " + Json(tree, at) + "\n";
  }
  std::string Printed(const Node& node) const override { return std::string(node.value()); }
  std::vector<WordChoice> Complete(const Tree&, std::string_view verb,
                                   std::span<const std::string> words,
                                   std::string_view partial) const override {
    return {
        {std::string(partial) + "me", std::string(verb) + std::to_string(words.size()), "leaf"}};
  }
};

class FakeEngine final : public ConfigEngine {
 public:
  std::function<void()> on_commit = [] {};
  std::optional<Tree> running;         // Else one of FakeRoot().
  std::vector<RemoteOutcome> remotes;  // Of each commit.
  std::string last_audit;              // Detail of the last WriteAudit().

  std::vector<std::string> calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

  absl::StatusOr<Tree> View(const Operator&, const ViewName& view) override {
    if (view.kind == ViewName::Kind::kRevision && view.revision > 9) {
      return absl::NotFoundError("revision 10: never was");
    }
    if (running.has_value()) return *running;
    return FakeTree(view.kind == ViewName::Kind::kCandidate ? "candidate" : "running");
  }
  EngineStatus Status() override {
    EngineStatus status;
    status.running = 7;
    status.startup = 6;
    status.running_hash = "aa";
    status.lock = LockHolder{{5, "eve"}, 30};
    status.follow = {FollowState::kRefused, 6, "no port"};
    return status;
  }
  absl::StatusOr<std::vector<RevisionInfo>> History(std::size_t limit) override {
    return std::vector<RevisionInfo>(std::min<std::size_t>(limit, 3));
  }
  absl::StatusOr<std::vector<AuditRecord>> Audit(std::size_t) override {
    AuditRecord record;
    record.sequence = 9;
    record.by = {5, "eve"};
    record.action = "commit";
    record.outcome = "refused";
    return std::vector<AuditRecord>{record};
  }
  Problems EditCandidate(const Operator& by, std::vector<Edit> edits) override {
    Note("edit " + std::to_string(edits.size()) + " " + edits[0].value, by);
    return {};
  }
  Problems LoadCandidate(const Operator& by, std::string_view json, bool replace) override {
    Note("load " + std::to_string(json.size()) + (replace ? " replace" : " merge"), by);
    return {};
  }
  Problems ResetCandidate(const Operator& by, const ViewName& to) override {
    Note("reset " + std::to_string(to.revision), by);
    return {};
  }
  CommitOutcome Commit(const Operator& by, const CommitOptions& options) override {
    Note("commit " + options.comment, by);
    on_commit();
    CommitOutcome outcome;
    outcome.committed = !options.check_only;
    outcome.revision = 8;
    outcome.remotes = remotes;
    outcome.changes = Diff(FakeTree("running"), FakeTree("candidate"));
    return outcome;
  }
  absl::Status Confirm(const Operator& by) override { return Noted("confirm", by); }
  absl::Status Save(const Operator& by) override { return Noted("save", by); }
  absl::Status Lock(const Operator& by, std::uint32_t lease_s) override {
    return Noted("lock " + std::to_string(lease_s), by);
  }
  absl::Status Unlock(const Operator& by, bool force) override {
    return Noted(force ? "unlock force" : "unlock", by);
  }
  CommitOutcome BeginHaEdit(const Operator& by, std::uint32_t for_s) override {
    Note("begin " + std::to_string(for_s), by);
    return {};
  }
  CommitOutcome EndHaEdit(const Operator& by) override {
    Note("end", by);
    return {};
  }
  absl::StatusOr<StoreReport> VerifyStore() override {
    return StoreReport{.revisions = 1, .audit_records = 2, .faults = {"page 3"}};
  }
  absl::Status ChangeMasterKey(const Operator& by, std::string_view old_key,
                               std::string_view new_key) override {
    return Noted("key " + std::to_string(old_key.size()) + " " + std::to_string(new_key.size()),
                 by);
  }
  std::map<std::string, std::string> ReadNotes() override { return {}; }
  absl::Status WriteNotes(const Operator& by, std::string_view, std::string,
                          const Notes&) override {
    return Noted("notes", by);
  }
  absl::Status WriteAudit(const Operator& by, std::string_view action, std::string detail,
                          std::string_view outcome) override {
    last_audit = detail;
    return Noted("audit " + std::string(action) + " " + std::string(outcome), by);
  }
  CommitOutcome CommitDraft(const PeerDraft& draft) override {
    Note("draft " + draft.comment, draft.by);
    return {};
  }
  std::pair<RevisionId, Tree> Running() override {
    return {7, running.value_or(FakeTree("running"))};
  }
  void SetGate(PairGate*) override {}
  std::uint32_t Tick() override { return 1'000; }

 private:
  void Note(const std::string& call, const Operator& by) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(call + " by " + std::to_string(by.user_id));
  }
  absl::Status Noted(const std::string& call, const Operator& by) {
    Note(call, by);
    return absl::OkStatus();
  }
  std::mutex mutex_;
  std::vector<std::string> calls_;
};

}  // namespace configsync
