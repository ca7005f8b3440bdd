// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A store, and short ways to write to it. It is in a folder of its own, or, which is fast, on a
// disk in memory.

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "configsync/store/sqlite_store.h"
#include "tests/sim/config/crash_disk.h"
#include "tests/sim/config/small_schema.h"

namespace configsync {

class StoreTest : public ::testing::Test {
 protected:
  StoreTest();
  ~StoreTest() override;

  // From the next Open() on.
  void UseMemory();
  // Closes the one that is open.
  absl::Status Open();
  void Close() { store_.reset(); }
  void MustOpen();

  // The next revision: these edits on top of running.
  absl::Status Commit(const std::vector<Edit>& edits, const std::string& comment = "");
  // A transaction with nothing but its audit record.
  absl::Status Note(const std::string& detail);
  absl::Status Keep(const CandidateRecord& record, bool append = true);
  [[nodiscard]] static CandidateRecord CandidateOfAnn(RevisionId base, std::int64_t wall_ms);
  [[nodiscard]] std::string PathOf(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] std::string ReadAll() const;  // Every byte of every file of the folder.
  // Turns one byte of a file over.
  void Damage(const std::string& name, std::size_t offset);

  SmallSchema schema_;
  std::unique_ptr<CrashDisk> disk_;
  std::string folder_;
  StoreOptions options_;
  std::unique_ptr<Store> store_;
};

}  // namespace configsync
