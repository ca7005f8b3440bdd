// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/pair_secret.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr mode_t kFileMode = 0600;

absl::Status ErrorOf(int error, const std::string& path, const char* act) {
  const std::string text =
      absl::StrCat("HA2 pair secret ", path, ": cannot ", act, ": ", std::strerror(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(text);
    case EEXIST:
      return absl::AlreadyExistsError(text);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(
          absl::StrCat(text, "; give the user of lockstep-configd the right to"));
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(absl::StrCat(text, "; free space on this disk"));
    default:
      return absl::UnavailableError(text);
  }
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return fsync(fd) == 0;
}

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

bool IsPairSecretText(std::string_view text) {
  if (!text.starts_with(kPairSecretHeader)) return false;
  text.remove_prefix(kPairSecretHeader.size());
  if (text.size() != 2 * kSecretBytes + 2 || text.front() != '\n' || text.back() != '\n') {
    return false;
  }
  return std::ranges::all_of(text.substr(1, 2 * kSecretBytes),
                             [](char c) { return absl::ascii_isxdigit(c); });
}

absl::StatusOr<std::string> ReadPairSecret(const std::string& path) {
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (fd.get() < 0 || fstat(fd.get(), &status) != 0) return ErrorOf(errno, path, "read it");
  if ((status.st_mode & 077) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "HA2 pair secret ", path, ": others may read it; see who did, then run: chmod 600 ", path));
  }
  std::array<char, kPairSecretTextBytesMax> buffer{};
  const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
  if (got < 0) return ErrorOf(errno, path, "read it");
  std::string text(buffer.data(), static_cast<std::size_t>(got));
  OPENSSL_cleanse(buffer.data(), buffer.size());
  if (!IsPairSecretText(text)) {
    return absl::InvalidArgumentError(
        absl::StrCat("HA2 pair secret ", path, ": it is not a header and 64 hexadecimal digits; ",
                     "restore it, or move it away and pair again"));
  }
  return text;
}

absl::Status WriteNewPairSecret(const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  unlink(fresh.c_str());  // Of a start that was cut short.
  {
    const Descriptor fd(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
    if (fd.get() < 0) return ErrorOf(errno, path, "write it");
    if (!WriteAll(fd.get(), text)) {
      const int error = errno;
      unlink(fresh.c_str());
      return ErrorOf(error, path, "write it");
    }
  }
  // Unlike a rename, a link never takes the place of a file.
  const int error = link(fresh.c_str(), path.c_str()) == 0 ? 0 : errno;
  unlink(fresh.c_str());
  if (error != 0) return ErrorOf(error, path, "write it");
  const Descriptor folder(open(FolderOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || fsync(folder.get()) != 0) return ErrorOf(errno, path, "sync it");
  return absl::OkStatus();
}

absl::StatusOr<std::string> RandomPairSecretText() {
  std::array<unsigned char, kSecretBytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    return absl::UnavailableError("HA2 pair secret: the system has no randomness");
  }
  const std::string text = absl::StrCat(
      std::string(kPairSecretHeader), "\n",
      absl::BytesToHexString({reinterpret_cast<const char*>(random.data()), random.size()}), "\n");
  OPENSSL_cleanse(random.data(), random.size());
  return text;
}

}  // namespace configsync
