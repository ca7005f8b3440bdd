// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/input_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/lockstepctl/json_text.h"

namespace lockstepctl {
namespace {

constexpr std::size_t kChunkBytes = 1 << 16;

// First line that is not UTF-8; 0: none. A newline never lies within a character.
std::size_t BadLine(const std::string& text) {
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    ++number;
    if (!IsUtf8(text.substr(begin, end - begin))) {
      return number;
    }
    begin = end + 1;
  }
  return 0;
}

}  // namespace

absl::StatusOr<std::string> ReadInput(const std::string& path, std::size_t bytes_max) {
  const std::string name = path == "-" ? "standard input" : absl::StrCat("file ", path);
  const int descriptor = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return absl::ErrnoToStatus(errno, name);
  }
  std::string text;
  std::vector<char> chunk(kChunkBytes);
  ssize_t count = 0;
  while (text.size() <= bytes_max && (count = read(descriptor, chunk.data(), chunk.size())) != 0) {
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      break;
    }
    text.append(chunk.data(), static_cast<std::size_t>(count));
  }
  const int error = errno;
  if (descriptor != STDIN_FILENO) {
    close(descriptor);
  }
  if (count < 0) {
    return absl::ErrnoToStatus(error, name);
  }
  if (text.size() > bytes_max) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": longer than ", bytes_max, " bytes; give it in parts"));
  }
  if (const std::size_t line = BadLine(text); line > 0) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": line ", line, " is not UTF-8"));
  }
  return text;
}

absl::StatusOr<std::string> ReadValue(const std::string& path) {
  absl::StatusOr<std::string> value = ReadInput(path, kSecretBytesMax);
  if (value.ok() && !value->empty() && value->back() == '\n') {
    value->pop_back();
  }
  if (value.ok() && value->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path == "-" ? "standard input" : absl::StrCat("file ", path), ": is empty"));
  }
  return value;
}

}  // namespace lockstepctl
