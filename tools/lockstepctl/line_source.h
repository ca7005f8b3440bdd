// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Lines in ascending bytewise order, one at a time.
//
// Threads: one at a time.  Memory: one line.

#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace lockstepctl {

class LineSource {
 public:
  virtual ~LineSource() = default;
  // Replaces `line` by the next one, without its newline. False at the end.
  virtual absl::StatusOr<bool> Next(std::string& line) = 0;
};

// Lines of the text that `lockstepctl tables dump` wrote.
class DumpFile final : public LineSource {
 public:
  // path: "-" is standard input.
  // Errors: as the system says, with the path.
  static absl::StatusOr<std::unique_ptr<DumpFile>> Open(const std::string& path);

  // Errors: kInvalidArgument with path and line number for what is no sorted dump, kDataLoss for a
  // file that ends inside a line.
  absl::StatusOr<bool> Next(std::string& line) override;

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const {
      if (file != stdin) std::fclose(file);
    }
  };
  DumpFile(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  [[nodiscard]] absl::Status Problem(absl::StatusCode code, const char* sentence) const;

  std::string path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::string before_;
  std::uint64_t line_number_ = 0;
};

// Reads one line of `file` into `line`, newline removed. False at the end; `is_whole` tells whether
// the line ended with a newline.
bool ReadLine(std::FILE* file, std::string& line, bool& is_whole);

}  // namespace lockstepctl
