// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/merge.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "configsync/tree/contents_diff.h"
#include "configsync/tree/node_maker.h"
#include "configsync/tree/order_merge.h"

namespace configsync {

namespace {

bool AreSame(const NodePtr& a, const NodePtr& b) {
  return a == b || (a && b && a->hash() == b->hash());
}

bool HaveSameOrder(const ListBody& a, const ListBody& b) {
  return a.order == b.order || (a.order && b.order && a.order->hash == b.order->hash);
}

using IdSet = std::unordered_set<EntryId, EntryIdHash>;

struct Three {
  NodePtr base;
  NodePtr mine;
  NodePtr theirs;
};

class Merger {
 public:
  explicit Merger(Prefer prefer) : prefer_(prefer) {}

  // Null: it is not in the result.
  NodePtr Merge(const Three& nodes) {
    const auto& [base, mine, theirs] = nodes;
    if (AreSame(mine, theirs) || AreSame(base, theirs)) return mine;
    if (AreSame(base, mine)) return theirs;
    const Node& any = mine ? *mine : *theirs;
    switch (any.role()) {
      case NodeRole::kList:
      case NodeRole::kLeafList:
        return MergeList(any.schema(), nodes);
      case NodeRole::kLeaf:
        return Clash(
            mine && theirs ? ConflictReason::kBothChanged : ConflictReason::kDeletedAndChanged,
            nodes);
      case NodeRole::kValue:
        return mine;  // Values that are both there are the same.
      case NodeRole::kContainer:
      case NodeRole::kEntry:
        // Without meaning of its own, a container that is gone is an empty one.
        if (any.schema().kind != NodeKind::kContainer && (!mine || !theirs)) {
          return Clash(ConflictReason::kDeletedAndChanged, nodes);
        }
        return MergeBranch(any, nodes);
    }
    return mine;
  }

  std::vector<Conflict> TakeConflicts() { return std::move(conflicts_); }
  [[nodiscard]] const absl::Status& status() const { return status_; }

 private:
  NodePtr Clash(ConflictReason reason, const Three& nodes) {
    conflicts_.push_back({path_, reason, nodes.base, nodes.mine, nodes.theirs});
    return prefer_ == Prefer::kMine ? nodes.mine : nodes.theirs;
  }

  NodePtr MergeBranch(const Node& any, const Three& nodes) {
    std::array<std::span<const NodePtr>, 3> rest;
    if (nodes.base) rest[0] = nodes.base->children();
    if (nodes.mine) rest[1] = nodes.mine->children();
    if (nodes.theirs) rest[2] = nodes.theirs->children();
    std::vector<NodePtr> children;
    while (true) {
      const SchemaNode* first = nullptr;
      for (const std::span<const NodePtr>& side : rest) {
        if (!side.empty() && (first == nullptr || side[0]->schema().index < first->index)) {
          first = &side[0]->schema();
        }
      }
      if (first == nullptr) break;
      std::array<NodePtr, 3> taken;
      for (std::size_t i = 0; i < rest.size(); ++i) {
        if (rest[i].empty() || &rest[i][0]->schema() != first) continue;
        taken[i] = rest[i][0];
        rest[i] = rest[i].subspan(1);
      }
      path_.push_back({first, {}});
      NodePtr merged = Merge({taken[0], taken[1], taken[2]});
      path_.pop_back();
      if (merged) children.push_back(std::move(merged));
    }
    for (const NodePtr& side : {nodes.mine, nodes.theirs}) {
      if (side && std::ranges::equal(side->children(), children)) return side;
    }
    if (children.empty() && any.schema().kind == NodeKind::kContainer && !path_.empty()) {
      return nullptr;
    }
    return NodeMaker::MakeBranch(any.role(), any.schema(), children);
  }

  struct Bodies {
    const ListBody& base;
    const ListBody& mine;
    const ListBody& theirs;
  };

  NodePtr MergeList(const SchemaNode& schema, const Three& nodes) {
    static const ListBody kNone;
    const auto body_of = [](const NodePtr& node) -> const ListBody& {
      return node ? NodeMaker::Body(*node) : kNone;
    };
    const Bodies bodies{body_of(nodes.base), body_of(nodes.mine), body_of(nodes.theirs)};
    IdSet touched;
    LinkPtr contents = MergeContents(schema, bodies, touched);
    if (!contents || !status_.ok()) return nullptr;
    LinkPtr order;
    if (schema.order == ListOrder::kUser) order = MergeOrder(contents, bodies, touched);
    if (IsDeeper(order.get(), kTreapDepthMax)) status_ = TooDeep(schema);
    return NodeMaker::MakeList(schema, std::move(contents), std::move(order));
  }

