// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// As much of SQLite as the store needs, with errors that name the file and say what to do.
//
// Threads: one at a time.

#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace configsync {

class Database {
 public:
  // Opens or makes the file. `vfs`: name of SQLite's door to the disk; empty: the usual one.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path,
                                                                      const std::string& vfs);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // One or several statements without results.
  [[nodiscard]] absl::Status Run(const char* sql);
  // First column of the first row.
  [[nodiscard]] absl::StatusOr<std::int64_t> Number(const char* sql);
  [[nodiscard]] absl::StatusOr<std::string> Text(const char* sql);

  // The status for a result code of SQLite: kResourceExhausted (full), kPermissionDenied (read
  // only), kDataLoss (damaged), kFailedPrecondition (in use), kUnavailable (the disk failed).
  [[nodiscard]] absl::Status ErrorOf(int code, const char* act) const;
  // There was an error after which nobody knows what is on the disk.
  [[nodiscard]] bool is_broken() const { return is_broken_; }
  [[nodiscard]] sqlite3* handle() const { return handle_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  sqlite3* handle_;
  std::string path_;
  mutable bool is_broken_ = false;
};

// A prepared statement. Parameters are bound in their order; a fault in between comes out of
// Next() or Finish().
class Statement {
 public:
  Statement(Database& database, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& Bind(std::int64_t number);
  Statement& Bind(std::uint64_t number) { return Bind(static_cast<std::int64_t>(number)); }
  Statement& Bind(std::uint32_t number) { return Bind(static_cast<std::int64_t>(number)); }
  Statement& Bind(bool flag) { return Bind(static_cast<std::int64_t>(flag ? 1 : 0)); }
  Statement& Bind(std::string_view text);  // `text` outlives the statement.
  Statement& BindBlob(std::string_view bytes);

  // True: there is a row. False: the end, or an error, which status() has.
  [[nodiscard]] bool Next();
  [[nodiscard]] const absl::Status& status() const { return status_; }
  // Runs a statement without results.
  [[nodiscard]] absl::Status Finish();

  [[nodiscard]] std::int64_t Number(int column) const;
  [[nodiscard]] std::uint64_t Unsigned(int column) const;
  [[nodiscard]] std::string Bytes(int column) const;  // Text or blob.

 private:
  void Take(int code);
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
  absl::Status status_;
};

}  // namespace configsync
