// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <openssl/crypto.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "configsync/store/audit.h"
#include "configsync/store/sqlite_impl.h"

namespace configsync {
namespace {

constexpr char kTables[] = R"(
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE revisions (
  id INTEGER PRIMARY KEY,
  parent INTEGER NOT NULL,
  wall_ms INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  author TEXT NOT NULL,
  origin TEXT NOT NULL,
  comment TEXT NOT NULL,
  change_count INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  is_snapshot INTEGER NOT NULL,     -- 1: body is the edits from nothing, 0: from the parent
  depth INTEGER NOT NULL,           -- revisions since the last snapshot
  chain_bytes INTEGER NOT NULL,     -- of the bodies since the last snapshot
  snapshot_bytes INTEGER NOT NULL,  -- of that snapshot
  body BLOB NOT NULL                -- edits, secrets sealed
) STRICT;
CREATE TABLE timers (
  kind TEXT PRIMARY KEY,  -- confirm, lock, ha-edit
  user_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  boot_ms INTEGER NOT NULL,
  wall_ms INTEGER NOT NULL,
  span_ms INTEGER NOT NULL,
  revision INTEGER REFERENCES revisions(id),
  back_to INTEGER REFERENCES revisions(id),
  is_saved INTEGER NOT NULL,
  is_ha_edit_open INTEGER NOT NULL
) STRICT;
CREATE TABLE candidates (
  user_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  base INTEGER NOT NULL REFERENCES revisions(id),
  wall_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE candidate_edits (
  user_id INTEGER NOT NULL REFERENCES candidates(user_id) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (user_id, sequence)
) STRICT;
CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  wall_ms INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  action TEXT NOT NULL,
  detail TEXT NOT NULL,
  outcome TEXT NOT NULL,
  previous BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
)";

constexpr char kCopyRemedy[] = "put the state folder back from a copy";
constexpr char kRemedy[] =
    "put the state folder back from a copy, or start configd once with --accept-store-loss";

std::int64_t WallMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string_view WithoutNewline(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

}  // namespace

SqliteStore::SqliteStore(StoreOptions options, const SchemaNode& root, std::unique_ptr<Files> files)
    : options_(std::move(options)), root_(root), files_(std::move(files)), second_place_(*files_) {}

absl::Status SqliteStore::Start() {
  const std::lock_guard lock(mutex_);
  const absl::StatusOr<SecondPlace::Found> found = second_place_.Read();
  if (!found.ok()) return found.status();
  absl::Status status = OpenDatabase(
      found->any_file && !(found->heads.has_value() && found->heads->audit_sequence == 0));
  if (status.ok()) status = ReadKey();
  std::vector<std::string> faults;
  if (status.ok()) status = CheckPages("PRAGMA quick_check(20)", faults);
  if (status.ok()) status = ReadHead();
  if (status.ok()) status = CheckChain(kAuditCheckedAtStart, faults);
  if (!status.ok()) return status;
  if (!faults.empty()) {
    return absl::DataLossError(absl::StrCat(
        database_->path(), ": damaged: ", absl::StrJoin(faults, "; "), "; ", kCopyRemedy));
  }
  status = CheckSecondPlace(*found);
  if (status.ok()) status = BringUp();  // Nothing is altered in a store that is not well.
  return status.ok() ? CheckRunning() : status;
}

absl::Status SqliteStore::OpenDatabase(bool has_heads) {
  absl::StatusOr<std::unique_ptr<Database>> opened =
      Database::Open(absl::StrCat(files_->folder(), "/", kDatabaseName), options_.vfs);
  if (!opened.ok()) return opened.status();
  database_ = *std::move(opened);
  // Exclusive: no other program can write behind our back, and no shared memory is needed. It must
  // be said before the file is looked at.
  absl::Status status = database_->Run("PRAGMA locking_mode=EXCLUSIVE");
  if (!status.ok()) return status;
  // The first question is the one that a damaged or foreign file fails; nothing is written yet.
  const absl::StatusOr<std::int64_t> application = database_->Number("PRAGMA application_id");
  if (!application.ok()) return application.status();
  const absl::StatusOr<std::int64_t> tables =
      database_->Number("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();
  const bool is_new = *application == 0 && *tables == 0;
  if (!is_new && *application != kStoreApplicationId) {
    return absl::FailedPreconditionError(
        absl::StrCat(database_->path(), ": it is a database of another program (application id ",
                     *application, "); move it away, or name another state folder"));
  }
  if (is_new && has_heads && !options_.accept_loss) {
    return absl::DataLossError(
        absl::StrCat(database_->path(),
                     ": it is empty or gone, but the second place knows revisions; ", kRemedy));
  }
  status = files_->Restrict(kDatabaseName);
  if (status.ok()) status = Prepare();
  if (!status.ok()) return status;
  if (is_new) return MakeTables();
  const absl::StatusOr<std::int64_t> version = database_->Number("PRAGMA user_version");
  if (!version.ok()) return version.status();
  version_ = static_cast<std::uint32_t>(*version);
  if (version_ == 0 || version_ > kStoreSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        database_->path(), ": it has store version ", *version, ", this program knows ",
        kStoreSchemaVersion, "; start the newer lockstep-configd that wrote it"));
  }
  return absl::OkStatus();
}

// A store of an older program gets what it lacks, in one transaction: it has the old version or
// this one.
absl::Status SqliteStore::BringUp() {
  if (version_ == kStoreSchemaVersion) return absl::OkStatus();
  absl::Status status = database_->Run("BEGIN IMMEDIATE");
  if (status.ok()) status = database_->Run(kNotesTable);
  const std::string mark = absl::StrCat("PRAGMA user_version=", kStoreSchemaVersion);
  if (status.ok()) status = database_->Run(mark.c_str());
  if (status.ok()) status = database_->Run("COMMIT");
  if (status.ok()) version_ = kStoreSchemaVersion;
  return status;
}

absl::Status SqliteStore::Prepare() {
  const absl::StatusOr<std::string> mode = database_->Text("PRAGMA journal_mode=WAL");
  if (!mode.ok()) return mode.status();
  if (*mode != "wal") {
    return absl::PermissionDeniedError(
        absl::StrCat(database_->path(), ": no write-ahead log can be kept (mode ", *mode,
                     "); the state folder must lie on a local disk that can be written"));
  }
  const std::string pragmas = absl::StrCat(
      "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; "
      "PRAGMA cell_size_check=ON; PRAGMA secure_delete=ON; PRAGMA wal_autocheckpoint=",
      options_.log_pages,
      options_.pages_max == 0 ? "" : absl::StrCat("; PRAGMA max_page_count=", options_.pages_max));
  absl::Status status = database_->Run(pragmas.c_str());
  // Nobody may have it open from before, with another lock.
  if (status.ok()) status = database_->Run("BEGIN IMMEDIATE; COMMIT");
  return status;
}

absl::Status SqliteStore::MakeTables() {
  absl::StatusOr<std::string> text = files_->Read(kKeyName, kMasterKeyBytesMax + 1);
  if (absl::IsNotFound(text.status())) {
    text = options_.master_key.empty() ? RandomMasterKeyText() : options_.master_key;
    if (!text.ok()) return text.status();
    if (const auto key = MasterKeyOf(*text); !key.ok()) return key.status();
    const absl::Status written = WriteDurably(*files_, kKeyName, absl::StrCat(*text, "\n"));
    if (!written.ok()) return written;
  }
  if (!text.ok()) return text.status();
  const auto key = MasterKeyOf(WithoutNewline(*text));
  OPENSSL_cleanse(text->data(), text->size());
  if (!key.ok()) return key.status();
  absl::Status status = database_->Run("BEGIN IMMEDIATE");
  if (status.ok()) status = database_->Run(kTables);
  if (status.ok()) status = database_->Run(kNotesTable);
  const std::string marks = absl::StrCat("PRAGMA application_id=", kStoreApplicationId,
                                         "; PRAGMA user_version=", kStoreSchemaVersion);
  if (status.ok()) status = database_->Run(marks.c_str());
  if (status.ok()) status = SetMeta("key_check", key->fingerprint);
  return status.ok() ? database_->Run("COMMIT") : status;
}

absl::Status SqliteStore::ReadKey() {
  const absl::StatusOr<std::optional<std::string>> check = Meta("key_check");
  if (!check.ok()) return check.status();
  return TakeKey(check->value_or(""));
}

// The check value in the database says which of the two files has the key.
absl::Status SqliteStore::TakeKey(const std::string& check) {
  for (const char* name : {kKeyName, kNextKeyName}) {
    absl::StatusOr<std::string> text = files_->Read(name, kMasterKeyBytesMax + 1);
    if (absl::IsNotFound(text.status())) continue;
    if (!text.ok()) return text.status();
    const auto key = MasterKeyOf(WithoutNewline(*text));
    OPENSSL_cleanse(text->data(), text->size());
    if (!key.ok() || key->fingerprint != check) continue;
    key_ = *key;
    sealer_.emplace(*key);
    absl::Status status = name == std::string(kNextKeyName) ? files_->Rename(kNextKeyName, kKeyName)
                                                            : files_->Remove(kNextKeyName);
    return status.ok() ? files_->SyncFolder() : status;
  }
  return absl::FailedPreconditionError(
      absl::StrCat(files_->folder(), "/", kKeyName,
                   ": it is missing or another key than the one with "
                   "fingerprint ",
                   check, ", which sealed the secrets; put that one back"));
}

absl::Status SqliteStore::CheckPages(const char* pragma, std::vector<std::string>& faults) {
  Statement statement(*database_, pragma);
  while (statement.Next()) {
    if (std::string line = statement.Bytes(0); line != "ok") faults.push_back(std::move(line));
  }
  return statement.status();
}

absl::Status SqliteStore::ReadHead() {
  head_ = Head{};
  Statement audit(*database_, "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1");
  if (audit.Next()) {
    head_.audit_sequence = audit.Unsigned(0);
    std::ranges::copy(audit.Bytes(1).substr(0, 32),
                      reinterpret_cast<char*>(head_.audit_hash.bytes.data()));
  }
  if (!audit.status().ok()) return audit.status();
  Statement revision(*database_, "SELECT id, hash FROM revisions ORDER BY id DESC LIMIT 1");
  if (revision.Next()) {
    head_.running = revision.Unsigned(0);
    std::ranges::copy(revision.Bytes(1).substr(0, 32),
                      reinterpret_cast<char*>(head_.running_hash.bytes.data()));
  }
  return revision.status();
}

absl::StatusOr<std::string> SqliteStore::LossOf(const SecondPlace::Found& found) {
  if (!found.heads.has_value()) {
    if (found.any_file) return "both files of the second place (heads.0, heads.1) are damaged";
    if (head_.audit_sequence == 0) return "";
    return "the second place (heads.0, heads.1) is gone";
  }
  const Heads& heads = *found.heads;
  if (heads.audit_sequence > head_.audit_sequence) {
    return absl::StrCat("the database lost its last ", heads.audit_sequence - head_.audit_sequence,
                        " transactions: it ends at audit record ", head_.audit_sequence,
                        " and revision ", head_.running, ", the second place knows record ",
                        heads.audit_sequence, " and revision ", heads.revision);
  }
  Hash there = head_.audit_hash;
  if (heads.audit_sequence < head_.audit_sequence && heads.audit_sequence > 0) {
    Statement audit(*database_, "SELECT hash FROM audit WHERE sequence = ?");
    audit.Bind(heads.audit_sequence);
    there = Hash{};
    if (audit.Next()) {
      std::ranges::copy(audit.Bytes(0).substr(0, 32), reinterpret_cast<char*>(there.bytes.data()));
    }
    if (!audit.status().ok()) return audit.status();
  }
  const bool is_level = heads.audit_sequence == head_.audit_sequence;
  const bool is_same_history = heads.audit_sequence == 0 || heads.audit_hash == there;
  const bool is_same_revision =
      is_level ? heads.revision == head_.running && heads.revision_hash == head_.running_hash
               : heads.revision <= head_.running;
  if (is_same_history && is_same_revision) return "";
  return absl::StrCat("the database has another history than the second place at audit record ",
                      heads.audit_sequence, " (revision ", heads.revision, ")");
}

absl::Status SqliteStore::CheckSecondPlace(const SecondPlace::Found& found) {
  const absl::StatusOr<std::string> loss = LossOf(found);
  if (!loss.ok()) return loss.status();
  if (!loss->empty() && !options_.accept_loss) {
    return absl::DataLossError(absl::StrCat(files_->folder(), ": ", *loss, "; ", kRemedy));
  }
  if (!loss->empty()) {
    AuditRecord audit;
    audit.wall_ms = WallMs();
    audit.by.name = "lockstep-configd";
    audit.action = "accept-loss";
    audit.detail = *loss;
    audit.outcome = "warning";
    return Transact(audit, [] { return absl::OkStatus(); });
  }
  Warn("heads", found.warning);
  const bool is_level =
      found.heads.has_value() && found.heads->audit_sequence == head_.audit_sequence;
  if (is_level) return absl::OkStatus();
  // A killed process may have left its last transaction in the log without a sync: it is seen, but
  // a power loss would take it. It must be on the disk before the second place says that it
  // happened.
  absl::Status status = database_->Number("PRAGMA wal_checkpoint(TRUNCATE)").status();
  if (status.ok()) status = WriteHeads();
  if (status.ok() || !found.heads.has_value()) return status;
  // They are behind, as after a crash; a full disk must not keep a node from its configuration.
  Warn("heads", absl::StrCat("the second place is behind: ", std::string(status.message())));
  return absl::OkStatus();
}

absl::Status SqliteStore::CheckRunning() {
  const absl::StatusOr<RevisionId> startup = Pointer("startup");
  if (!startup.ok()) return startup.status();
  const absl::StatusOr<RevisionId> running = Pointer("running");
  if (!running.ok()) return running.status();
  if (*running != head_.running) {
    return absl::DataLossError(absl::StrCat(database_->path(), ": running is revision ", *running,
                                            ", the newest one is ", head_.running, "; ",
                                            kCopyRemedy));
  }
  for (const RevisionId revision : {*running, *startup}) {
    if (revision == 0) continue;
    if (const auto tree = LoadLocked(revision); !tree.ok()) return tree.status();
  }
  StoreState state;  // Whether it can be read.
  absl::Status status = ReadTimers(state);
  if (status.ok()) status = ReadNotes(state);
  return status.ok() ? ReadCandidates(state) : status;
}

absl::StatusOr<std::unique_ptr<Store>> OpenStore(const StoreOptions& options,
                                                 const SchemaNode& root,
                                                 std::unique_ptr<Files> files) {
  auto store = std::make_unique<SqliteStore>(options, root, std::move(files));
  if (absl::Status status = store->Start(); !status.ok()) return status;
  return store;
}

absl::StatusOr<std::unique_ptr<Store>> OpenStore(const StoreOptions& options,
                                                 const SchemaNode& root) {
  absl::StatusOr<std::unique_ptr<Files>> files = OpenFolder(options.folder);
  if (!files.ok()) return files.status();
  return OpenStore(options, root, *std::move(files));
}

}  // namespace configsync
