// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/config/crash_disk.h"

#include <algorithm>
#include <utility>

#include "tests/sim/config/crash_vfs.h"

namespace configsync {
namespace {

constexpr std::uint64_t kSectorBytes = 512;
constexpr char kFolder[] = "/sim";

void Put(std::string& content, std::uint64_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size(), '\0');
  content.replace(offset, bytes.size(), bytes);
}

absl::Status StatusOf(int code, const std::string& name) {
  switch (code) {
    case SQLITE_OK:
      return absl::OkStatus();
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(name + ": the simulated disk is full");
    default:
      return absl::UnavailableError(name + ": the simulated disk stopped");
  }
}

class DiskFiles final : public Files {
 public:
  explicit DiskFiles(CrashDisk& disk) : disk_(disk) {}
  absl::StatusOr<std::string> Read(const std::string& name, std::size_t bytes_max) override {
    const CrashDisk::FilePtr file = disk_.Find(name);
    if (file == nullptr) return absl::NotFoundError(name);
    if (file->content.size() > bytes_max) return absl::ResourceExhaustedError(name);
    return file->content;
  }
  absl::Status Write(const std::string& name, std::string_view content) override {
    CrashDisk::FilePtr file;
    int code = disk_.Create(name, file);
    if (code == SQLITE_OK) code = disk_.Truncate(*file, 0);
    if (code == SQLITE_OK) code = disk_.Write(*file, 0, content);
    return StatusOf(code, name);
  }
  absl::Status Sync(const std::string& name) override {
    const CrashDisk::FilePtr file = disk_.Find(name);
    return file == nullptr ? absl::NotFoundError(name) : StatusOf(disk_.Sync(*file), name);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    return StatusOf(disk_.Rename(from, to), from);
  }
  absl::Status Remove(const std::string& name) override {
    return disk_.Find(name) == nullptr ? absl::OkStatus() : StatusOf(disk_.Remove(name), name);
  }
  absl::Status Restrict(const std::string&) override { return absl::OkStatus(); }
  absl::Status SyncFolder() override { return StatusOf(disk_.SyncNames(), folder_); }
  const std::string& folder() const override { return folder_; }

 private:
  CrashDisk& disk_;
  const std::string folder_ = kFolder;
};

}  // namespace

CrashDisk::CrashDisk(std::uint64_t seed) : random_(seed), vfs_(RegisterCrashVfs(*this)) {
  vfs_name_ = vfs_->zName;
}

CrashDisk::~CrashDisk() { UnregisterCrashVfs(*vfs_); }

std::unique_ptr<Files> CrashDisk::OpenFiles() { return std::make_unique<DiskFiles>(*this); }

bool CrashDisk::Step() {
  if (is_stopped_) return false;
  ++steps_;
  is_stopped_ = steps_ == stop_at_;
  return !is_stopped_;
}

CrashDisk::FilePtr CrashDisk::Find(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second;
}

int CrashDisk::Create(const std::string& name, FilePtr& file) {
  file = Find(name);
  if (file != nullptr) return is_stopped_ ? SQLITE_IOERR : SQLITE_OK;
  if (!Step()) return SQLITE_IOERR;
  file = std::make_shared<File>();
  names_[name] = file;
  pending_names_.push_back({.name = name, .file = file});
  return SQLITE_OK;
}

int CrashDisk::Write(File& file, std::uint64_t offset, std::string_view bytes) {
  if (!Step()) return SQLITE_IOERR_WRITE;
  const std::uint64_t end = offset + bytes.size();
  const std::uint64_t grown = end > file.content.size() ? end - file.content.size() : 0;
  if (grown > room_bytes_) return SQLITE_FULL;
  if (room_bytes_ != kEndless) room_bytes_ -= grown;
  Put(file.content, offset, bytes);
  file.pending.push_back({.offset = offset, .bytes = std::string(bytes), .is_truncation = false});
  return SQLITE_OK;
}

