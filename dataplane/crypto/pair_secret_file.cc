// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/crypto/pair_secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace dataplane {
namespace {

constexpr std::string_view kRemedy = "make one with `lockstepctl pair-secret new`";
constexpr std::size_t kHeaderBytes = sizeof(kPairSecretHeader) - 1;
constexpr std::size_t kDigits = 2 * statesync::kPairSecretBytes;
constexpr std::size_t kFileBytes = kHeaderBytes + 1 + kDigits + 1;

class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

absl::Status SystemError(std::string_view doing, const std::string& path, int error) {
  return absl::ErrnoToStatus(error, absl::StrFormat("pair secret file %s: %s", path, doing));
}

int ValueOf(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// Result in `secret`; nothing if a character is no hexadecimal digit.
bool ParseDigits(std::span<const char> digits, statesync::PairSecret& secret) {
  for (std::size_t i = 0; i < statesync::kPairSecretBytes; ++i) {
    const int high = ValueOf(digits[2 * i]);
    const int low = ValueOf(digits[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    secret.bytes()[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

absl::Status CheckOwnership(const std::string& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("pair secret file %s: not a regular file", path));
  }
  if ((status.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "pair secret file %s: mode %04o lets others read it; run `chmod 600 %s`, and make a new "
        "secret for the pair if others may have read it",
        path, status.st_mode & 07777, path));
  }
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "pair secret file %s: owned by user %d, must be owned by root or by user %d, who runs this "
        "program",
        path, status.st_uid, ::geteuid()));
  }
  return absl::OkStatus();
}

// Reads until `buffer` is full or the file ends; nullopt on a system error (errno says which).
std::optional<std::size_t> ReadAll(int descriptor, std::span<char> buffer) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t count = ::read(descriptor, buffer.data() + done, buffer.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

bool WriteAll(int descriptor, std::span<const char> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::write(descriptor, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

std::span<std::uint8_t> AsBytes(std::span<char> text) {
  return {reinterpret_cast<std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

absl::Status CreatePairSecretFile(const std::string& path, statesync::Primitives& primitives) {
  const OpenFile file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) {
    const int error = errno;
    if (error == EEXIST) {
      return absl::AlreadyExistsError(absl::StrFormat(
          "pair secret file %s: exists already and is not replaced; remove it first if both nodes "
          "are to get a new secret",
          path));
    }
    return SystemError("creating it", path, error);
  }
  statesync::PairSecret secret;
  primitives.Random(secret.bytes());
  std::array<char, kFileBytes> text;
  std::memcpy(text.data(), kPairSecretHeader, kHeaderBytes);
  text[kHeaderBytes] = '\n';
  static constexpr char kHex[] = "0123456789abcdef";
  for (std::size_t i = 0; i < statesync::kPairSecretBytes; ++i) {
    text[kHeaderBytes + 1 + 2 * i] = kHex[secret.bytes()[i] >> 4];
    text[kHeaderBytes + 2 + 2 * i] = kHex[secret.bytes()[i] & 15];
  }
  text.back() = '\n';
  const bool written = WriteAll(file.get(), text) && ::fsync(file.get()) == 0;
  const int error = errno;
  statesync::Wipe(AsBytes(text));
  if (!written) {
    ::unlink(path.c_str());  // Half a secret would only be found out at the next start.
    return SystemError("writing it", path, error);
  }
  return absl::OkStatus();
}

absl::StatusOr<statesync::PairSecret> LoadPairSecret(const std::string& path) {
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno == ENOENT) {
      return absl::NotFoundError(absl::StrFormat(
          "pair secret file %s: does not exist; %s and copy it to the peer", path, kRemedy));
    }
    return SystemError("opening it", path, errno);
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return SystemError("reading its mode", path, errno);
  if (absl::Status checked = CheckOwnership(path, status); !checked.ok()) return checked;

  std::array<char, kFileBytes + 1> text;  // One more, to notice a file that is too long.
  const std::optional<std::size_t> bytes = ReadAll(file.get(), text);
  if (!bytes.has_value()) return SystemError("reading it", path, errno);
  const std::string_view content(text.data(), *bytes);
  statesync::PairSecret secret;
  absl::Status result = absl::OkStatus();
  const bool ends_well =
      *bytes == kFileBytes - 1 || (*bytes == kFileBytes && content.back() == '\n');
  if (content.substr(0, kHeaderBytes + 1) != absl::StrCat(kPairSecretHeader, "\n")) {
    result = absl::InvalidArgumentError(absl::StrFormat(
        "pair secret file %s: first line is not \"%s\"; %s", path, kPairSecretHeader, kRemedy));
  } else if (!ends_well) {
    result = absl::InvalidArgumentError(
        absl::StrFormat("pair secret file %s: has %s%d bytes, must have %d; %s", path,
                        *bytes > kFileBytes ? "at least " : "", *bytes, kFileBytes, kRemedy));
  } else if (!ParseDigits(std::span(text).subspan(kHeaderBytes + 1, kDigits), secret)) {
    result = absl::InvalidArgumentError(
        absl::StrFormat("pair secret file %s: second line is not %d hexadecimal digits; %s", path,
                        kDigits, kRemedy));
  }
  statesync::Wipe(AsBytes(text));
  if (!result.ok()) return result;
  return secret;
}

}  // namespace dataplane
