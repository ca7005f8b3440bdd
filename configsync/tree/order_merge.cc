// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/order_merge.h"

#include <cstddef>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "configsync/tree/order_diff.h"

namespace configsync {

namespace {

using Ids = std::vector<EntryId>;
using IdSet = std::unordered_set<EntryId, EntryIdHash>;
using Places = std::unordered_map<EntryId, std::size_t, EntryIdHash>;

// One side's order, what it moved, and where the frame divides it.
struct Side {
  Ids order;
  Places places;
  IdSet moved;
  Places gaps;             // Of entries outside of the frame: entries of the frame before them.
  std::vector<Ids> parts;  // [gap]: what this side puts there.
};

Side SideOf(const LinkPtr& order, const std::function<bool(const EntryId&)>& stays,
            const Ids& base) {
  Side side;
  side.order.reserve(CountOf(order));
  side.places.reserve(CountOf(order));
  VisitLinks(order.get(), [&](const Link& link) {
    if (stays(link.id)) {
      side.places.emplace(link.id, side.order.size());
      side.order.push_back(link.id);
    }
    return true;
  });
  Ids common;
  std::vector<std::size_t> places;
  for (const EntryId& id : base) {
    const auto found = side.places.find(id);
    if (found == side.places.end()) continue;
    common.push_back(id);
    places.push_back(found->second);
  }
  const std::vector<bool> in_place = LongestIncreasing(places);
  for (std::size_t i = 0; i < common.size(); ++i) {
    if (!in_place[i]) side.moved.insert(common[i]);
  }
  return side;
}

class OrderMerger {
 public:
  OrderMerger(Ids base, Side mine, Side theirs, Prefer prefer)
      : base_(std::move(base)),
        mine_(std::move(mine)),
        theirs_(std::move(theirs)),
        prefers_mine_(prefer == Prefer::kMine) {}

  OrderMerge Run() {
    for (const EntryId& id : base_) {
      if (mine_.places.contains(id) && theirs_.places.contains(id) && !mine_.moved.contains(id) &&
          !theirs_.moved.contains(id)) {
        frame_.push_back(id);
      }
    }
    const IdSet frame(frame_.begin(), frame_.end());
    FindGaps(mine_, frame);
    FindGaps(theirs_, frame);
    Distribute(mine_, theirs_, frame, true);
    Distribute(theirs_, mine_, frame, false);
    for (std::size_t gap = 0; gap <= frame_.size(); ++gap) {
      if (gap > 0) merge_.order.push_back(frame_[gap - 1]);
      MergeGap(mine_.parts[gap], theirs_.parts[gap]);
    }
    return std::move(merge_);
  }

 private:
  void FindGaps(Side& side, const IdSet& frame) const {
    std::size_t gap = 0;
    for (const EntryId& id : side.order) {
      if (frame.contains(id)) {
        ++gap;
      } else {
        side.gaps.emplace(id, gap);
      }
    }
    side.parts.resize(frame_.size() + 1);
  }

  // What this side has a say in: entries that it alone has, or moved, or that both put somewhere.
  void Distribute(Side& side, const Side& other, const IdSet& frame, bool is_mine) {
    for (const EntryId& id : side.order) {
      if (frame.contains(id)) continue;
      const bool both_have_it = other.places.contains(id);
      const bool other_alone_moved = other.moved.contains(id) && !side.moved.contains(id);
      if (both_have_it && other_alone_moved) continue;
      const bool both_put_it = both_have_it && other.moved.contains(id) == side.moved.contains(id);
      const std::size_t gap = side.gaps.at(id);
      if (both_put_it && other.gaps.at(id) != gap) {
        if (is_mine) merge_.conflicts.push_back({ConflictReason::kMovedApart, id, id});
        if (is_mine != prefers_mine_) continue;
      }
      side.parts[gap].push_back(id);
    }
  }

  void MergeGap(const Ids& mine, Ids theirs) {
    const IdSet in_mine(mine.begin(), mine.end());
    const IdSet in_theirs(theirs.begin(), theirs.end());
    Ids common_mine;
    Ids common_theirs;
    for (const EntryId& id : mine) {
      if (in_theirs.contains(id)) common_mine.push_back(id);
    }
    for (const EntryId& id : theirs) {
      if (in_mine.contains(id)) common_theirs.push_back(id);
    }
    Ids kept_mine = mine;
    if (common_mine != common_theirs) {
      // The same entries in another order: the preferred side's, and the other's own behind.
      const auto [a, b] = std::mismatch(common_mine.begin(), common_mine.end(),
                                        common_theirs.begin(), common_theirs.end());
      merge_.conflicts.push_back({ConflictReason::kSamePlace, *a, *b});
      std::erase_if(prefers_mine_ ? theirs : kept_mine, [&](const EntryId& id) {
        return in_mine.contains(id) && in_theirs.contains(id);
      });
      common_mine.clear();
    }
    MergeParts(kept_mine, theirs, common_mine);
  }

  // Both have `common` in the same order.
  void MergeParts(std::span<const EntryId> mine, std::span<const EntryId> theirs,
                  std::span<const EntryId> common) {
    while (true) {
      const std::span<const EntryId> my_part = PartBefore(mine, common);
      const std::span<const EntryId> their_part = PartBefore(theirs, common);
      if (!my_part.empty() && !their_part.empty()) {
        merge_.conflicts.push_back(
            {ConflictReason::kSamePlace, my_part.front(), their_part.front()});
      }
      Append(prefers_mine_ ? my_part : their_part);
      Append(prefers_mine_ ? their_part : my_part);
      if (common.empty()) return;
      merge_.order.push_back(common.front());
      common = common.subspan(1);
    }
  }

  // Takes what stands before the first of `common`, and that one too.
  static std::span<const EntryId> PartBefore(std::span<const EntryId>& side,
                                             std::span<const EntryId> common) {
    std::size_t count = 0;
    while (count < side.size() && (common.empty() || side[count] != common.front())) ++count;
    const std::span<const EntryId> part = side.first(count);
    side = side.subspan(common.empty() ? count : count + 1);
    return part;
  }

  void Append(std::span<const EntryId> part) {
    merge_.order.insert(merge_.order.end(), part.begin(), part.end());
  }

  Ids base_;
  Side mine_;
  Side theirs_;
  bool prefers_mine_;
  Ids frame_;
  OrderMerge merge_;
};

}  // namespace

OrderMerge MergeOrders(const LinkPtr& base, const LinkPtr& mine, const LinkPtr& theirs,
                       const std::function<bool(const EntryId&)>& stays, Prefer prefer) {
  Ids base_order;
  VisitLinks(base.get(), [&](const Link& link) {
    if (stays(link.id)) base_order.push_back(link.id);
    return true;
  });
  Side my_side = SideOf(mine, stays, base_order);
  Side their_side = SideOf(theirs, stays, base_order);
  return OrderMerger(std::move(base_order), std::move(my_side), std::move(their_side), prefer)
      .Run();
}

}  // namespace configsync
