// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which entries differ between two lists of the same schema node. For the files of this folder.
//
// Two treaps are walked together, and equal hashes end the walk. Where the tops differ, the higher
// one cannot be in the other treap, whose shape would have it on top: that treap is split at it.

#pragma once

#include "configsync/tree/sequence.h"

namespace configsync {

// Calls visit(const Link* a, const Link* b) for each entry that differs, in the order of the
// contents; null: it is not there. Links are valid during the call; entries as long as a list.
// Cost: O(differences · log n).
template <typename Visit>
void DiffContents(const SchemaNode& list, const LinkPtr& a, const LinkPtr& b, const Visit& visit) {
  if (a == b) return;
  if (!a) {
    VisitLinks(b.get(), [&](const Link& link) { return visit(nullptr, &link), true; });
    return;
  }
  if (!b) {
    VisitLinks(a.get(), [&](const Link& link) { return visit(&link, nullptr), true; });
    return;
  }
  // Links of a split are stale: they have no hash.
  if (a->stale == 0 && b->stale == 0 && a->hash == b->hash) return;
  if (a->id == b->id) {
    DiffContents(list, a->left, b->left, visit);
    if (a->entry != b->entry && a->entry->hash() != b->entry->hash()) visit(a.get(), b.get());
    DiffContents(list, a->right, b->right, visit);
  } else if (IsAbove(a->id, b->id)) {
    const LinkPair parts = SplitLinks(b, Probe(list, *a));
    DiffContents(list, a->left, parts.left, visit);
    visit(a.get(), nullptr);
    DiffContents(list, a->right, parts.right, visit);
  } else {
    const LinkPair parts = SplitLinks(a, Probe(list, *b));
    DiffContents(list, parts.left, b->left, visit);
    visit(nullptr, b.get());
    DiffContents(list, parts.right, b->right, visit);
  }
}

}  // namespace configsync
