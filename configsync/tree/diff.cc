// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "configsync/tree/contents_diff.h"
#include "configsync/tree/node_maker.h"
#include "configsync/tree/order_diff.h"
#include "configsync/tree/tree.h"

namespace configsync {

namespace {

std::vector<std::string> KeysOf(const Node& entry) {
  std::vector<std::string> keys;
  keys.reserve(entry.key_count());
  for (std::size_t i = 0; i < entry.key_count(); ++i) keys.emplace_back(entry.key(i));
  return keys;
}

const ListBody& BodyOrNone(const Node* list) {
  static const ListBody kNone;
  return list == nullptr ? kNone : NodeMaker::Body(*list);
}

class Differ {
 public:
  // REQUIRES: hashes differ.
  void Branch(const Node& a, const Node& b) {
    const std::span<const NodePtr> before = a.children();
    const std::span<const NodePtr> after = b.children();
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < before.size() || j < after.size()) {
      const bool take_before =
          j == after.size() ||
          (i < before.size() && before[i]->schema().index <= after[j]->schema().index);
      const bool take_after =
          i == before.size() ||
          (j < after.size() && after[j]->schema().index <= before[i]->schema().index);
      Child(take_before ? before[i] : nullptr, take_after ? after[j] : nullptr);
      i += take_before ? 1 : 0;
      j += take_after ? 1 : 0;
    }
  }

  std::vector<Change> TakeChanges() { return std::move(changes_); }

 private:
  // One of an entry of a user-ordered list; `place` is its index in the order after.
  struct Step {
    std::size_t place = 0;
    EntryId id;
    bool is_placed = false;
    bool is_new = false;
  };
  struct EntryPair {
    NodePtr before;
    NodePtr after;
  };
  using EntryPairs = std::unordered_map<EntryId, EntryPair, EntryIdHash>;

  void Add(ChangeKind kind, const NodePtr& before, const NodePtr& after,
           std::optional<After> place = std::nullopt) {
    changes_.push_back({kind, path_, before, after, std::move(place)});
  }

  void Child(const NodePtr& a, const NodePtr& b) {
    if (a == b || (a && b && a->hash() == b->hash())) return;
    const Node& any = a ? *a : *b;
    path_.push_back({&any.schema(), {}});
    if (any.role() == NodeRole::kList || any.role() == NodeRole::kLeafList) {
      List(any.schema(), BodyOrNone(a.get()), BodyOrNone(b.get()));
    } else if (!a || !b) {
      Add(a ? ChangeKind::kRemoved : ChangeKind::kAdded, a, b);
    } else if (any.role() == NodeRole::kLeaf) {
      Add(ChangeKind::kModified, a, b);
    } else {
      Branch(*a, *b);
    }
    path_.pop_back();
  }

  void List(const SchemaNode& schema, const ListBody& a, const ListBody& b) {
    if (schema.order == ListOrder::kUser) {
      UserList(schema, a, b);
      return;
    }
    DiffContents(schema, a.contents, b.contents, [this](const Link* before, const Link* after) {
      const NodePtr none;
      Entry(before != nullptr ? before->entry : none, after != nullptr ? after->entry : none,
            std::nullopt);
    });
  }

  void Entry(const NodePtr& a, const NodePtr& b, std::optional<After> place) {
    path_.back().keys = KeysOf(a ? *a : *b);
    if (!a || !b) {
      Add(a ? ChangeKind::kRemoved : ChangeKind::kAdded, a, b, std::move(place));
    } else {
      Branch(*a, *b);
    }
    path_.back().keys.clear();
  }

  void UserList(const SchemaNode& schema, const ListBody& a, const ListBody& b) {
    EntryPairs pairs;
    DiffContents(schema, a.contents, b.contents, [&](const Link* before, const Link* after) {
      EntryPair& pair = pairs[before != nullptr ? before->id : after->id];
      if (before != nullptr) pair.before = before->entry;
      if (after != nullptr) pair.after = after->entry;
    });
    const auto is_alone = [&pairs](const EntryId& id) {
      const auto found = pairs.find(id);
      return found != pairs.end() && (!found->second.before || !found->second.after);
    };
    OrderDiff orders;
    if (!a.order || !b.order || a.order->hash != b.order->hash) {
      orders = DiffOrders(a.order, b.order, is_alone, is_alone);
    }
    for (const EntryId& id : orders.removed) Entry(pairs.at(id).before, nullptr, std::nullopt);
    for (const Step& step : StepsOf(orders, pairs, b.order)) EntryStep(step, pairs, a, b);
  }

