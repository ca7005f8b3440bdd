// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/columns.h"

#include <algorithm>

namespace lockstepctl {
namespace {

bool IsNumber(const std::string& cell) {
  return !cell.empty() && std::all_of(cell.begin(), cell.end(),
                                      [](unsigned char c) { return c >= '0' && c <= '9'; });
}

// Numbers and empty cells, and at least one number.
bool IsNumberColumn(const std::vector<std::vector<std::string>>& rows, std::size_t column) {
  bool has_number = false;
  for (std::size_t r = 1; r < rows.size(); ++r) {
    has_number = has_number || IsNumber(rows[r][column]);
    if (!IsNumber(rows[r][column]) && rows[r][column] != "-") {
      return false;
    }
  }
  return has_number;
}

}  // namespace

void Columns::Add(std::vector<std::string> cells) {
  for (std::string& cell : cells) {
    if (cell.empty()) {
      cell = "-";
    }
  }
  cells.resize(rows_.front().size(), "-");
  rows_.push_back(std::move(cells));
}

std::string Columns::Text() const {
  const std::size_t column_count = rows_.front().size();
  std::vector<std::size_t> widths(column_count, 0);
  std::vector<bool> are_numbers(column_count);
  for (std::size_t c = 0; c < column_count; ++c) {
    are_numbers[c] = IsNumberColumn(rows_, c);
    for (const std::vector<std::string>& row : rows_) {
      widths[c] = std::max(widths[c], row[c].size());
    }
  }
  std::string text;
  for (const std::vector<std::string>& row : rows_) {
    std::string line;
    for (std::size_t c = 0; c < column_count; ++c) {
      const std::string padding(widths[c] - row[c].size(), ' ');
      line += c == 0 ? "" : "  ";
      line += are_numbers[c] ? padding + row[c] : row[c] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace lockstepctl
