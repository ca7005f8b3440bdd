// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/store/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

constexpr char kLockName[] = "lock";
constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status ErrorOf(int error, const std::string& path, const char* act) {
  const std::string text = absl::StrCat(path, ": cannot ", act, ": ", std::strerror(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(text);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(absl::StrCat(text, "; free space on this disk"));
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(
          absl::StrCat(text, "; give the user of configd the right to write there"));
    default:
      return absl::UnavailableError(text);
  }
}

absl::Status WriteAll(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrorOf(errno, path, "write");
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

class FolderFiles final : public Files {
 public:
  FolderFiles(std::string folder, Descriptor folder_fd, Descriptor lock_fd)
      : folder_(std::move(folder)),
        folder_fd_(std::move(folder_fd)),
        lock_fd_(std::move(lock_fd)) {}

  absl::StatusOr<std::string> Read(const std::string& name, std::size_t bytes_max) override {
    const Descriptor fd(openat(folder_fd_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (fd.get() < 0) return ErrorOf(errno, PathOf(name), "read");
    struct stat status {};
    if (fstat(fd.get(), &status) != 0) return ErrorOf(errno, PathOf(name), "read");
    if ((status.st_mode & 077) != 0) {
      return absl::FailedPreconditionError(absl::StrCat(
          PathOf(name), ": others may read it; see who did, then run: chmod 600 ", PathOf(name)));
    }
    if (static_cast<std::size_t>(status.st_size) > bytes_max) {
      return absl::ResourceExhaustedError(absl::StrCat(PathOf(name), ": it has ", status.st_size,
                                                       " bytes, at most ", bytes_max,
                                                       " are expected"));
    }
    std::string content(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t done = 0;
    while (done < content.size()) {
      const ssize_t got = read(fd.get(), content.data() + done, content.size() - done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrorOf(errno, PathOf(name), "read");
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    content.resize(done);
    return content;
  }

  absl::Status Write(const std::string& name, std::string_view content) override {
    const Descriptor fd(openat(folder_fd_.get(), name.c_str(),
                               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kFileMode));
    if (fd.get() < 0) return ErrorOf(errno, PathOf(name), "write");
    return WriteAll(fd.get(), content, PathOf(name));
  }

  absl::Status Sync(const std::string& name) override {
    const Descriptor fd(openat(folder_fd_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (fd.get() < 0 || fsync(fd.get()) != 0) return ErrorOf(errno, PathOf(name), "sync");
    return absl::OkStatus();
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (renameat(folder_fd_.get(), from.c_str(), folder_fd_.get(), to.c_str()) != 0) {
      return ErrorOf(errno, PathOf(from), "rename");
    }
    return absl::OkStatus();
  }

  absl::Status Remove(const std::string& name) override {
    if (unlinkat(folder_fd_.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
      return ErrorOf(errno, PathOf(name), "remove");
    }
    return absl::OkStatus();
  }

  absl::Status Restrict(const std::string& name) override {
    if (fchmodat(folder_fd_.get(), name.c_str(), kFileMode, 0) != 0) {
      return ErrorOf(errno, PathOf(name), "restrict");
    }
    return absl::OkStatus();
  }

  absl::Status SyncFolder() override {
    if (fsync(folder_fd_.get()) != 0) return ErrorOf(errno, folder_, "sync");
    return absl::OkStatus();
  }

  const std::string& folder() const override { return folder_; }

 private:
  [[nodiscard]] std::string PathOf(const std::string& name) const {
    return absl::StrCat(folder_, "/", name);
  }

  std::string folder_;
  Descriptor folder_fd_;
  Descriptor lock_fd_;
};

// The process that holds the lock wrote its id there.
std::string HolderOf(int lock_fd) {
  char text[32] = {};
  const ssize_t got = pread(lock_fd, text, sizeof text - 1, 0);
  std::string digits(text, got > 0 ? static_cast<std::size_t>(got) : 0);
  std::erase_if(digits, [](char c) { return c < '0' || c > '9'; });
  return digits.empty() ? "another process" : absl::StrCat("process ", digits);
}

}  // namespace

absl::Status WriteDurably(Files& files, const std::string& name, std::string_view content) {
  const std::string fresh = name + ".new";
  absl::Status status = files.Write(fresh, content);
  if (status.ok()) status = files.Sync(fresh);
  if (status.ok()) status = files.Rename(fresh, name);
  if (status.ok()) status = files.SyncFolder();
  return status;
}

absl::StatusOr<std::unique_ptr<Files>> OpenFolder(const std::string& folder) {
  if (mkdir(folder.c_str(), kFolderMode) != 0 && errno != EEXIST) {
    return ErrorOf(errno, folder, "make the state folder");
  }
  Descriptor folder_fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder_fd.get() < 0) return ErrorOf(errno, folder, "open the state folder");
  struct stat status {};
  if (fstat(folder_fd.get(), &status) != 0) return ErrorOf(errno, folder, "look at");
  if ((status.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder, ": others may enter it, but secrets lie there; run: chmod 700 ", folder));
  }
  Descriptor lock_fd(
      openat(folder_fd.get(), kLockName, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (lock_fd.get() < 0) return ErrorOf(errno, folder + "/lock", "write");
  if (flock(lock_fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder, ": ", HolderOf(lock_fd.get()),
                     " uses it; only one lockstep-configd may: stop that one first"));
  }
  const std::string id = absl::StrCat(getpid(), "\n");
  if (ftruncate(lock_fd.get(), 0) != 0 ||
      pwrite(lock_fd.get(), id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
    return ErrorOf(errno, folder + "/lock", "write");
  }
  return std::make_unique<FolderFiles>(folder, std::move(folder_fd), std::move(lock_fd));
}

}  // namespace configsync
