// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Until the library of selections has its own.

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "configsync/select/selection.h"

namespace configsync {
__attribute__((weak)) std::string Encode(const SelectionSpec& spec) {
  return "spec\n" + absl::StrJoin(spec.categories, "\n");
}
__attribute__((weak)) absl::StatusOr<SelectionSpec> DecodeSpec(std::string_view text) {
  std::vector<std::string> lines = absl::StrSplit(std::string(text), '\n');
  if (lines[0] != "spec") return absl::InvalidArgumentError("no spec");
  SelectionSpec spec;
  spec.categories.assign(lines.begin() + 1, lines.end());
  return spec;
}
}  // namespace configsync
