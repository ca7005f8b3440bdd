// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/store/database.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace configsync {

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path,
                                                         const std::string& vfs) {
  sqlite3* handle = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  std::unique_ptr<Database> database(new Database(handle, path));
  if (code != SQLITE_OK) return database->ErrorOf(code, "open");
  if (sqlite3_db_readonly(handle, "main") == 1) {
    return database->ErrorOf(SQLITE_READONLY, "open");
  }
  return database;
}

Database::~Database() { sqlite3_close_v2(handle_); }

absl::Status Database::Run(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ErrorOf(code, "write");
}

absl::StatusOr<std::int64_t> Database::Number(const char* sql) {
  Statement statement(*this, sql);
  if (statement.Next()) return statement.Number(0);
  if (!statement.status().ok()) return statement.status();
  return absl::InternalError(absl::StrCat(path_, ": no answer to: ", sql));
}

absl::StatusOr<std::string> Database::Text(const char* sql) {
  Statement statement(*this, sql);
  if (statement.Next()) return statement.Bytes(0);
  if (!statement.status().ok()) return statement.status();
  return absl::InternalError(absl::StrCat(path_, ": no answer to: ", sql));
}

absl::Status Database::ErrorOf(int code, const char* act) const {
  const int kind = code & 0xff;
  if (kind == SQLITE_IOERR || kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB) is_broken_ = true;
  const std::string text =
      absl::StrCat(path_, ": cannot ", act, ": ", sqlite3_errstr(code), " (", code, ")");
  switch (kind) {
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(absl::StrCat(text, "; free space on this disk"));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return absl::PermissionDeniedError(
          absl::StrCat(text, "; give the user of configd the right to write there"));
    case SQLITE_NOTADB:
      return absl::DataLossError(absl::StrCat(
          text,
          "; it is no store, or its first page is damaged: put the state folder back from a "
          "copy"));
    case SQLITE_ERROR:  // Our statements are right, so the tables are not.
    case SQLITE_CORRUPT:
      return absl::DataLossError(absl::StrCat(text, "; put the state folder back from a copy"));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::FailedPreconditionError(
          absl::StrCat(text, "; another program has it open: stop that one first"));
    default:
      return absl::UnavailableError(absl::StrCat(
          text, "; see what the kernel says about this disk, then start configd again"));
  }
}

Statement::Statement(Database& database, const char* sql) : database_(database) {
  Take(sqlite3_prepare_v2(database.handle(), sql, -1, &statement_, nullptr));
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::Take(int code) {
  if (status_.ok() && code != SQLITE_OK) status_ = database_.ErrorOf(code, "read or write");
}

Statement& Statement::Bind(std::int64_t number) {
  Take(sqlite3_bind_int64(statement_, ++bound_, number));
  return *this;
}

Statement& Statement::Bind(std::string_view text) {
  Take(sqlite3_bind_text64(statement_, ++bound_, text.empty() ? "" : text.data(), text.size(),
                           SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::BindBlob(std::string_view bytes) {
  Take(sqlite3_bind_blob64(statement_, ++bound_, bytes.empty() ? "" : bytes.data(), bytes.size(),
                           SQLITE_STATIC));
  return *this;
}

bool Statement::Next() {
  if (!status_.ok()) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) Take(code);
  return false;
}

absl::Status Statement::Finish() {
  while (Next()) {
  }
  return status_;
}

std::int64_t Statement::Number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::uint64_t Statement::Unsigned(int column) const {
  return static_cast<std::uint64_t>(Number(column));
}

std::string Statement::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr
             ? std::string()
             : std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

}  // namespace configsync
