// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Entries of a list that are numbered by an auto-id leaf, wherever they are, and sets of numbers.
//
// Threads: one object, one thread.

#pragma once

#include <cstdint>
#include <functional>
#include <unordered_set>
#include <vector>

#include "configsync/tree/tree.h"

namespace configsync {

// Auto-id leaves of lists at and below `schema`, at the end of `leaves`.
void CollectIdLeaves(const SchemaNode& schema, std::vector<const SchemaNode*>& leaves);

// Visits the entries of the list `way.back()`, whatever lists are above it. Their paths are made
// only when asked for: there may be a hundred thousand.
class EntryWalk {
 public:
  using Visitor = std::function<void(const Node& entry, const EntryWalk& walk)>;

  EntryWalk(const std::vector<const SchemaNode*>& way, const Visitor& visit)
      : way_(way), visit_(visit) {}

  void Run(const Tree& tree) { Descend(tree.root()); }

  [[nodiscard]] Path Here() const;

 private:
  void Descend(const Node& node);

  const std::vector<const SchemaNode*>& way_;
  const Visitor& visit_;
  std::vector<const Node*> nodes_;
};

// The nodes from below the root to the list of an auto-id leaf.
[[nodiscard]] std::vector<const SchemaNode*> WayTo(const SchemaNode& leaf);

// The leaf of an entry; null: it has none.
[[nodiscard]] const Node* LeafOf(const Node& entry, const SchemaNode& leaf);

[[nodiscard]] std::uint64_t NumberOf(const Node* node);  // 0 of null.

// Numbers that are taken: a bit each as far as ranges are small, which they are.
class NumberSet {
 public:
  // False: it was there.
  bool Insert(std::uint64_t number) {
    if (number >= kBits) return others_.insert(number).second;
    if (bits_.size() <= number) bits_.resize(static_cast<std::size_t>(number) + 1);
    const bool is_new = !bits_[static_cast<std::size_t>(number)];
    bits_[static_cast<std::size_t>(number)] = true;
    return is_new;
  }
  [[nodiscard]] bool Has(std::uint64_t number) const {
    return number < kBits ? number < bits_.size() && bits_[static_cast<std::size_t>(number)]
                          : others_.contains(number);
  }

 private:
  static constexpr std::uint64_t kBits = 1u << 16;
  std::vector<bool> bits_;
  std::unordered_set<std::uint64_t> others_;
};

}  // namespace configsync
