// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The inside of sqlite_store.h, in parts: sqlite_start.cc opens and checks, sqlite_read.cc reads,
// sqlite_write.cc writes, sqlite_notes.cc does both for notes, sqlite_verify.cc looks at
// everything, sqlite_reseal.cc changes the key.
//
// Threads: public functions take the lock, private ones need it.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/store/database.h"
#include "configsync/store/master_key.h"
#include "configsync/store/seal.h"
#include "configsync/store/second_place.h"
#include "configsync/store/sqlite_store.h"

namespace configsync {

class SqliteStore final : public Store {
 public:
  SqliteStore(StoreOptions options, const SchemaNode& root, std::unique_ptr<Files> files);

  // Everything that OpenStore() promises; nothing else is called before.
  [[nodiscard]] absl::Status Start();

  absl::StatusOr<StoreState> Read() override;
  absl::StatusOr<Tree> LoadTree(RevisionId revision) override;
  absl::StatusOr<std::vector<RevisionInfo>> History(std::size_t limit) override;
  absl::StatusOr<std::vector<AuditRecord>> Audit(std::size_t limit) override;
  absl::Status Write(const Transaction& transaction) override;
  std::string Warning() override;
  absl::StatusOr<StoreReport> Verify() override;
  absl::StatusOr<std::string> SealText(std::vector<Edit> edits) override;
  absl::StatusOr<std::vector<Edit>> OpenText(std::string_view text) override;
  Tree EmptyTree() override;
  std::string KeyFingerprint() override;
  absl::Status ChangeMasterKey(std::string_view old_key, std::string_view new_key,
                               const AuditRecord& audit) override;

 private:
  struct Head {
    std::uint64_t audit_sequence = 0;
    Hash audit_hash;
    RevisionId running = 0;
    Hash running_hash;
  };

  // Start.
  absl::Status OpenDatabase(bool has_heads);
  absl::Status Prepare();
  absl::Status MakeTables();
  absl::Status BringUp();
  absl::Status ReadKey();
  absl::Status TakeKey(const std::string& check);
  absl::Status CheckPages(const char* pragma, std::vector<std::string>& faults);
  absl::Status ReadHead();
  absl::Status CheckChain(std::uint64_t records, std::vector<std::string>& faults);
  absl::Status CheckSecondPlace(const SecondPlace::Found& found);
  absl::StatusOr<std::string> LossOf(const SecondPlace::Found& found);
  absl::Status CheckRunning();

  // Read.
  absl::StatusOr<std::optional<std::string>> Meta(const char* key);
  absl::StatusOr<RevisionId> Pointer(const char* key);
  absl::StatusOr<Tree> LoadLocked(RevisionId revision);
  absl::StatusOr<std::vector<Edit>> EditsOfBody(std::string_view body, const Sealer& sealer);
  absl::Status ReadTimers(StoreState& state);
  absl::Status ReadCandidates(StoreState& state);
  absl::Status ReadNotes(StoreState& state);

  // Write.
  absl::Status Transact(AuditRecord audit, const std::function<absl::Status()>& body);
  absl::Status WriteParts(const Transaction& transaction);
  absl::Status SetMeta(const char* key, std::string_view value);
  absl::StatusOr<std::string> BodyOf(std::vector<Edit> edits, const Sealer& sealer);
  absl::Status AddRevision(const RevisionDraft& draft);
  absl::Status WriteTimers(const Transaction& transaction);
  absl::Status WriteCandidate(const CandidateWrite& write);
  absl::Status WriteNotes(const Transaction& transaction);
  absl::Status AddAudit(const AuditRecord& record);
  absl::Status PruneAudit(std::uint64_t sequence);
  absl::Status PruneRevisions();
  absl::Status WriteHeads();

  // Verify and reseal.
  absl::Status VerifyRevisions(StoreReport& report);
  absl::Status VerifyNotes(StoreReport& report);
  absl::Status Reseal(const MasterKey& fresh);
  absl::Status ResealRevisions(const MasterKey& fresh);
  absl::Status ResealCandidates(const Sealer& fresh);

  void Warn(std::string_view topic, std::string text);  // Empty text: it is over.

  const StoreOptions options_;
  const SchemaNode& root_;
  std::mutex mutex_;
  std::unique_ptr<Files> files_;
  SecondPlace second_place_;
  std::unique_ptr<Database> database_;
  std::optional<MasterKey> key_;
  std::optional<Sealer> sealer_;
  Head head_;
  std::uint32_t version_ = kStoreSchemaVersion;  // Of the tables that are there.
  absl::Status failed_;                          // Not ok: nothing more is written.

  std::mutex warning_mutex_;
  std::vector<std::pair<std::string, std::string>> warnings_;  // By topic.
};

inline constexpr char kDatabaseName[] = "config.db";
inline constexpr char kKeyName[] = "master.key";
inline constexpr char kNextKeyName[] = "master.key.next";
inline constexpr std::uint64_t kAuditCheckedAtStart = 1'000;
inline constexpr char kNotesTable[] = R"(
CREATE TABLE notes (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL,
  hash BLOB NOT NULL  -- of name and value: there is no revision that would prove them
) STRICT;
)";

}  // namespace configsync
