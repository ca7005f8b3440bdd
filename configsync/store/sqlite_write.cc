// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/store/audit.h"
#include "configsync/store/sqlite_impl.h"
#include "configsync/tree/edit_codec.h"

namespace configsync {
namespace {

constexpr std::uint64_t kAuditPrunedAtOnce = 1'000;

std::string_view View(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()};
}

}  // namespace

absl::Status SqliteStore::Write(const Transaction& transaction) {
  const std::lock_guard lock(mutex_);
  return Transact(transaction.audit, [&] { return WriteParts(transaction); });
}

absl::Status SqliteStore::Transact(AuditRecord audit, const std::function<absl::Status()>& body) {
  if (!failed_.ok()) return failed_;
  const Head before = head_;
  ChainAudit(head_.audit_sequence, head_.audit_hash, audit);
  absl::Status status = database_->Run("BEGIN IMMEDIATE");
  if (status.ok()) status = body();
  if (status.ok()) status = AddAudit(audit);
  if (status.ok()) status = database_->Run("COMMIT");
  if (!status.ok()) {
    head_ = before;
    (void)database_->Run("ROLLBACK");  // SQLite may have done so already.
    if (database_->is_broken()) {
      failed_ = absl::UnavailableError(absl::StrCat(
          "the store failed and writes nothing more until lockstep-configd is started again: ",
          std::string(status.message())));
      return failed_;
    }
    return status;
  }
  head_.audit_sequence = audit.sequence;
  head_.audit_hash = audit.hash;
  // It has happened: what goes wrong now is no error of this transaction. The next one tries again.
  const absl::Status second = WriteHeads();
  Warn("heads", second.ok()
                    ? ""
                    : absl::StrCat("the second place is behind: ", std::string(second.message())));
  return absl::OkStatus();
}

absl::Status SqliteStore::WriteParts(const Transaction& transaction) {
  absl::Status status;
  if (transaction.revision.has_value()) status = AddRevision(*transaction.revision);
  if (status.ok() && transaction.startup.has_value()) {
    status = SetMeta("startup", absl::StrCat(*transaction.startup));
  }
  if (status.ok() && transaction.boot_id.has_value()) {
    status = SetMeta("boot_id", *transaction.boot_id);
  }
  if (status.ok()) status = WriteTimers(transaction);
  for (const std::uint32_t user_id : transaction.dropped_candidates) {
    if (!status.ok()) break;
    Statement drop(*database_, "DELETE FROM candidates WHERE user_id = ?");
    drop.Bind(user_id);
    status = drop.Finish();
  }
  for (const CandidateWrite& write : transaction.candidates) {
    if (status.ok()) status = WriteCandidate(write);
  }
  if (status.ok()) status = WriteNotes(transaction);
  if (status.ok() && transaction.revision.has_value()) status = PruneRevisions();
  return status;
}

absl::Status SqliteStore::SetMeta(const char* key, std::string_view value) {
  Statement statement(*database_,
                      "INSERT INTO meta (key, value) VALUES (?, ?) "
                      "ON CONFLICT (key) DO UPDATE SET value = excluded.value");
  statement.Bind(std::string_view(key)).BindBlob(value);
  return statement.Finish();
}

absl::StatusOr<std::string> SqliteStore::BodyOf(std::vector<Edit> edits, const Sealer& sealer) {
  if (absl::Status status = sealer.SealEdits(edits); !status.ok()) return status;
  return EncodeEdits(edits);
}

