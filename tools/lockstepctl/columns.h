// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Text tables: upper-case headers, columns as wide as their widest cell, numbers to the right.

#pragma once

#include <string>
#include <vector>

namespace lockstepctl {

class Columns {
 public:
  explicit Columns(std::vector<std::string> headers) { rows_.push_back(std::move(headers)); }

  // REQUIRES: as many cells as headers.
  void Add(std::vector<std::string> cells);

  // Header and rows, one line each; "-" for an empty cell, so that `awk` counts columns rightly.
  [[nodiscard]] std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // rows_[0] are the headers.
};

}  // namespace lockstepctl
