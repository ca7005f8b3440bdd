// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The order of a long user-ordered list while many entries come, go and move: each step takes O(1),
// where a step in the treap has to look for the place of an entry.
//
// Threads: one object, one thread.

#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "configsync/tree/sequence.h"

namespace configsync {

class OrderEditor {
 public:
  explicit OrderEditor(LinkPtr order);

  [[nodiscard]] bool Contains(const EntryId& id) const { return index_of_.contains(id); }
  // Behind `anchor`; without one: at the front. REQUIRES: `id` is not in, the anchor is.
  void InsertBehind(const std::optional<EntryId>& anchor, const EntryId& id);
  void Append(const EntryId& id);
  void Erase(const EntryId& id);  // REQUIRES: it is in.

  // The order as it is now; shares with the one before whatever comes out the same. Cost: O(n).
  [[nodiscard]] LinkPtr Finish() const;

 private:
  // Items form a ring that begins and ends at items_[0], which stands for no entry.
  struct Item {
    EntryId id;
    const Link* old = nullptr;
    std::uint32_t before = 0;
    std::uint32_t behind = 0;
  };
  void InsertAt(std::uint32_t before, const EntryId& id, const Link* old);

  LinkPtr old_order_;
  std::vector<Item> items_;
  std::unordered_map<EntryId, std::uint32_t, EntryIdHash> index_of_;
};

}  // namespace configsync
