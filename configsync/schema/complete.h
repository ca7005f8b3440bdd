// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What may follow on a command line, for completion and for `?`.
//
// Threads: values only; Schema::Canonical serialises its callers.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/schema/schema.h"
#include "configsync/tree/tree.h"

namespace configsync {

enum class CandidateKind : std::uint8_t {
  kContainer,
  kList,
  kLeaf,   // Or leaf-list.
  kKey,    // Of an entry that `tree` has.
  kValue,  // That the type names, or an entry that a reference may name.
  kHint,   // No word: what kind of text belongs here. Last, and only where `partial` is empty.
};

struct Candidate {
  std::string word;  // Empty: a hint.
  std::string help;  // One sentence; of hints the type.
  CandidateKind kind = CandidateKind::kLeaf;
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

// What may follow `words` after `verb`, beginning with `partial`: for "set" what the schema has;
// for any other verb what `tree` has. Words that name no place have no candidates. Secrets are
// none. Limits: kCandidatesMax. Cost: O(candidates), and O(entries) of a list whose keys are
// wanted.
[[nodiscard]] std::vector<Candidate> Complete(const Schema& schema, const Tree& tree,
                                              std::string_view verb,
                                              std::span<const std::string> words,
                                              std::string_view partial);

[[nodiscard]] std::string_view KindName(CandidateKind kind);  // "container", "list", …

}  // namespace configsync
