// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The store on a disk: one folder of its own, mode 0700.
//
//   config.db      SQLite, write-ahead log, full sync at each commit
//   heads.0 .1     the second place (second_place.h)
//   master.key     (master_key.h); master.key.next while it is changed
//   lock           held by the process that uses the folder
//
// Revisions are the edits from their parent, sealed; each 64th, or when the edits since then have
// grown larger than it, is a snapshot: the edits from nothing.
//
// Threads: thread-safe by one lock.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "configsync/schema/schema_node.h"
#include "configsync/store/files.h"
#include "configsync/store/store.h"

namespace configsync {

inline constexpr std::uint32_t kStoreSchemaVersion =
    2;  // 1 had no notes; it is brought up at start.
inline constexpr std::uint32_t kStoreApplicationId = 0x4c4b5354;  // "LKST".

struct StoreOptions {
  std::string folder;
  std::string master_key;  // For an empty folder: instead of a random one.
  // Go on where the second place says that transactions were lost. Audited.
  bool accept_loss = false;

  // Affects tests only.
  std::size_t history_revisions = kHistoryRevisions;
  std::uint64_t audit_records = 100'000;  // Older ones are forgotten, a thousand at a time.
  std::uint32_t snapshot_every = 64;
  std::uint64_t snapshot_bytes_min = 64 * 1024;  // Edits up to this never ask for a snapshot.
  std::uint32_t log_pages = 1'000;               // Of the write-ahead log, before it is copied.
  std::uint32_t pages_max = 0;                   // 0: no limit.
  std::string vfs;
};

// Opens or makes the store, and checks it: pages, second place, the last 1,000 records of the
// audit, and the running revision's hash. `root` outlives it. Errors, each with the remedy:
// kDataLoss (damaged, or behind its second place), kFailedPrecondition (in use, of a newer version,
// of another program, no or another master key), kPermissionDenied, kResourceExhausted.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Store>> OpenStore(const StoreOptions& options,
                                                               const SchemaNode& root);
// With files of the caller's.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Store>> OpenStore(const StoreOptions& options,
                                                               const SchemaNode& root,
                                                               std::unique_ptr<Files> files);

}  // namespace configsync
