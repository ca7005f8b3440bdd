// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/line_source.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace lockstepctl {
namespace {

// Far more than any canonical line has: a binary file is not read into memory as one line.
constexpr std::size_t kLineBytesMax = 4'096;

// "session tcp …": a table's name and its entry, in printable characters.
bool IsDumpLine(std::string_view line) {
  return !line.empty() && line.front() >= 'a' && line.front() <= 'z' &&
         line.find(' ') != std::string_view::npos &&
         std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

bool ReadLine(std::FILE* file, std::string& line, bool& is_whole) {
  char piece[512];
  line.clear();
  is_whole = false;
  while (!is_whole && line.size() <= kLineBytesMax &&
         std::fgets(piece, sizeof(piece), file) != nullptr) {
    line += piece;
    is_whole = line.ends_with('\n');
  }
  const bool has_line = !line.empty();
  if (is_whole) line.pop_back();
  return has_line;
}

absl::StatusOr<std::unique_ptr<DumpFile>> DumpFile::Open(const std::string& path) {
  std::FILE* const file = path == "-" ? stdin : std::fopen(path.c_str(), "re");
  if (file == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("dump ", path, ": cannot open it"));
  }
  struct stat status {};
  if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
    std::fclose(file);
    return absl::InvalidArgumentError(
        absl::StrCat("dump ", path, ": is a folder; give a control socket or a file"));
  }
  return std::unique_ptr<DumpFile>(new DumpFile(path == "-" ? "(standard input)" : path, file));
}

absl::Status DumpFile::Problem(absl::StatusCode code, const char* sentence) const {
  return absl::Status(code, absl::StrCat("dump ", path_, ": line ", line_number_, " ", sentence));
}

absl::StatusOr<bool> DumpFile::Next(std::string& line) {
  bool is_whole = false;
  ++line_number_;
  if (!ReadLine(file_.get(), line, is_whole)) {
    if (std::ferror(file_.get()) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("dump ", path_, ": cannot read it"));
    }
    return false;
  }
  if (!IsDumpLine(line)) {
    return Problem(absl::StatusCode::kInvalidArgument,
                   line.starts_with('{')
                       ? "is JSON; give the text that `lockstepctl tables dump` writes"
                       : "is no entry of a table; give what `lockstepctl tables dump` writes");
  }
  if (!is_whole) {
    return Problem(absl::StatusCode::kDataLoss, "has no end; the dump was cut short, make it anew");
  }
  if (line < before_) {
    return Problem(absl::StatusCode::kInvalidArgument,
                   "is smaller than the line before it; sort the dump with LC_ALL=C sort");
  }
  before_ = line;
  return true;
}

}  // namespace lockstepctl