absl::Status SqliteStore::AddRevision(const RevisionDraft& draft) {
  const RevisionInfo& info = draft.info;
  if (info.parent != head_.running || info.id != head_.running + 1) {
    return absl::AbortedError(absl::StrCat("revision ", info.id, " follows ", info.parent,
                                           ", but running is ", head_.running,
                                           " by now; try the commit again"));
  }
  std::uint64_t depth = 0, chain_bytes = 0, snapshot_bytes = 0;
  Statement parent(*database_,
                   "SELECT depth, chain_bytes, snapshot_bytes FROM revisions WHERE id = ?");
  parent.Bind(info.parent);
  const bool has_parent = parent.Next();
  if (!parent.status().ok()) return parent.status();
  if (has_parent) {
    depth = parent.Unsigned(0) + 1;
    chain_bytes = parent.Unsigned(1);
    snapshot_bytes = parent.Unsigned(2);
  }
  absl::StatusOr<std::string> body = BodyOf(draft.edits, *sealer_);
  if (!body.ok()) return body.status();
  chain_bytes += body->size();
  const bool is_snapshot = !has_parent || depth >= options_.snapshot_every ||
                           chain_bytes > std::max(snapshot_bytes, options_.snapshot_bytes_min);
  if (is_snapshot) {
    body = BodyOf(EditsOf(Diff(Tree(root_, key_->hashing), draft.tree)), *sealer_);
    if (!body.ok()) return body.status();
    depth = 0;
    chain_bytes = 0;
    snapshot_bytes = body->size();
  }
  Statement insert(*database_,
                   "INSERT INTO revisions (id, parent, wall_ms, user_id, author, origin, comment, "
                   "change_count, hash, is_snapshot, depth, chain_bytes, snapshot_bytes, body) "
                   "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.Bind(info.id).Bind(info.parent).Bind(info.wall_ms).Bind(info.author.user_id);
  insert.Bind(std::string_view(info.author.name)).Bind(std::string_view(info.origin));
  insert.Bind(std::string_view(info.comment)).Bind(info.change_count);
  insert.BindBlob(View(draft.tree.hash())).Bind(is_snapshot);
  insert.Bind(depth).Bind(chain_bytes).Bind(snapshot_bytes).BindBlob(*body);
  absl::Status status = insert.Finish();
  if (status.ok()) status = SetMeta("running", absl::StrCat(info.id));
  if (!status.ok()) return status;
  head_.running = info.id;
  head_.running_hash = draft.tree.hash();
  return absl::OkStatus();
}

absl::Status SqliteStore::WriteTimers(const Transaction& transaction) {
  const auto write = [&](std::string_view kind, const Operator& by, const Deadline& deadline,
                         const ConfirmRecord* confirm) {
    Statement insert(
        *database_,
        confirm == nullptr
            ? "INSERT OR REPLACE INTO timers (kind, user_id, name, boot_id, boot_ms, wall_ms, "
              "span_ms, is_saved, is_ha_edit_open) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)"
            : "INSERT OR REPLACE INTO timers (kind, user_id, name, boot_id, boot_ms, wall_ms, "
              "span_ms, revision, back_to, is_saved, is_ha_edit_open) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    insert.Bind(kind).Bind(by.user_id).Bind(std::string_view(by.name));
    insert.Bind(std::string_view(deadline.boot_id)).Bind(deadline.boot_ms);
    insert.Bind(deadline.wall_ms).Bind(deadline.span_ms);
    if (confirm != nullptr) {
      insert.Bind(confirm->revision).Bind(confirm->back_to);
      insert.Bind(confirm->save).Bind(confirm->ha_edit_open);
    }
    return insert.Finish();
  };
  const auto clear = [&](std::string_view kind) {
    Statement drop(*database_, "DELETE FROM timers WHERE kind = ?");
    drop.Bind(kind);
    return drop.Finish();
  };
  absl::Status status;
  if (const auto& confirm = transaction.confirm; confirm.has_value()) {
    status = confirm->has_value()
                 ? write("confirm", (*confirm)->by, (*confirm)->deadline, &**confirm)
                 : clear("confirm");
  }
  if (const auto& lock = transaction.lock; status.ok() && lock.has_value()) {
    status =
        lock->has_value() ? write("lock", (*lock)->by, (*lock)->deadline, nullptr) : clear("lock");
  }
  if (const auto& edit = transaction.ha_edit; status.ok() && edit.has_value()) {
    status = edit->has_value() ? write("ha-edit", (*edit)->by, (*edit)->deadline, nullptr)
                               : clear("ha-edit");
  }
  return status;
}

absl::Status SqliteStore::WriteCandidate(const CandidateWrite& write) {
  const CandidateRecord& record = write.record;
  absl::Status status;
  if (!write.append) {
    Statement drop(*database_, "DELETE FROM candidates WHERE user_id = ?");
    drop.Bind(record.by.user_id);
    status = drop.Finish();
  }
  if (!status.ok()) return status;
  Statement row(*database_,
                "INSERT INTO candidates (user_id, name, base, wall_ms) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (user_id) DO UPDATE SET wall_ms = excluded.wall_ms");
  row.Bind(record.by.user_id).Bind(std::string_view(record.by.name));
  row.Bind(record.base).Bind(record.wall_ms);
  status = row.Finish();
  if (!status.ok() || record.edits.empty()) return status;
  const absl::StatusOr<std::string> body = BodyOf(record.edits, *sealer_);
  if (!body.ok()) return body.status();
  Statement edits(*database_,
                  "INSERT INTO candidate_edits (user_id, sequence, body) VALUES (?1, "
                  "(SELECT coalesce(max(sequence), 0) + 1 FROM candidate_edits "
                  "WHERE user_id = ?1), ?2)");
  edits.Bind(record.by.user_id).BindBlob(*body);
  return edits.Finish();
}

absl::Status SqliteStore::AddAudit(const AuditRecord& record) {
  Statement insert(*database_,
                   "INSERT INTO audit (sequence, wall_ms, user_id, name, action, detail, outcome, "
                   "previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.Bind(record.sequence).Bind(record.wall_ms).Bind(record.by.user_id);
  insert.Bind(std::string_view(record.by.name)).Bind(std::string_view(record.action));
  insert.Bind(std::string_view(record.detail)).Bind(std::string_view(record.outcome));
  insert.BindBlob(View(record.previous)).BindBlob(View(record.hash));
  const absl::Status status = insert.Finish();
  return status.ok() ? PruneAudit(record.sequence) : status;
}

// The oldest record that is left says by its `previous` where the chain was cut.
absl::Status SqliteStore::PruneAudit(std::uint64_t sequence) {
  if (sequence <= options_.audit_records || sequence % kAuditPrunedAtOnce != 0) {
    return absl::OkStatus();
  }
  Statement prune(*database_, "DELETE FROM audit WHERE sequence <= ?");
  prune.Bind(sequence - options_.audit_records);
  return prune.Finish();
}

// Forgets revisions that are too old, apart from those that somebody points to (also a note of the
// name keep/N), and what these are built on.
absl::Status SqliteStore::PruneRevisions() {
  if (head_.running <= options_.history_revisions) return absl::OkStatus();
  Statement prune(
      *database_,
      "WITH pins (id) AS ("
      "  VALUES (?1) UNION SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM meta "
      "  WHERE key = 'startup' "
      "  UNION SELECT back_to FROM timers WHERE back_to IS NOT NULL "
      "  UNION SELECT revision FROM timers WHERE revision IS NOT NULL "
      "  UNION SELECT base FROM candidates "
      "  UNION SELECT CAST(substr(name, 6) AS INTEGER) FROM notes WHERE name LIKE 'keep/%'), "
      "ranges (first, last) AS ("
      "  SELECT (SELECT max(r.id) FROM revisions r WHERE r.id <= p.id AND r.is_snapshot = 1), "
      "  CASE WHEN p.id = ?1 THEN ?2 ELSE p.id END FROM pins p) "
      "DELETE FROM revisions WHERE id < ?1 AND NOT EXISTS ("
      "  SELECT 1 FROM ranges WHERE revisions.id BETWEEN first AND last)");
  prune.Bind(head_.running - options_.history_revisions + 1).Bind(head_.running);
  return prune.Finish();
}

absl::Status SqliteStore::WriteHeads() {
  return second_place_.Write({.generation = 0,
                              .audit_sequence = head_.audit_sequence,
                              .audit_hash = head_.audit_hash,
                              .revision = head_.running,
                              .revision_hash = head_.running_hash});
}

}  // namespace configsync
