// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "configsync/store/sqlite_impl.h"
#include "configsync/store/sqlite_rows.h"
#include "configsync/tree/edit_codec.h"

namespace configsync {
namespace {

constexpr std::int64_t LimitOf(std::size_t limit) {
  return static_cast<std::int64_t>(std::min<std::size_t>(limit, 1'000'000));
}

}  // namespace

absl::StatusOr<std::optional<std::string>> SqliteStore::Meta(const char* key) {
  Statement statement(*database_, "SELECT value FROM meta WHERE key = ?");
  statement.Bind(std::string_view(key));
  if (statement.Next()) return std::optional(statement.Bytes(0));
  if (!statement.status().ok()) return statement.status();
  return std::optional<std::string>();
}

absl::StatusOr<RevisionId> SqliteStore::Pointer(const char* key) {
  const absl::StatusOr<std::optional<std::string>> text = Meta(key);
  if (!text.ok()) return text.status();
  RevisionId revision = 0;
  if (text->has_value() && !absl::SimpleAtoi(**text, &revision)) {
    return absl::DataLossError(
        absl::StrCat(database_->path(), ": the pointer ", key,
                     " is no number; put the state folder back from a copy"));
  }
  return revision;
}

absl::StatusOr<StoreState> SqliteStore::Read() {
  const std::lock_guard lock(mutex_);
  StoreState state;
  const absl::StatusOr<RevisionId> running = Pointer("running");
  const absl::StatusOr<RevisionId> startup = Pointer("startup");
  const absl::StatusOr<std::optional<std::string>> boot_id = Meta("boot_id");
  for (const absl::Status& status : {running.status(), startup.status(), boot_id.status()}) {
    if (!status.ok()) return status;
  }
  state.running = *running;
  state.startup = *startup;
  state.boot_id = boot_id->value_or("");
  absl::Status status = ReadTimers(state);
  if (status.ok()) status = ReadCandidates(state);
  if (status.ok()) status = ReadNotes(state);
  if (!status.ok()) return status;
  return state;
}

absl::Status SqliteStore::ReadTimers(StoreState& state) {
  Statement row(*database_,
                "SELECT kind, user_id, name, boot_id, boot_ms, wall_ms, span_ms, revision, "
                "back_to, is_saved, is_ha_edit_open FROM timers");
  while (row.Next()) {
    const std::string kind = row.Bytes(0);
    const Operator by = {.user_id = static_cast<std::uint32_t>(row.Number(1)),
                         .name = row.Bytes(2)};
    const Deadline deadline = {.boot_id = row.Bytes(3),
                               .boot_ms = row.Number(4),
                               .wall_ms = row.Number(5),
                               .span_ms = row.Number(6)};
    if (kind == "confirm") {
      state.confirm = ConfirmRecord{.revision = row.Unsigned(7),
                                    .back_to = row.Unsigned(8),
                                    .deadline = deadline,
                                    .by = by,
                                    .save = row.Number(9) != 0,
                                    .ha_edit_open = row.Number(10) != 0};
    } else if (kind == "lock") {
      state.lock = LockRecord{.by = by, .deadline = deadline};
    } else {
      state.ha_edit = HaEditRecord{.by = by, .deadline = deadline};
    }
  }
  return row.status();
}

// A candidate that cannot be read is a warning: it changes nothing, and the start must not fail
// for it.
absl::Status SqliteStore::ReadCandidates(StoreState& state) {
  Statement row(*database_, "SELECT user_id, name, base, wall_ms FROM candidates ORDER BY user_id");
  while (row.Next()) {
    CandidateRecord record = {
        .by = {.user_id = static_cast<std::uint32_t>(row.Number(0)), .name = row.Bytes(1)},
        .base = row.Unsigned(2),
        .wall_ms = row.Number(3),
        .edits = {}};
    Statement body(*database_,
                   "SELECT body FROM candidate_edits WHERE user_id = ? ORDER BY sequence");
    body.Bind(record.by.user_id);
    absl::Status status;
    while (status.ok() && body.Next()) {
      absl::StatusOr<std::vector<Edit>> edits = EditsOfBody(body.Bytes(0), *sealer_);
      status = edits.status();
      if (edits.ok()) std::ranges::move(*edits, std::back_inserter(record.edits));
    }
    if (!body.status().ok()) return body.status();
    if (status.ok()) {
      state.candidates.push_back(std::move(record));
    } else {
      Warn("candidate", absl::StrCat("the candidate of ", record.by.name,
                                     " cannot be read: ", std::string(status.message())));
    }
  }
  return row.status();
}

absl::StatusOr<std::vector<Edit>> SqliteStore::EditsOfBody(std::string_view body,
                                                           const Sealer& sealer) {
  absl::StatusOr<std::vector<Edit>> edits = DecodeEdits(body, root_);
  if (!edits.ok()) return edits.status();
  if (absl::Status status = sealer.OpenEdits(*edits); !status.ok()) return status;
  return edits;
}

absl::StatusOr<Tree> SqliteStore::LoadTree(RevisionId revision) {
  const std::lock_guard lock(mutex_);
  return LoadLocked(revision);
}

// Back to the snapshot, then forward again.
absl::StatusOr<Tree> SqliteStore::LoadLocked(RevisionId revision) {
  const auto fault = [&](std::string_view text) {
    return absl::DataLossError(absl::StrCat(database_->path(), ": revision ", revision, ": ",
                                            std::string(text),
                                            "; put the state folder back from a copy"));
  };
  std::vector<std::string> bodies;
  std::optional<Hash> hash;
  bool is_whole = false;
  Statement row(*database_,
                "SELECT id, hash, is_snapshot, body FROM revisions WHERE id <= ? "
                "ORDER BY id DESC");
  row.Bind(revision);
  for (RevisionId expected = revision; !is_whole && row.Next(); --expected) {
    if (row.Unsigned(0) != expected) break;
    if (!hash.has_value()) hash = HashOf(row.Bytes(1));
    bodies.push_back(row.Bytes(3));
    is_whole = row.Number(2) != 0;
  }
  if (!row.status().ok()) return row.status();
  if (!hash.has_value()) {
    return absl::NotFoundError(absl::StrCat("revision ", revision,
                                            ": there is none with this number, or it is too old; "
                                            "config history lists them"));
  }
  if (!is_whole) return fault("a revision before it, which it builds on, is missing");
  Tree tree(root_, key_->hashing);
  for (auto body = bodies.rbegin(); body != bodies.rend(); ++body) {
    const absl::StatusOr<std::vector<Edit>> edits = EditsOfBody(*body, *sealer_);
    if (!edits.ok()) return fault(std::string(edits.status().message()));
    absl::StatusOr<Tree> next = tree.Apply(*edits);
    if (!next.ok()) return fault(std::string(next.status().message()));
    tree = *std::move(next);
  }
  if (tree.hash() != *hash) return fault("its content does not have its hash");
  return tree;
}

absl::StatusOr<std::vector<RevisionInfo>> SqliteStore::History(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Statement row(*database_,
                "SELECT id, parent, wall_ms, user_id, author, origin, comment, hash, change_count "
                "FROM revisions ORDER BY id DESC LIMIT ?");
  row.Bind(LimitOf(limit));
  std::vector<RevisionInfo> history;
  while (row.Next()) {
    history.push_back(
        {.id = row.Unsigned(0),
         .parent = row.Unsigned(1),
         .wall_ms = row.Number(2),
         .author = {.user_id = static_cast<std::uint32_t>(row.Number(3)), .name = row.Bytes(4)},
         .origin = row.Bytes(5),
         .comment = row.Bytes(6),
         .hash = HashOf(row.Bytes(7)),
         .change_count = row.Unsigned(8)});
  }
  if (!row.status().ok()) return row.status();
  return history;
}

absl::StatusOr<std::vector<AuditRecord>> SqliteStore::Audit(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Statement row(*database_, absl::StrCat(kSelectAudit, "ORDER BY sequence DESC LIMIT ?").c_str());
  row.Bind(LimitOf(limit));
  std::vector<AuditRecord> records;
  while (row.Next()) {
    records.push_back(AuditRecordOf(row));
  }
  if (!row.status().ok()) return row.status();
  return records;
}

std::string SqliteStore::Warning() {
  const std::lock_guard lock(warning_mutex_);
  std::string text;
  for (const auto& warning : warnings_) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", warning.second);
  }
  return text;
}

void SqliteStore::Warn(std::string_view topic, std::string text) {
  const std::lock_guard lock(warning_mutex_);
  std::erase_if(warnings_, [&](const auto& warning) { return warning.first == topic; });
  if (!text.empty()) warnings_.emplace_back(topic, std::move(text));
}

absl::StatusOr<std::string> SqliteStore::SealText(std::vector<Edit> edits) {
  const std::lock_guard lock(mutex_);
  return BodyOf(std::move(edits), *sealer_);
}

absl::StatusOr<std::vector<Edit>> SqliteStore::OpenText(std::string_view text) {
  const std::lock_guard lock(mutex_);
  return EditsOfBody(text, *sealer_);
}

Tree SqliteStore::EmptyTree() {
  const std::lock_guard lock(mutex_);
  return {root_, key_->hashing};
}

std::string SqliteStore::KeyFingerprint() {
  const std::lock_guard lock(mutex_);
  return key_->fingerprint;
}

}  // namespace configsync