  // Takes mine, and does to it what they did. `touched`: what differs from base on any side; all
  // else is everywhere.
  LinkPtr MergeContents(const SchemaNode& schema, const Bodies& bodies, IdSet& touched) {
    std::unordered_map<EntryId, NodePtr, EntryIdHash> my_changes;
    DiffContents(schema, bodies.base.contents, bodies.mine.contents,
                 [&](const Link* before, const Link* after) {
                   const EntryId& id = before != nullptr ? before->id : after->id;
                   my_changes[id] = after != nullptr ? after->entry : nullptr;
                   touched.insert(id);
                 });
    LinkPtr contents = bodies.mine.contents;
    DepthBound depth = bodies.mine.depth;
    DiffContents(schema, bodies.base.contents, bodies.theirs.contents,
                 [&](const Link* before, const Link* after) {
                   const Link& any = before != nullptr ? *before : *after;
                   touched.insert(any.id);
                   Three entries;
                   if (before != nullptr) entries.base = before->entry;
                   if (after != nullptr) entries.theirs = after->entry;
                   const auto found = my_changes.find(any.id);
                   entries.mine = found == my_changes.end() ? entries.base : found->second;
                   path_.back().keys.clear();
                   for (std::size_t i = 0; i < any.entry->key_count(); ++i) {
                     path_.back().keys.emplace_back(any.entry->key(i));
                   }
                   NodePtr merged = Merge(entries);
                   // A chain is not worked on: it would be by recursion.
                   if (!status_.ok()) return;
                   const std::size_t deeper =
                       Put(contents, any.id, Probe(schema, any), entries.mine, std::move(merged));
                   if (!depth.Grow(deeper, contents.get(), nullptr)) status_ = TooDeep(schema);
                 });
    path_.back().keys.clear();
    return contents;
  }

  // Returns how many levels the treap got deeper at most.
  static std::size_t Put(LinkPtr& contents, const EntryId& id, const Probe& probe,
                         const NodePtr& old, NodePtr entry) {
    if (old == entry) return 0;
    std::size_t deeper = 0;
    if (!entry) {
      contents = EraseLink(std::move(contents), probe, deeper);
    } else if (!old) {
      contents = InsertLink(std::move(contents), MakeLink(id, std::move(entry)), probe);
      deeper = 1;
    } else {
      OwnEntry(contents, probe) = std::move(entry);
    }
    return deeper;
  }

  LinkPtr MergeOrder(const LinkPtr& contents, const Bodies& bodies, const IdSet& touched) {
    // An order that only one side changed, or both in the same way, is the result, unless an entry
    // that it has not stays because of a conflict.
    const std::size_t count = CountOf(contents);
    if (HaveSameOrder(bodies.base, bodies.theirs) || HaveSameOrder(bodies.mine, bodies.theirs)) {
      if (CountOf(bodies.mine.order) == count) return bodies.mine.order;
    } else if (HaveSameOrder(bodies.base, bodies.mine)) {
      if (CountOf(bodies.theirs.order) == count) return bodies.theirs.order;
    }
    OrderMerge merge = MergeOrders(
        bodies.base.order, bodies.mine.order, bodies.theirs.order,
        [&](const EntryId& id) {
          return !touched.contains(id) || FindById(contents.get(), id) != nullptr;
        },
        prefer_);
    for (const OrderConflict& conflict : merge.conflicts) AddConflict(conflict, bodies);
    std::unordered_map<EntryId, const Link*, EntryIdHash> old;
    VisitLinks(bodies.mine.order.get(),
               [&](const Link& link) { return old.emplace(link.id, &link), true; });
    std::vector<FreshLink> sequence;
    sequence.reserve(merge.order.size());
    for (const EntryId& id : merge.order) {
      const auto found = old.find(id);
      sequence.push_back({id, nullptr, found == old.end() ? nullptr : found->second});
    }
    return BuildLinks(sequence);
  }

  void AddConflict(const OrderConflict& found, const Bodies& bodies) {
    const auto entry_of = [](const ListBody& body, const EntryId& id) -> NodePtr {
      const Link* link = FindById(body.contents.get(), id);
      return link == nullptr ? nullptr : link->entry;
    };
    Conflict conflict{path_, found.reason, entry_of(bodies.base, found.mine),
                      entry_of(bodies.mine, found.mine), entry_of(bodies.theirs, found.theirs)};
    for (std::size_t i = 0; i < conflict.mine->key_count(); ++i) {
      conflict.path.back().keys.emplace_back(conflict.mine->key(i));
    }
    conflicts_.push_back(std::move(conflict));
  }

  Prefer prefer_;
  Path path_;
  std::vector<Conflict> conflicts_;
  absl::Status status_;
};

}  // namespace

MergeResult Merge(const Tree& base, const Tree& mine, const Tree& theirs, Prefer prefer) {
  Merger merger(prefer);
  NodePtr root = merger.Merge({base.root_ptr(), mine.root_ptr(), theirs.root_ptr()});
  if (!merger.status().ok()) return {mine, merger.TakeConflicts(), merger.status()};
  return {mine.WithRoot(std::move(root)), merger.TakeConflicts(), absl::OkStatus()};
}

}  // namespace configsync
