// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Our own passes over a whole configuration. They find every mistake of their kinds, where libyang
// stops at the first: nodes that must be there, numbers of elements, values that must differ, names
// that mean two things, references without a target.
//
// Threads: one object, one thread; knows nodes of a schema, not libyang.

#pragma once

#include <optional>
#include <span>

#include "configsync/schema/problem.h"
#include "configsync/tree/references.h"
#include "configsync/tree/tree.h"

namespace configsync {

// Cost: O(nodes); memory for the values of unique leaves and the reference index.
void FindMistakes(const Tree& tree, Problems& problems);

// The same for one configuration after another: what has not changed since the last good one is
// not looked at again.
class MistakeFinder {
 public:
  // Cost: O(changes · log n) after a good configuration, and O(n) of a list in which a unique value
  // or an entry changed; as FindMistakes of the first one, and where something is wrong.
  void Find(const Tree& tree, Problems& problems);

 private:
  // False: something may be wrong; then FindMistakes says what.
  [[nodiscard]] bool LooksGood(const Tree& tree, std::span<const Change> changes) const;

  std::optional<ReferenceIndex> references_;
  std::optional<Tree> good_;  // The last one without mistakes.
};

}  // namespace configsync
