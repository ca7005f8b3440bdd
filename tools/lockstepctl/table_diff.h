// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What differs between two dumps, found by merging them: one line of each in memory.
//
// An entry is named by its key, the words in front of its fields; two entries with one key and
// other fields are the same entry, changed. A line of a table unknown here is a key as a whole.
//
// Threads: one.  Memory: one line of each source, and a count per table.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/lockstepctl/line_source.h"

namespace lockstepctl {

struct TableDiffCounts {
  std::uint64_t equal = 0;
  std::uint64_t only_first = 0;
  std::uint64_t only_second = 0;
  std::uint64_t changed = 0;

  [[nodiscard]] std::uint64_t differences() const { return only_first + only_second + changed; }
};

struct FieldDifference {
  std::string name;
  std::string first;
  std::string second;
};

enum class DifferenceKind : std::uint8_t { kOnlyFirst, kOnlySecond, kChanged };

struct Difference {
  DifferenceKind kind;
  std::string_view key;                 // Of the entry, table included.
  std::string_view line;                // Whole entry, unless changed.
  std::vector<FieldDifference> fields;  // If changed.
};

// By table name.
using TableDiff = std::map<std::string, TableDiffCounts, std::less<>>;

// Calls `on_difference` for each, in the order of the keys.
// Errors: those of the sources.
absl::StatusOr<TableDiff> DiffDumps(LineSource& first, LineSource& second,
                                    const std::function<void(const Difference&)>& on_difference);

}  // namespace lockstepctl
