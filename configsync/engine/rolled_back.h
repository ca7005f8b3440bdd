// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The engine's own note: which revisions time or a boot took back last. It is written in the
// transaction that takes them back, so whoever refers to one of them can know, also after a crash.
//
// Threads: values and functions.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "configsync/tree/revision_id.h"

namespace configsync {

inline constexpr char kRolledBackNote[] = "rolled-back";

// Revision `at` and later ones have the content of `back_to`; what was between them is gone.
struct RolledBack {
  RevisionId back_to = 0;
  RevisionId at = 0;
  // What was made of `revision`, or of one after it, was taken back.
  [[nodiscard]] bool TookBackFrom(RevisionId revision) const {
    return back_to <= revision && revision < at;
  }
};

[[nodiscard]] std::string Encode(const RolledBack& rolled_back);
// Nothing: not such a text.
[[nodiscard]] std::optional<RolledBack> DecodeRolledBack(std::string_view text);

}  // namespace configsync
