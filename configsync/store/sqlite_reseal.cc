// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A change of the master key. Both keys lie in the folder until the transaction that seals
// everything under the new one is durable; its check value says which of them counts.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/store/sqlite_impl.h"
#include "configsync/store/sqlite_rows.h"

namespace configsync {
absl::Status SqliteStore::ChangeMasterKey(std::string_view old_key, std::string_view new_key,
                                          const AuditRecord& audit) {
  const std::lock_guard lock(mutex_);
  if (!failed_.ok()) return failed_;
  const absl::StatusOr<MasterKey> old = MasterKeyOf(old_key);
  if (!old.ok() || old->fingerprint != key_->fingerprint) {
    return absl::PermissionDeniedError(
        absl::StrCat("the old master key is not the one with fingerprint ", key_->fingerprint,
                     "; it is in ", files_->folder(), "/", kKeyName));
  }
  const absl::StatusOr<MasterKey> fresh = MasterKeyOf(new_key);
  if (!fresh.ok()) return fresh.status();
  if (fresh->fingerprint == key_->fingerprint) {
    return absl::InvalidArgumentError("the new master key is the old one; give another one");
  }
  absl::Status status =
      WriteDurably(*files_, kNextKeyName, absl::StrCat(std::string(new_key), "\n"));
  if (status.ok()) status = Transact(audit, [&] { return Reseal(*fresh); });
  if (!status.ok()) {
    // Unless nobody knows which of the two counts.
    if (failed_.ok()) (void)files_->Remove(kNextKeyName);
    return status;
  }
  key_ = *fresh;
  sealer_.emplace(*fresh);
  // A crash, or an error, leaves both: the next start takes the one that fits.
  status = files_->Rename(kNextKeyName, kKeyName);
  if (status.ok()) status = files_->SyncFolder();
  Warn("key", status.ok() ? ""
                          : absl::StrCat("the new master key is still in ", kNextKeyName, ": ",
                                         std::string(status.message())));
  return absl::OkStatus();
}

absl::Status SqliteStore::Reseal(const MasterKey& fresh) {
  absl::Status status = ResealRevisions(fresh);
  if (status.ok()) status = ResealCandidates(Sealer(fresh));
  if (status.ok()) status = SetMeta("key_check", fresh.fingerprint);
  return status;
}

// Each revision is read under the old key, proven by its hash, and written under the new one.
absl::Status SqliteStore::ResealRevisions(const MasterKey& fresh) {
  const Sealer sealer(fresh);
  std::optional<Tree> old_tree, new_tree;  // Of the last revision.
  Statement ids(*database_, "SELECT id FROM revisions ORDER BY id");
  std::vector<RevisionId> order;
  while (ids.Next()) order.push_back(ids.Unsigned(0));
  if (!ids.status().ok()) return ids.status();
  for (const RevisionId id : order) {
    Statement row(*database_, "SELECT hash, is_snapshot, body FROM revisions WHERE id = ?");
    row.Bind(id);
    if (!row.Next()) return row.status();
    if (row.Number(1) != 0) {
      old_tree.emplace(root_, key_->hashing);
      new_tree.emplace(root_, fresh.hashing);
    }
    const absl::StatusOr<std::vector<Edit>> edits = EditsOfBody(row.Bytes(2), *sealer_);
    absl::StatusOr<Tree> next = absl::DataLossError("the revision it builds on is missing");
    if (old_tree.has_value()) next = edits.ok() ? old_tree->Apply(*edits) : edits.status();
    if (!next.ok() || next->hash() != HashOf(row.Bytes(0))) {
      return absl::DataLossError(absl::StrCat(
          database_->path(), ": revision ", id,
          " is damaged, so nothing is sealed anew; look with: lockstepctl config verify"));
    }
    old_tree = *std::move(next);
    absl::StatusOr<Tree> renewed = new_tree->Apply(*edits);
    if (!renewed.ok()) return renewed.status();
    new_tree = *std::move(renewed);
    const absl::StatusOr<std::string> body = BodyOf(*edits, sealer);
    if (!body.ok()) return body.status();
    const std::string_view hash(reinterpret_cast<const char*>(new_tree->hash().bytes.data()),
                                new_tree->hash().bytes.size());
    Statement write(*database_, "UPDATE revisions SET hash = ?, body = ? WHERE id = ?");
    write.BindBlob(hash).BindBlob(*body).Bind(id);
    if (absl::Status status = write.Finish(); !status.ok()) return status;
    head_.running_hash = new_tree->hash();
  }
  return absl::OkStatus();
}

absl::Status SqliteStore::ResealCandidates(const Sealer& fresh) {
  struct Key {
    std::int64_t user_id, sequence;
    std::string body;
  };
  std::vector<Key> rows;
  Statement row(*database_, "SELECT user_id, sequence, body FROM candidate_edits");
  while (row.Next()) rows.push_back({row.Number(0), row.Number(1), row.Bytes(2)});
  if (!row.status().ok()) return row.status();
  for (const Key& key : rows) {
    absl::StatusOr<std::vector<Edit>> edits = EditsOfBody(key.body, *sealer_);
    if (!edits.ok()) return edits.status();
    const absl::StatusOr<std::string> body = BodyOf(*std::move(edits), fresh);
    if (!body.ok()) return body.status();
    Statement write(*database_,
                    "UPDATE candidate_edits SET body = ? WHERE user_id = ? AND sequence = ?");
    write.BindBlob(*body).Bind(key.user_id).Bind(key.sequence);
    if (absl::Status status = write.Finish(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace configsync
