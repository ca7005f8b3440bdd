// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A store in memory: what the engine needs and no more. It outlives engines, and may refuse or
// fail at the next write.
//
// Threads: thread-safe, but for its members, which are for before and after.

#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "configsync/store/audit.h"
#include "configsync/store/store.h"

namespace configsync {

// Not copied with what it guards: the copy has one of its own.
class CopiedMutex {
 public:
  CopiedMutex() = default;
  CopiedMutex(const CopiedMutex&) {}
  CopiedMutex& operator=(const CopiedMutex&) { return *this; }
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(const SchemaNode& root) : root_(root) {}
  MemoryStore(const MemoryStore&) = default;  // All of it: trees are shared.

  absl::StatusOr<StoreState> Read() override {
    const std::lock_guard lock(mutex_);
    return state_;
  }
  absl::StatusOr<Tree> LoadTree(RevisionId revision) override {
    const std::lock_guard lock(mutex_);
    const auto found = revisions_.find(revision);
    if (found == revisions_.end()) return absl::NotFoundError("no such revision");
    return found->second.tree;
  }
  absl::StatusOr<std::vector<RevisionInfo>> History(std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    std::vector<RevisionInfo> history;
    for (auto it = revisions_.rbegin(); it != revisions_.rend() && history.size() < limit; ++it) {
      history.push_back(it->second.info);
    }
    return history;
  }
  absl::StatusOr<std::vector<AuditRecord>> Audit(std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    const std::size_t count = std::min(limit, audit_.size());
    return std::vector<AuditRecord>(audit_.rbegin(),
                                    audit_.rbegin() + static_cast<std::ptrdiff_t>(count));
  }
  absl::Status Write(const Transaction& transaction) override;
  std::string Warning() override { return warning; }
  absl::StatusOr<StoreReport> Verify() override { return StoreReport{}; }
  absl::StatusOr<std::string> SealText(std::vector<Edit> edits) override;
  absl::StatusOr<std::vector<Edit>> OpenText(std::string_view text) override;
  Tree EmptyTree() override {
    const std::lock_guard lock(mutex_);
    return {root_, key_};
  }
  std::string KeyFingerprint() override;
  absl::Status ChangeMasterKey(std::string_view old_key, std::string_view new_key,
                               const AuditRecord& audit) override;
  // As history does with what is old, whatever a note says.
  void Forget(RevisionId revision) {
    const std::lock_guard lock(mutex_);
    revisions_.erase(revision);
  }
  // As if it had been made with this one. A text that is no master key makes hashes as with none.
  void SetKey(std::string_view text);

  absl::Status fails_next;  // Not ok: the next write says so, and nothing happens.
  absl::Status fails_always;
  std::string warning;
  std::string key = "old-key";
  int writes = 0;

 private:
  const SchemaNode& root_;
  void Append(AuditRecord audit);
  CopiedMutex mutex_;  // Guards what follows.
  SecretKey key_{};
  StoreState state_;
  std::map<RevisionId, RevisionDraft> revisions_;
  std::vector<AuditRecord> audit_;
};

}  // namespace configsync
