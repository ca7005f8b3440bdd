// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Notes: values by name that change together with revisions. What they mean is their writer's.

#include "absl/strings/str_cat.h"
#include "configsync/store/sqlite_impl.h"
#include "configsync/store/sqlite_rows.h"

namespace configsync {
namespace {

// The length keeps name and value apart.
Hash HashOfNote(std::string_view name, std::string_view value) {
  return Sha256(absl::StrCat(name.size(), ":", std::string(name), std::string(value)));
}

std::string_view View(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()};
}

absl::Status CheckBounds(const std::string& name, const std::optional<std::string>& value) {
  if (name.empty() || name.size() > kNoteNameBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("the name of a note has ", name.size(),
                                                   " bytes; 1 to ", kNoteNameBytesMax,
                                                   " are allowed"));
  }
  if (value.has_value() && value->size() > kNoteValueBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("note ", name, " has ", value->size(),
                                                   " bytes; at most ", kNoteValueBytesMax,
                                                   " are allowed"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SqliteStore::ReadNotes(StoreState& state) {
  Statement row(*database_, "SELECT name, value, hash FROM notes");
  while (row.Next()) {
    std::string name = row.Bytes(0), value = row.Bytes(1);
    if (HashOfNote(name, value) != HashOf(row.Bytes(2))) {
      return absl::DataLossError(absl::StrCat(database_->path(), ": note ", name,
                                              " was altered; put the state folder back from a "
                                              "copy"));
    }
    state.notes.emplace(std::move(name), std::move(value));
  }
  return row.status();
}

absl::Status SqliteStore::WriteNotes(const Transaction& transaction) {
  if (transaction.notes.empty()) return absl::OkStatus();
  for (const auto& [name, value] : transaction.notes) {
    absl::Status status = CheckBounds(name, value);
    if (status.ok() && value.has_value()) {
      Statement write(*database_,
                      "INSERT INTO notes (name, value, hash) VALUES (?, ?, ?) ON CONFLICT (name) "
                      "DO UPDATE SET value = excluded.value, hash = excluded.hash");
      const Hash hash = HashOfNote(name, *value);
      write.Bind(std::string_view(name)).BindBlob(*value).BindBlob(View(hash));
      status = write.Finish();
    } else if (status.ok()) {
      Statement erase(*database_, "DELETE FROM notes WHERE name = ?");
      erase.Bind(std::string_view(name));
      status = erase.Finish();
    }
    if (!status.ok()) return status;
  }
  const absl::StatusOr<std::int64_t> count = database_->Number("SELECT count(*) FROM notes");
  if (!count.ok()) return count.status();
  if (*count <= static_cast<std::int64_t>(kNotesMax)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("there would be ", *count, " notes; at most ", kNotesMax, " are kept"));
}

absl::Status SqliteStore::VerifyNotes(StoreReport& report) {
  Statement row(*database_, "SELECT name, value, hash FROM notes");
  std::size_t count = 0;
  while (row.Next()) {
    const std::string name = row.Bytes(0), value = row.Bytes(1);
    if (absl::Status status = CheckBounds(name, value); !status.ok()) {
      report.faults.emplace_back(status.message());
    } else if (HashOfNote(name, value) != HashOf(row.Bytes(2))) {
      report.faults.push_back(absl::StrCat("note ", name, " was altered"));
    }
    if (++count > kNotesMax) {
      report.faults.push_back(absl::StrCat("there are more than ", kNotesMax, " notes"));
      break;
    }
  }
  return row.status();
}

}  // namespace configsync
