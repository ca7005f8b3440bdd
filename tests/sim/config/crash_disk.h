// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A disk in memory that keeps apart what was synced and what was only written, and can stop at any
// write, sync, rename or removal. It serves SQLite (as a VFS) and the store's small files.
//
// What a loss of power leaves: everything synced; of the unsynced writes of each file, sector by
// sector, none, all, the first ones or any of them; of the unsynced names the first ones, as a file
// system with a journal has it.

#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/store/files.h"
#include "tests/sim/random.h"

namespace configsync {

class CrashDisk {
 public:
  explicit CrashDisk(std::uint64_t seed);
  ~CrashDisk();
  CrashDisk(const CrashDisk&) = delete;
  CrashDisk& operator=(const CrashDisk&) = delete;

  [[nodiscard]] const std::string& vfs() const { return vfs_name_; }
  [[nodiscard]] std::unique_ptr<Files> OpenFiles();

  // Steps so far: each can be the one before which everything stops.
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  // Stops before this step: from then on every call fails. 0: never.
  void StopAt(std::uint64_t step) { stop_at_ = step; }
  [[nodiscard]] bool is_stopped() const { return is_stopped_; }
  // Whoever used it is gone. Power: what was not synced is at the mercy of the disk.
  void RestartProcess();
  void LosePower();

  // From here on there is room for so many more bytes.
  void LeaveRoom(std::uint64_t bytes) { room_bytes_ = bytes; }
  static constexpr std::uint64_t kEndless = UINT64_MAX;

  [[nodiscard]] std::string Content(const std::string& name) const;
  void SetContent(const std::string& name, std::string content);  // Durable at once.
  [[nodiscard]] std::vector<std::string> Names() const;

  // For the VFS and the files: SQLite's result codes.
  struct File;
  using FilePtr = std::shared_ptr<File>;
  [[nodiscard]] FilePtr Find(const std::string& name) const;
  int Create(const std::string& name, FilePtr& file);
  int Write(File& file, std::uint64_t offset, std::string_view bytes);
  int Truncate(File& file, std::uint64_t size);
  int Sync(File& file);
  int Rename(const std::string& from, const std::string& to);
  int Remove(const std::string& name);
  int SyncNames();
  sim::Random& random() { return random_; }

 private:
  // False: the disk has stopped.
  bool Step();
  void LoseWrites(File& file);

  struct NameChange {
    std::string name;
    FilePtr file;  // Null: removed.
  };
  sim::Random random_;
  std::map<std::string, FilePtr> names_, durable_names_;
  std::vector<NameChange> pending_names_;
  std::uint64_t steps_ = 0;
  std::uint64_t stop_at_ = 0;
  bool is_stopped_ = false;
  std::uint64_t room_bytes_ = kEndless;
  std::string vfs_name_;
  std::unique_ptr<sqlite3_vfs> vfs_;
};

struct CrashDisk::File {
  struct Change {
    std::uint64_t offset = 0;
    std::string bytes;
    bool is_truncation = false;  // To `offset`.
  };
  std::string durable, content;
  std::vector<Change> pending;
};

}  // namespace configsync
