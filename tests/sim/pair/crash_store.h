// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The store of a simulated node: one in memory, which outlives it, behind a door at which the node
// can die, before or after each write. Secrets are sealed as in the real one.
//
// Threads: one.

#pragma once

#include <functional>
#include <string>
#include <utility>

#include "configsync/store/seal.h"
#include "tests/sim/config/memory_store.h"

namespace configsync {

class CrashStore final : public Store {
 public:
  // `point`: here somebody may die; false: this node is dead. `wrote`: a transaction is durable.
  struct Hooks {
    std::function<bool()> point;
    std::function<void(const Tree& before, const Transaction& transaction)> wrote;
    std::function<void(Transaction& transaction)> spoils;  // A planted break; may be empty.
  };
  CrashStore(const SchemaNode& root, Hooks hooks);

  absl::StatusOr<StoreState> Read() override { return durable_.Read(); }
  absl::StatusOr<Tree> LoadTree(RevisionId revision) override {
    return durable_.LoadTree(revision);
  }
  absl::StatusOr<std::vector<RevisionInfo>> History(std::size_t limit) override {
    return durable_.History(limit);
  }
  absl::StatusOr<std::vector<AuditRecord>> Audit(std::size_t limit) override {
    return durable_.Audit(limit);
  }
  absl::Status Write(const Transaction& transaction) override;
  std::string Warning() override { return {}; }
  absl::StatusOr<StoreReport> Verify() override { return durable_.Verify(); }
  absl::StatusOr<std::string> SealText(std::vector<Edit> edits) override;
  absl::StatusOr<std::vector<Edit>> OpenText(std::string_view text) override;
  Tree EmptyTree() override { return durable_.EmptyTree(); }
  std::string KeyFingerprint() override { return durable_.KeyFingerprint(); }
  absl::Status ChangeMasterKey(std::string_view, std::string_view, const AuditRecord&) override {
    return absl::UnimplementedError("not in this simulation");
  }

  // From here on the disk is full.
  void SetFull(bool is_full) { is_full_ = is_full; }
  bool seals_nothing = false;  // A planted break.

 private:
  const SchemaNode& root_;
  Hooks hooks_;
  MemoryStore durable_;
  Sealer sealer_;
  bool is_full_ = false;
};

}  // namespace configsync
