// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Many lines, sorted bytewise: one buffer and 16 bytes a line, so a million entries are no trouble.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstepctl {

class SortedLines {
 public:
  void Add(const std::string& line) {
    lines_.push_back({bytes_.size(), static_cast<std::uint32_t>(line.size())});
    bytes_ += line;
  }
  void Sort();

  [[nodiscard]] std::size_t size() const { return lines_.size(); }
  [[nodiscard]] std::string_view line(std::size_t i) const { return Of(lines_[i]); }

 private:
  struct Line {
    std::size_t offset;
    std::uint32_t bytes;
  };
  [[nodiscard]] std::string_view Of(const Line& line) const {
    return std::string_view(bytes_).substr(line.offset, line.bytes);
  }

  std::string bytes_;
  std::vector<Line> lines_;
};

}  // namespace lockstepctl
