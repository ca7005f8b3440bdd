// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/crypto/key_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "absl/strings/str_format.h"

namespace dataplane {
namespace {

constexpr std::size_t kDigits = 2 * statesync::kDirectionKeyBytes;
constexpr char kLineFormat[] = "ha2-key 1 from %d to %d since %lld.%06ld key ";
constexpr std::size_t kLineBytesMax = 80 + kDigits + 1;
constexpr char kHex[] = "0123456789abcdef";

absl::Status SystemError(const char* doing, const std::string& path, int error) {
  return absl::ErrnoToStatus(error, absl::StrFormat("HA2 key file %s: %s", path, doing));
}

bool ReadDigits(const char* digits, statesync::DirectionKey& key) {
  for (std::size_t i = 0; i < kDigits; ++i) {
    const char* const found =
        digits[i] == 0 ? nullptr : static_cast<const char*>(std::memchr(kHex, digits[i], 16));
    if (found == nullptr) return false;
    auto& byte = key.bytes()[i / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | static_cast<std::uint8_t>(found - kHex));
  }
  return true;
}

// True if the line is a key, a comment or empty.
bool ReadLine(const char* line, std::vector<LoggedKey>& keys) {
  if (line[0] == '#' || line[0] == '\n' || line[0] == 0) return true;
  int from = -1;
  int to = -1;
  int key_at = 0;
  if (std::sscanf(line, "ha2-key 1 from %d to %d since %*d.%*d key %n", &from, &to, &key_at) != 2 ||
      key_at == 0 || from < 0 || to < 0 || from >= static_cast<int>(statesync::kNodesMax) ||
      to >= static_cast<int>(statesync::kNodesMax) || from == to) {
    return false;
  }
  const char* const digits = line + key_at;
  if (std::strlen(digits) < kDigits || (digits[kDigits] != '\n' && digits[kDigits] != 0)) {
    return false;
  }
  LoggedKey key;
  key.from = static_cast<statesync::NodeIndex>(from);
  key.to = static_cast<statesync::NodeIndex>(to);
  if (!ReadDigits(digits, key.key)) return false;
  keys.push_back(key);
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeyLog>> KeyLog::Open(const std::string& path) {
  const int descriptor = ::open(
      path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (descriptor < 0) return SystemError("cannot open it", path, errno);
  std::unique_ptr<KeyLog> log(new KeyLog(descriptor));
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return SystemError("cannot look at it", path, errno);
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("HA2 key file %s: is not a regular file; name another", path));
  }
  if ((status.st_mode & 077) != 0 || status.st_uid != ::geteuid()) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "HA2 key file %s: mode %04o, owner %d: must be 0600 and of user %d; remove it or name "
        "another",
        path, status.st_mode & 07777, status.st_uid, ::geteuid()));
  }
  return log;
}

KeyLog::~KeyLog() { ::close(descriptor_); }

void KeyLog::Add(const LoggedKey& key) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  std::array<char, kLineBytesMax> line;
  const int head = std::snprintf(line.data(), line.size(), kLineFormat, key.from, key.to,
                                 static_cast<long long>(now.tv_sec), now.tv_nsec / 1'000);
  std::size_t bytes = static_cast<std::size_t>(head);
  for (const std::uint8_t byte : key.key.bytes()) {
    line[bytes++] = kHex[byte >> 4];
    line[bytes++] = kHex[byte & 15];
  }
  line[bytes++] = '\n';
  if (::write(descriptor_, line.data(), bytes) != static_cast<ssize_t>(bytes)) good_ = false;
  explicit_bzero(line.data(), line.size());
}

absl::StatusOr<std::vector<LoggedKey>> ReadKeyLog(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                             &std::fclose);
  if (file == nullptr) return SystemError("cannot open it", path, errno);
  std::vector<LoggedKey> keys;
  std::array<char, 2 * kLineBytesMax> line;
  for (int number = 1;
       std::fgets(line.data(), static_cast<int>(line.size()), file.get()) != nullptr; ++number) {
    if (ReadLine(line.data(), keys)) continue;
    return absl::InvalidArgumentError(absl::StrFormat(
        "HA2 key file %s: line %d is no `ha2-key` line; take the file that the node wrote", path,
        number));
  }
  explicit_bzero(line.data(), line.size());
  if (std::ferror(file.get()) != 0) return SystemError("cannot read it", path, errno);
  return keys;
}

}  // namespace dataplane