  // What was placed and what was changed, in the order after.
  static std::vector<Step> StepsOf(const OrderDiff& orders, const EntryPairs& pairs,
                                   const LinkPtr& order) {
    std::vector<Step> steps;
    for (const OrderDiff::Placed& placed : orders.placed) {
      steps.push_back({placed.index, placed.id, true, placed.is_new});
    }
    std::vector<EntryId> changed;
    for (const auto& [id, pair] : pairs) {
      if (pair.before && pair.after) changed.push_back(id);
    }
    if (changed.size() == 1 && steps.empty()) {
      steps.push_back({0, changed[0]});  // Nothing to be ordered, so its place is not looked for.
      return steps;
    }
    if (changed.size() <= 4) {
      for (const EntryId& id : changed) steps.push_back({IndexOf(order.get(), id), id});
    } else {
      std::size_t place = 0;
      VisitLinks(order.get(), [&](const Link& link) {
        const auto found = pairs.find(link.id);
        if (found != pairs.end() && found->second.before) steps.push_back({place, link.id});
        ++place;
        return true;
      });
    }
    std::sort(steps.begin(), steps.end(), [](const Step& x, const Step& y) {
      // A moved entry that was changed too: first it is moved.
      return x.place != y.place ? x.place < y.place : x.is_placed && !y.is_placed;
    });
    return steps;
  }

  void EntryStep(const Step& step, const EntryPairs& pairs, const ListBody& a, const ListBody& b) {
    std::optional<After> place;
    if (step.is_placed) {
      place.emplace();
      if (step.place > 0) {
        const EntryId& before = LinkAt(b.order.get(), step.place - 1)->id;
        *place = KeysOf(*FindById(b.contents.get(), before)->entry);
      }
    }
    if (step.is_placed && !step.is_new) {
      const NodePtr& before = FindById(a.contents.get(), step.id)->entry;
      path_.back().keys = KeysOf(*before);
      Add(ChangeKind::kMoved, before, FindById(b.contents.get(), step.id)->entry, std::move(place));
      path_.back().keys.clear();
      return;
    }
    const EntryPair& pair = pairs.at(step.id);
    Entry(pair.before, pair.after, std::move(place));
  }

  Path path_;
  std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> Diff(const Tree& a, const Tree& b) {
  Differ differ;
  if (a.hash() != b.hash()) differ.Branch(a.root(), b.root());
  return differ.TakeChanges();
}

namespace {

class EditMaker {
 public:
  void Add(const Change& change) {
    path_ = change.path;
    switch (change.kind) {
      case ChangeKind::kRemoved:
        edits_.push_back({EditOp::kDelete, path_, "", std::nullopt});
        break;
      case ChangeKind::kMoved:
        edits_.push_back({EditOp::kMove, path_, "", change.after});
        break;
      case ChangeKind::kAdded:
      case ChangeKind::kModified:
        Set(*change.after_node, change.after);
        break;
    }
  }

  std::vector<Edit> TakeEdits() { return std::move(edits_); }

 private:
  // Everything at and below the node, whose path is path_. Setting what is in an entry makes it, at
  // the end of its list.
  void Set(const Node& node, const std::optional<After>& place) {
    const std::size_t key_count = node.role() == NodeRole::kEntry ? node.key_count() : 0;
    const bool means_something =
        node.role() != NodeRole::kContainer || node.schema().kind == NodeKind::kPresenceContainer;
    if (means_something && (place || node.children().size() == key_count)) {
      edits_.push_back({EditOp::kSet, path_, std::string(node.value()), place});
      if (node.role() == NodeRole::kValue) edits_.back().value.clear();
    }
    for (const NodePtr& child : node.children().subspan(key_count)) {
      path_.push_back({&child->schema(), {}});
      if (child->role() == NodeRole::kList || child->role() == NodeRole::kLeafList) {
        child->VisitEntries([this](const Node& entry) {
          path_.back().keys = KeysOf(entry);
          Set(entry, std::nullopt);
          return true;
        });
      } else {
        Set(*child, std::nullopt);
      }
      path_.pop_back();
    }
  }

  Path path_;
  std::vector<Edit> edits_;
};

}  // namespace

std::vector<Edit> EditsOf(std::span<const Change> changes) {
  EditMaker maker;
  for (const Change& change : changes) maker.Add(change);
  return maker.TakeEdits();
}

}  // namespace configsync
