// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/config/memory_store.h"

#include <algorithm>
#include <iterator>

#include "configsync/store/master_key.h"
#include "configsync/tree/edit_codec.h"

namespace configsync {

absl::Status MemoryStore::Write(const Transaction& transaction) {
  const std::lock_guard lock(mutex_);
  if (!fails_always.ok()) return fails_always;
  if (!fails_next.ok()) return std::exchange(fails_next, absl::OkStatus());
  if (transaction.revision.has_value()) {
    const RevisionInfo& info = transaction.revision->info;
    if (info.parent != state_.running || info.id != state_.running + 1) {
      return absl::AbortedError("the revision does not follow");
    }
    revisions_.emplace(info.id, *transaction.revision);
    state_.running = info.id;
  }
  ++writes;
  if (transaction.startup.has_value()) state_.startup = *transaction.startup;
  if (transaction.boot_id.has_value()) state_.boot_id = *transaction.boot_id;
  if (transaction.confirm.has_value()) state_.confirm = *transaction.confirm;
  if (transaction.lock.has_value()) state_.lock = *transaction.lock;
  if (transaction.ha_edit.has_value()) state_.ha_edit = *transaction.ha_edit;
  const auto drop = [&](std::uint32_t user_id) {
    std::erase_if(state_.candidates,
                  [&](const CandidateRecord& record) { return record.by.user_id == user_id; });
  };
  for (const std::uint32_t user_id : transaction.dropped_candidates) drop(user_id);
  for (const CandidateWrite& write : transaction.candidates) {
    CandidateRecord record = write.record;
    if (write.append) {
      const auto found = std::ranges::find_if(state_.candidates, [&](const auto& each) {
        return each.by.user_id == record.by.user_id;
      });
      if (found != state_.candidates.end()) {
        record.edits = found->edits;
        std::ranges::copy(write.record.edits, std::back_inserter(record.edits));
      }
    }
    drop(record.by.user_id);
    state_.candidates.push_back(std::move(record));
  }
  for (const auto& [name, value] : transaction.notes) {
    if (value.has_value()) {
      state_.notes[name] = *value;
    } else {
      state_.notes.erase(name);
    }
  }
  Append(transaction.audit);
  return absl::OkStatus();
}

// Not sealed: no secret of a test is one.
absl::StatusOr<std::string> MemoryStore::SealText(std::vector<Edit> edits) {
  return EncodeEdits(edits);
}

absl::StatusOr<std::vector<Edit>> MemoryStore::OpenText(std::string_view text) {
  return DecodeEdits(text, root_);
}

void MemoryStore::Append(AuditRecord audit) {
  ChainAudit(audit_.size(), audit_.empty() ? Hash{} : audit_.back().hash, audit);
  audit_.push_back(std::move(audit));
}

std::string MemoryStore::KeyFingerprint() {
  const absl::StatusOr<MasterKey> master = MasterKeyOf(key);
  return master.ok() ? master->fingerprint : key;
}

void MemoryStore::SetKey(std::string_view text) {
  const Tree before(root_, key_);
  const absl::StatusOr<MasterKey> master = MasterKeyOf(text);
  key = text;
  key_ = master.ok() ? master->hashing : SecretKey{};
  for (auto& [id, draft] : revisions_) {
    draft.tree = *Tree(root_, key_).Apply(EditsOf(Diff(before, draft.tree)));
    draft.info.hash = draft.tree.hash();
  }
}

absl::Status MemoryStore::ChangeMasterKey(std::string_view old_key, std::string_view new_key,
                                          const AuditRecord& audit) {
  if (old_key != key) return absl::PermissionDeniedError("the old master key is not the one");
  SetKey(new_key);
  Append(audit);
  return absl::OkStatus();
}

}  // namespace configsync
