// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/ha/term_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dataplane/ha/descriptor.h"
#include "statesync/limits.h"

namespace dataplane {
namespace {

absl::Status SystemError(std::string_view doing, const std::string& path, int error) {
  return absl::ErrnoToStatus(error, absl::StrFormat("term file %s: %s", path, doing));
}

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status Damaged(const std::string& path, std::string_view what) {
  return absl::DataLossError(absl::StrFormat(
      "term file %s: %s; when the peer is active (`lockstepctl status` there), remove the file and "
      "start again: this node then learns the term from its peer",
      path, what));
}

}  // namespace

absl::StatusOr<statesync::Term> TermStore::Read() const {
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) {
    if (errno == ENOENT) return statesync::Term{};
    return SystemError("opening it", path_, errno);
  }
  std::array<char, 128> buffer;
  const ssize_t bytes = ::read(file.get(), buffer.data(), buffer.size());
  if (bytes < 0) return SystemError("reading it", path_, errno);
  std::string_view text(buffer.data(), static_cast<std::size_t>(bytes));
  const std::string header = absl::StrCat(kTermHeader, "\n");
  if (text.substr(0, header.size()) != header) {
    return Damaged(path_, absl::StrFormat("first line is not \"%s\"", kTermHeader));
  }
  text.remove_prefix(header.size());
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error != std::errc() || rest != "\n") return Damaged(path_, "second line is not a number");
  if (value > statesync::kTermMax) {
    return Damaged(
        path_, absl::StrFormat("mark %d is out of range (at most %d)", value, statesync::kTermMax));
  }
  return statesync::Term{value};
}

absl::Status TermStore::Write(statesync::Term mark) const {
  const std::string next = absl::StrCat(path_, ".next");
  const std::string text = absl::StrCat(kTermHeader, "\n", mark.value, "\n");
  {
    const Descriptor file(::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file.open()) return SystemError("creating its successor", path_, errno);
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) {
      const int error = written < 0 ? errno : ENOSPC;
      ::unlink(next.c_str());
      return SystemError("writing its successor", path_, error);
    }
    if (::fsync(file.get()) != 0) return SystemError("syncing its successor", path_, errno);
  }
  if (std::rename(next.c_str(), path_.c_str()) != 0) {
    return SystemError("replacing it", path_, errno);
  }
  const Descriptor folder(::open(FolderOf(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.open() || ::fsync(folder.get()) != 0) {
    return SystemError("syncing its folder", path_, errno);
  }
  return absl::OkStatus();
}

}  // namespace dataplane