int CrashDisk::Truncate(File& file, std::uint64_t size) {
  if (!Step()) return SQLITE_IOERR_TRUNCATE;
  file.content.resize(size, '\0');
  file.pending.push_back({.offset = size, .bytes = {}, .is_truncation = true});
  return SQLITE_OK;
}

int CrashDisk::Sync(File& file) {
  if (!Step()) return SQLITE_IOERR_FSYNC;
  file.durable = file.content;
  file.pending.clear();
  return SQLITE_OK;
}

int CrashDisk::Rename(const std::string& from, const std::string& to) {
  const FilePtr file = Find(from);
  if (file == nullptr || !Step()) return SQLITE_IOERR;
  names_.erase(from);
  names_[to] = file;
  // One change of the folder's journal: both or none. The new name comes first and the old one is
  // dropped with it.
  pending_names_.push_back({.name = to, .file = file});
  pending_names_.push_back({.name = from, .file = nullptr});
  return SQLITE_OK;
}

int CrashDisk::Remove(const std::string& name) {
  if (!Step()) return SQLITE_IOERR_DELETE;
  names_.erase(name);
  pending_names_.push_back({.name = name, .file = nullptr});
  return SQLITE_OK;
}

int CrashDisk::SyncNames() {
  if (!Step()) return SQLITE_IOERR_DIR_FSYNC;
  durable_names_ = names_;
  pending_names_.clear();
  return SQLITE_OK;
}

void CrashDisk::RestartProcess() {
  is_stopped_ = false;
  stop_at_ = 0;
}

void CrashDisk::LoseWrites(File& file) {
  const std::uint64_t kind = random_.Below(4);
  const std::size_t kept_first = kind == 1   ? file.pending.size()
                                 : kind == 2 ? random_.Below(file.pending.size() + 1)
                                             : 0;
  for (std::size_t i = 0; i < file.pending.size(); ++i) {
    const File::Change& change = file.pending[i];
    const bool any_order = kind == 3;
    if (!any_order && i >= kept_first) break;
    if (change.is_truncation) {
      if (!any_order || random_.OneIn(2)) file.durable.resize(change.offset, '\0');
      continue;
    }
    for (std::uint64_t at = 0; at < change.bytes.size();) {
      const std::uint64_t place = change.offset + at;
      const std::uint64_t size =
          std::min<std::uint64_t>(kSectorBytes - place % kSectorBytes, change.bytes.size() - at);
      if (!any_order || random_.OneIn(2)) {
        Put(file.durable, place, std::string_view(change.bytes).substr(at, size));
      }
      at += size;
    }
  }
  file.content = file.durable;
  file.pending.clear();
}

void CrashDisk::LosePower() {
  const std::size_t kept = random_.Below(pending_names_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) {
    const NameChange& change = pending_names_[i];
    if (change.file == nullptr) {
      durable_names_.erase(change.name);
    } else {
      durable_names_[change.name] = change.file;
    }
  }
  pending_names_.clear();
  names_ = durable_names_;
  std::vector<File*> done;  // A file may have two names for a moment.
  for (const auto& [name, file] : names_) {
    if (std::ranges::find(done, file.get()) != done.end()) continue;
    done.push_back(file.get());
    LoseWrites(*file);
  }
  RestartProcess();
}

std::string CrashDisk::Content(const std::string& name) const {
  const FilePtr file = Find(name);
  return file == nullptr ? std::string() : file->content;
}

void CrashDisk::SetContent(const std::string& name, std::string content) {
  FilePtr file = Find(name);
  if (file == nullptr) file = std::make_shared<File>();
  file->content = content;
  file->durable = std::move(content);
  file->pending.clear();
  names_[name] = file;
  durable_names_[name] = file;
}

std::vector<std::string> CrashDisk::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : names_) names.push_back(name);
  return names;
}

}  // namespace configsync
