// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/sorted_lines.h"

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"

namespace lockstepctl {
namespace {

absl::Status FileProblem(int error, const char* action) {
  return absl::ErrnoToStatus(
      error, absl::StrCat("sorting: cannot ", action, " a temporary file; see TMPDIR and df"));
}

}  // namespace

absl::Status SortedLines::Add(std::string_view line) {
  if (!lines_.empty() && bytes_.size() + line.size() > buffer_bytes_) {
    if (absl::Status status = Spill(); !status.ok()) return status;
  }
  lines_.push_back({bytes_.size(), static_cast<std::uint32_t>(line.size())});
  bytes_ += line;
  return absl::OkStatus();
}

void SortedLines::SortBuffer() {
  std::sort(lines_.begin(), lines_.end(),
            [this](const Line& a, const Line& b) { return Of(a) < Of(b); });
}

absl::Status SortedLines::Spill() {
  SortBuffer();
  Run run;
  run.file.reset(std::tmpfile());
  if (run.file == nullptr) return FileProblem(errno, "make");
  for (const Line& line : lines_) {
    const std::string_view text = Of(line);
    std::fwrite(text.data(), 1, text.size(), run.file.get());
    std::fputc('\n', run.file.get());
  }
  if (std::fflush(run.file.get()) != 0 || std::ferror(run.file.get()) != 0) {
    return FileProblem(errno, "write");
  }
  std::rewind(run.file.get());
  runs_.push_back(std::move(run));
  lines_.clear();
  bytes_.clear();
  return absl::OkStatus();
}

absl::Status SortedLines::Sort() {
  SortBuffer();
  for (std::size_t r = 0; r < runs_.size(); ++r) {
    const absl::StatusOr<bool> has_line = Advance(runs_[r]);
    if (!has_line.ok()) return has_line.status();
    Rise(r);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> SortedLines::Advance(Run& run) {
  bool is_whole = false;
  if (ReadLine(run.file.get(), run.head, is_whole)) return true;
  if (std::ferror(run.file.get()) != 0) return FileProblem(errno, "read");
  return false;
}

void SortedLines::Rise(std::size_t run) {
  heap_.push_back(run);
  std::push_heap(heap_.begin(), heap_.end(),
                 [this](std::size_t a, std::size_t b) { return runs_[a].head > runs_[b].head; });
}

absl::StatusOr<bool> SortedLines::Next(std::string& line) {
  const bool has_buffered = next_ < lines_.size();
  if (heap_.empty() && !has_buffered) return false;
  if (heap_.empty() || (has_buffered && Of(lines_[next_]) <= runs_[heap_.front()].head)) {
    line = Of(lines_[next_++]);
    return true;
  }
  std::pop_heap(heap_.begin(), heap_.end(),
                [this](std::size_t a, std::size_t b) { return runs_[a].head > runs_[b].head; });
  const std::size_t run = heap_.back();
  heap_.pop_back();
  line.swap(runs_[run].head);
  const absl::StatusOr<bool> has_line = Advance(runs_[run]);
  if (!has_line.ok()) return has_line.status();
  if (*has_line) Rise(run);
  return true;
}

}  // namespace lockstepctl
