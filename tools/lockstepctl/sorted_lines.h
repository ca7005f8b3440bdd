// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Many lines, sorted bytewise, in bounded memory: what does not fit waits in unnamed temporary
// files and is merged when it is read. A table of sixteen million entries is no trouble.
//
// Usage: Add* Sort Next*.  Threads: one.  Memory: twice `buffer_bytes` at most; disk for the rest.

#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tools/lockstepctl/line_source.h"

namespace lockstepctl {

class SortedLines final : public LineSource {
 public:
  explicit SortedLines(std::size_t buffer_bytes = std::size_t{32} << 20)
      : buffer_bytes_(buffer_bytes) {}

  // Errors: as the system says, if a temporary file cannot be written.
  absl::Status Add(std::string_view line);
  // After the last Add().
  absl::Status Sort();
  absl::StatusOr<bool> Next(std::string& line) override;

  [[nodiscard]] std::size_t spilled_count() const { return runs_.size(); }

 private:
  struct Line {
    std::size_t offset;
    std::uint32_t bytes;
  };
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  // A sorted part in a file; `head` is its next line.
  struct Run {
    std::unique_ptr<std::FILE, CloseFile> file;
    std::string head;
  };

  [[nodiscard]] std::string_view Of(const Line& line) const {
    return std::string_view(bytes_).substr(line.offset, line.bytes);
  }
  void SortBuffer();
  absl::Status Spill();
  // False at the end of the run.
  absl::StatusOr<bool> Advance(Run& run);
  void Rise(std::size_t run);

  std::size_t buffer_bytes_;
  std::string bytes_;  // The part that is in memory: the last one.
  std::vector<Line> lines_;
  std::size_t next_ = 0;
  std::vector<Run> runs_;
  std::vector<std::size_t> heap_;  // Runs with a head, smallest first.
};

}  // namespace lockstepctl
