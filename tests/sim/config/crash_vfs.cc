// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Methods of version 1: no shared memory, which the store does not need as it locks exclusively.
// A new journal or log has its name synced with its first content, as SQLite's own VFS for unix
// does it.

#include "tests/sim/config/crash_vfs.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>

#include "tests/sim/config/crash_disk.h"

namespace configsync {
namespace {

struct OpenFile {
  sqlite3_file base;
  CrashDisk* disk;
  CrashDisk::FilePtr* file;  // Null after Close.
  bool syncs_name;
  bool is_temporary;  // Without a name: nobody sees it after a crash.
};

OpenFile& Of(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }

std::string NameOf(const char* path) {
  const std::string text = path;
  return text.substr(text.rfind('/') + 1);
}

int Close(sqlite3_file* file) {
  delete Of(file).file;
  Of(file).file = nullptr;
  return SQLITE_OK;
}

int Read(sqlite3_file* file, void* buffer, int size, sqlite3_int64 offset) {
  if (Of(file).disk->is_stopped()) return SQLITE_IOERR_READ;
  const std::string& content = (*Of(file).file)->content;
  const auto begin = static_cast<std::size_t>(offset);
  const auto wanted = static_cast<std::size_t>(size);
  const std::size_t there = begin < content.size() ? content.size() - begin : 0;
  const std::size_t got = std::min(there, wanted);
  if (got > 0) std::memcpy(buffer, content.data() + begin, got);
  if (got == wanted) return SQLITE_OK;
  std::memset(static_cast<char*>(buffer) + got, 0, wanted - got);
  return SQLITE_IOERR_SHORT_READ;
}

int Write(sqlite3_file* file, const void* buffer, int size, sqlite3_int64 offset) {
  OpenFile& open = Of(file);
  const std::string_view bytes(static_cast<const char*>(buffer), static_cast<std::size_t>(size));
  const auto place = static_cast<std::uint64_t>(offset);
  if (!open.is_temporary) return open.disk->Write(**open.file, place, bytes);
  std::string& content = (*open.file)->content;
  if (content.size() < place + bytes.size()) content.resize(place + bytes.size(), '\0');
  content.replace(place, bytes.size(), bytes);
  return SQLITE_OK;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  OpenFile& open = Of(file);
  if (!open.is_temporary) return open.disk->Truncate(**open.file, static_cast<std::uint64_t>(size));
  (*open.file)->content.resize(static_cast<std::size_t>(size), '\0');
  return SQLITE_OK;
}

int Sync(sqlite3_file* file, int) {
  OpenFile& open = Of(file);
  if (open.is_temporary) return SQLITE_OK;
  int code = open.disk->Sync(**open.file);
  if (code == SQLITE_OK && open.syncs_name) {
    code = open.disk->SyncNames();
    open.syncs_name = code != SQLITE_OK;
  }
  return code;
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>((*Of(file).file)->content.size());
  return SQLITE_OK;
}

int Lock(sqlite3_file*, int) { return SQLITE_OK; }

int CheckReservedLock(sqlite3_file*, int* result) {
  *result = 0;
  return SQLITE_OK;
}

int FileControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int SectorSize(sqlite3_file*) { return 512; }
int DeviceCharacteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

const sqlite3_io_methods kMethods = [] {
  sqlite3_io_methods methods{};
  methods.iVersion = 1;
  methods.xClose = Close;
  methods.xRead = Read;
  methods.xWrite = Write;
  methods.xTruncate = Truncate;
  methods.xSync = Sync;
  methods.xFileSize = FileSize;
  methods.xLock = Lock;
  methods.xUnlock = Lock;
  methods.xCheckReservedLock = CheckReservedLock;
  methods.xFileControl = FileControl;
  methods.xSectorSize = SectorSize;
  methods.xDeviceCharacteristics = DeviceCharacteristics;
  return methods;
}();

CrashDisk& DiskOf(sqlite3_vfs* vfs) { return *static_cast<CrashDisk*>(vfs->pAppData); }

int Open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  auto* const open = new (file) OpenFile{};
  CrashDisk& disk = DiskOf(vfs);
  CrashDisk::FilePtr found;
  if (path == nullptr) {
    found = std::make_shared<CrashDisk::File>();
    open->is_temporary = true;
  } else {
    found = disk.Find(NameOf(path));
    const bool is_new = found == nullptr;
    if (is_new && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    if (is_new) {
      if (const int code = disk.Create(NameOf(path), found); code != SQLITE_OK) return code;
      open->syncs_name = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
    }
  }
  open->disk = &disk;
  open->file = new CrashDisk::FilePtr(std::move(found));
  open->base.pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* vfs, const char* path, int syncs_folder) {
  CrashDisk& disk = DiskOf(vfs);
  if (disk.Find(NameOf(path)) == nullptr) return SQLITE_IOERR_DELETE_NOENT;
  int code = disk.Remove(NameOf(path));
  if (code == SQLITE_OK && syncs_folder != 0) code = disk.SyncNames();
  return code;
}

int Access(sqlite3_vfs* vfs, const char* path, int, int* result) {
  *result = DiskOf(vfs).Find(NameOf(path)) != nullptr ? 1 : 0;
  return SQLITE_OK;
}

int FullPathname(sqlite3_vfs*, const char* path, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", path);
  return SQLITE_OK;
}

int Randomness(sqlite3_vfs* vfs, int size, char* out) {
  for (int i = 0; i < size; ++i) out[i] = static_cast<char>(DiskOf(vfs).random().Next());
  return size;
}

int Sleep(sqlite3_vfs*, int micros) { return micros; }

int CurrentTime(sqlite3_vfs*, double* days) {
  *days = 2'460'000.5;
  return SQLITE_OK;
}

int GetLastError(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

std::unique_ptr<sqlite3_vfs> RegisterCrashVfs(CrashDisk& disk) {
  static std::atomic<std::uint64_t> number{0};
  auto vfs = std::make_unique<sqlite3_vfs>();
  const std::string name = "crash-" + std::to_string(number.fetch_add(1));
  auto* const text = new char[name.size() + 1];
  std::memcpy(text, name.c_str(), name.size() + 1);
  vfs->iVersion = 1;
  vfs->szOsFile = sizeof(OpenFile);
  vfs->mxPathname = 512;
  vfs->zName = text;
  vfs->pAppData = &disk;
  vfs->xOpen = Open;
  vfs->xDelete = Delete;
  vfs->xAccess = Access;
  vfs->xFullPathname = FullPathname;
  vfs->xRandomness = Randomness;
  vfs->xSleep = Sleep;
  vfs->xCurrentTime = CurrentTime;
  vfs->xGetLastError = GetLastError;
  sqlite3_vfs_register(vfs.get(), 0);
  return vfs;
}

void UnregisterCrashVfs(sqlite3_vfs& vfs) {
  sqlite3_vfs_unregister(&vfs);
  delete[] vfs.zName;
}

}  // namespace configsync
