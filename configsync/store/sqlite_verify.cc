// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/store/audit.h"
#include "configsync/store/sqlite_impl.h"
#include "configsync/store/sqlite_rows.h"

namespace configsync {
namespace {

constexpr std::size_t kFaultsMax = 100;

}  // namespace

// The last `records` of the chain: numbers without holes, each with its own hash and that of the
// one before.
absl::Status SqliteStore::CheckChain(std::uint64_t records, std::vector<std::string>& faults) {
  const std::uint64_t first =
      head_.audit_sequence > records ? head_.audit_sequence - records + 1 : 1;
  Statement row(*database_,
                absl::StrCat(kSelectAudit, "WHERE sequence >= ? ORDER BY sequence").c_str());
  row.Bind(first);
  std::optional<AuditRecord> last;
  while (row.Next() && faults.size() < kFaultsMax) {
    AuditRecord record = AuditRecordOf(row);
    if (AuditHash(record) != record.hash) {
      faults.push_back(absl::StrCat("audit record ", record.sequence, " was altered"));
    }
    if (last.has_value() &&
        (record.sequence != last->sequence + 1 || record.previous != last->hash)) {
      faults.push_back(
          absl::StrCat("audit record ", record.sequence, " does not follow the one before"));
    }
    last = std::move(record);
  }
  return row.status();
}

absl::StatusOr<StoreReport> SqliteStore::Verify() {
  const std::lock_guard lock(mutex_);
  StoreReport report;
  absl::Status status = CheckPages("PRAGMA integrity_check(100)", report.faults);
  if (status.ok()) status = CheckPages("PRAGMA foreign_key_check", report.faults);
  if (status.ok()) status = CheckChain(head_.audit_sequence, report.faults);
  if (status.ok()) status = VerifyRevisions(report);
  if (status.ok()) status = VerifyNotes(report);
  if (!status.ok()) return status;
  const absl::StatusOr<std::int64_t> records = database_->Number("SELECT count(*) FROM audit");
  if (!records.ok()) return records.status();
  report.audit_records = static_cast<std::uint64_t>(*records);
  SecondPlace second(*files_);  // Its own: reading must not change the turn of ours.
  const absl::StatusOr<SecondPlace::Found> found = second.Read();
  if (!found.ok()) return found.status();
  const absl::StatusOr<std::string> loss = LossOf(*found);
  if (!loss.ok()) return loss.status();
  if (!loss->empty()) report.faults.push_back(*loss);
  if (!found->warning.empty()) report.faults.push_back(found->warning);
  return report;
}

absl::Status SqliteStore::VerifyRevisions(StoreReport& report) {
  const Tree empty(root_, key_->hashing);
  Tree tree = empty;     // Of the last revision,
  bool is_good = false;  // if it could be made.
  RevisionId last = 0;
  Statement row(*database_, "SELECT id, hash, is_snapshot, body FROM revisions ORDER BY id");
  while (row.Next() && report.faults.size() < kFaultsMax) {
    const RevisionId id = row.Unsigned(0);
    ++report.revisions;
    const bool is_snapshot = row.Number(2) != 0;
    const bool has_parent = is_snapshot || (is_good && id == last + 1);
    last = id;
    absl::StatusOr<std::vector<Edit>> edits = EditsOfBody(row.Bytes(3), *sealer_);
    absl::Status status = edits.status();
    if (!has_parent) status = absl::NotFoundError("the revision it builds on is not readable");
    if (status.ok()) {
      absl::StatusOr<Tree> next = (is_snapshot ? empty : tree).Apply(*edits);
      status = next.status();
      if (next.ok()) tree = *std::move(next);
    }
    if (status.ok() && tree.hash() != HashOf(row.Bytes(1))) {
      status = absl::DataLossError("its content does not have its hash");
    }
    is_good = status.ok();
    if (!is_good) {
      report.faults.push_back(absl::StrCat("revision ", id, ": ", std::string(status.message())));
    }
  }
  return row.status();
}

}  // namespace configsync
