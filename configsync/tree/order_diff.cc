// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/order_diff.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace configsync {

namespace {

// Walks an order from one end; what is next is a whole subtree until it is opened.
class Cursor {
 public:
  Cursor(const Link* top, bool from_end) : from_end_(from_end) {
    if (top != nullptr) stack_.push_back({top, true});
  }

  [[nodiscard]] bool empty() const { return stack_.empty(); }
  [[nodiscard]] const Link& next() const { return *stack_.back().link; }
  [[nodiscard]] bool is_subtree() const { return stack_.back().whole; }
  [[nodiscard]] std::size_t next_count() const {
    return stack_.back().whole ? stack_.back().link->count : 1;
  }
  [[nodiscard]] bool is_single() const { return next_count() == 1; }
  [[nodiscard]] std::size_t consumed() const { return consumed_; }

  void Consume() {
    consumed_ += next_count();
    stack_.pop_back();
  }
  void Open() {
    const Link* link = stack_.back().link;
    stack_.pop_back();
    const Link* far = (from_end_ ? link->left : link->right).get();
    const Link* near = (from_end_ ? link->right : link->left).get();
    if (far != nullptr) stack_.push_back({far, true});
    stack_.push_back({link, false});
    if (near != nullptr) stack_.push_back({near, true});
  }

 private:
  struct Item {
    const Link* link;
    bool whole;  // Else the link alone.
  };
  bool from_end_;
  std::size_t consumed_ = 0;
  std::vector<Item> stack_;
};

class OrderDiffer {
 public:
  OrderDiffer(const LinkPtr& a, const LinkPtr& b,
              const std::function<bool(const EntryId&)>& is_removed,
              const std::function<bool(const EntryId&)>& is_new)
      : a_(a), b_(b), is_removed_(is_removed), is_new_(is_new) {}

  OrderDiff Run() {
    Cursor a(a_.get(), false);
    Cursor b(b_.get(), false);
    Walk(a, b, false);
    if (a.empty() && b.empty()) return std::move(diff_);
    if (TrySingleMove(a, b, true) || TrySingleMove(a, b, false)) return std::move(diff_);
    // The same from the end: it cannot meet the first walk, which ended at two entries that both
    // orders have at different places.
    OrderDiff first = std::exchange(diff_, {});
    Cursor a_end(a_.get(), true);
    Cursor b_end(b_.get(), true);
    Walk(a_end, b_end, true);
    OrderDiff last = std::exchange(diff_, std::move(first));
    Middle(a.consumed(), CountOf(a_) - a_end.consumed(), b.consumed(),
           CountOf(b_) - b_end.consumed());
    diff_.removed.insert(diff_.removed.end(), last.removed.rbegin(), last.removed.rend());
    diff_.placed.insert(diff_.placed.end(), last.placed.rbegin(), last.placed.rend());
    return std::move(diff_);
  }

 private:
  // Whether the rest differs by one entry that went to a later place (else: to an earlier one).
  // Then no difference has fewer moves, and nothing between has to be looked at.
  bool TrySingleMove(Cursor a, Cursor b, bool later) {
    const OrderDiff before = diff_;
    Cursor& first = later ? a : b;
    Cursor& second = later ? b : a;
    const EntryId id = first.next().id;
    if (!later) diff_.placed.push_back({id, b.consumed(), false});
    first.Consume();
    Walk(a, b, false);
    if (!second.empty() && second.is_single() && second.next().id == id) {
      if (later) diff_.placed.push_back({id, b.consumed(), false});
      second.Consume();
      Walk(a, b, false);
      if (a.empty() && b.empty()) return true;
    }
    diff_ = before;
    return false;
  }

  // Until one has nothing left, or both have an entry next that was moved over.
  void Walk(Cursor& a, Cursor& b, bool from_end) {
    while (!a.empty() || !b.empty()) {
      if (!a.empty() && (b.empty() || a.is_single())) {
        if (!a.is_single()) {
          a.Open();
          continue;
        }
        if (is_removed_(a.next().id)) {
          diff_.removed.push_back(a.next().id);
          a.Consume();
          continue;
        }
      }
      if (!b.empty() && (a.empty() || b.is_single())) {
        if (!b.is_single()) {
          b.Open();
          continue;
        }
        if (is_new_(b.next().id)) {
          const std::size_t index = from_end ? CountOf(b_) - b.consumed() - 1 : b.consumed();
          diff_.placed.push_back({b.next().id, index, true});
          b.Consume();
          continue;
        }
      }
      if (a.empty() || b.empty()) return;
      if (a.is_subtree() && b.is_subtree() && a.next().hash == b.next().hash) {
        a.Consume();
        b.Consume();
      } else if (!a.is_single() && a.next_count() >= b.next_count()) {
        a.Open();
      } else if (!b.is_single()) {
        b.Open();
      } else if (a.next().id == b.next().id) {
        a.Consume();
        b.Consume();
      } else {
        return;
      }
    }
  }

  void Middle(std::size_t a_begin, std::size_t a_end, std::size_t b_begin, std::size_t b_end) {
    std::unordered_map<EntryId, std::size_t, EntryIdHash> place_in_a;
    VisitRange(a_.get(), a_begin, a_end, [&](const Link& link) {
      if (is_removed_(link.id)) {
        diff_.removed.push_back(link.id);
      } else {
        place_in_a.emplace(link.id, place_in_a.size());
      }
    });
    std::vector<OrderDiff::Placed> sequence;
    std::vector<std::size_t> places;
    VisitRange(b_.get(), b_begin, b_end, [&](const Link& link) {
      sequence.push_back({link.id, b_begin + sequence.size(), is_new_(link.id)});
      if (!sequence.back().is_new) places.push_back(place_in_a.at(link.id));
    });
    const std::vector<bool> stays = LongestIncreasing(places);
    std::size_t common = 0;
    for (const OrderDiff::Placed& placed : sequence) {
      if (placed.is_new || !stays[common++]) diff_.placed.push_back(placed);
    }
  }

  const LinkPtr& a_;
  const LinkPtr& b_;
  const std::function<bool(const EntryId&)>& is_removed_;
  const std::function<bool(const EntryId&)>& is_new_;
  OrderDiff diff_;
};

}  // namespace

OrderDiff DiffOrders(const LinkPtr& a, const LinkPtr& b,
                     const std::function<bool(const EntryId&)>& is_removed,
                     const std::function<bool(const EntryId&)>& is_new) {
  return OrderDiffer(a, b, is_removed, is_new).Run();
}

std::vector<bool> LongestIncreasing(std::span<const std::size_t> values) {
  constexpr std::size_t kNone = ~std::size_t{0};
  // ends[n]: index of the smallest value that ends an increasing subsequence of n + 1 values.
  std::vector<std::size_t> ends;
  std::vector<std::size_t> before(values.size(), kNone);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto place = std::lower_bound(
        ends.begin(), ends.end(), values[i],
        [&](std::size_t index, std::size_t value) { return values[index] < value; });
    if (place != ends.begin()) before[i] = *(place - 1);
    if (place == ends.end()) {
      ends.push_back(i);
    } else {
      *place = i;
    }
  }
  std::vector<bool> in(values.size(), false);
  for (std::size_t i = ends.empty() ? kNone : ends.back(); i != kNone; i = before[i]) in[i] = true;
  return in;
}

}  // namespace configsync
