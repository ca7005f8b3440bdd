// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The entries of a list as a treap: a binary search tree in which a link's priority, a hash of its
// entry's keys, is above those of its children. Its shape follows from its content alone, whatever
// the order of edits, so equal sequences have equal hashes; it is about 2 log2 n deep for n entries
// and a change copies only the way down.
//
// A system-ordered list has one treap, by key. A user-ordered list has two: the contents by id,
// where any entry is found in O(log n), and the order, a treap by position that knows the ids only.
// So a change of an entry does not touch the order, and a difference or merge of orders is a matter
// of its own.
//
// Threads: immutable once settled (node_maker.h). A link with one owner may be changed in place by
// that owner: so a batch makes no intermediate trees.

#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "configsync/schema/schema_node.h"
#include "configsync/tree/hash.h"
#include "configsync/tree/node.h"
#include "configsync/tree/ref.h"

namespace configsync {

// Names an entry within its list: the first half of SHA-256 over its keys (HASH.md). The third
// quarter is its priority.
struct EntryId {
  std::array<std::uint64_t, 2> words{};
  std::uint64_t priority = 0;
  friend bool operator==(const EntryId&, const EntryId&) = default;
  friend auto operator<=>(const EntryId&, const EntryId&) = default;
};

[[nodiscard]] EntryId IdOfKeys(std::span<const std::string_view> keys);
[[nodiscard]] EntryId IdOfKeys(std::span<const std::string> keys);
[[nodiscard]] EntryId IdOfEntry(const Node& entry);  // Also of a value.

struct EntryIdHash {
  std::size_t operator()(const EntryId& id) const { return id.words[0]; }
};

// Whose place in a treap is higher. Equal priorities are all but impossible; the id decides then,
// so that the shape is defined.
[[nodiscard]] inline bool IsAbove(const EntryId& a, const EntryId& b) {
  if (a.priority != b.priority) return a.priority > b.priority;
  return a.words > b.words;
}

struct Link;
using LinkPtr = Ref<Link>;

struct Link {
  mutable std::atomic<std::uint32_t> references{1};
  std::uint32_t count : 31 = 1;  // Of this subtree.
  std::uint32_t stale : 1 = 1;   // The hash is not computed yet.
  EntryId id;
  LinkPtr left;
  LinkPtr right;
  NodePtr entry;  // Null in the treap of an order.
  Hash hash;      // Of this subtree.

  void AddReference() const { references.fetch_add(1, std::memory_order_relaxed); }
  void DropReference() const {
    if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) Destroy();
  }

 private:
  void Destroy() const;
};

[[nodiscard]] LinkPtr MakeLink(const EntryId& id, NodePtr entry);
[[nodiscard]] inline std::size_t CountOf(const LinkPtr& link) { return link ? link->count : 0; }

// The order of keys in a system-ordered list: numbers by size, everything else by its bytes.
[[nodiscard]] int CompareKeys(const SchemaNode& list, std::span<const std::string_view> a,
                              const Node& entry);
[[nodiscard]] int CompareEntries(const Node& a, const Node& b);

// What is looked for in a treap of contents.
class Probe {
 public:
  // `keys` outlive the probe.
  Probe(const SchemaNode& list, std::span<const std::string_view> keys);
  Probe(const SchemaNode& list, const Node& entry);
  Probe(const SchemaNode& list, const Link& link);  // Of the contents.

  [[nodiscard]] int Compare(const Link& link) const;
  // Cost: one SHA-256 the first time.
  [[nodiscard]] const EntryId& id() const;

 private:
  const SchemaNode* list_;
  std::span<const std::string_view> keys_;
  const Node* entry_ = nullptr;
  mutable EntryId id_;
  mutable bool has_id_ = false;
};

// Contents. Cost of each: O(log n). A LinkPtr argument that is the only owner is changed in place.
[[nodiscard]] const Link* FindLink(const Link* top, const Probe& probe);
// Of the contents of a user-ordered list. Null: not in.
[[nodiscard]] const Link* FindById(const Link* top, const EntryId& id);
[[nodiscard]] LinkPtr InsertLink(LinkPtr top, LinkPtr fresh, const Probe& probe);  // Not in yet.
// REQUIRES: it is in. Adds to `deeper` how many levels the treap got deeper at most: an insertion
// is one, but what an erased link held apart may form a chain.
[[nodiscard]] LinkPtr EraseLink(LinkPtr top, const Probe& probe, std::size_t& deeper);
// The entry, on a way down that belongs to `top` alone. REQUIRES: it is in.
[[nodiscard]] NodePtr& OwnEntry(LinkPtr& top, const Probe& probe);
// Without the probe's own link, if it is in.
struct LinkPair {
  LinkPtr left;
  LinkPtr right;
};
[[nodiscard]] LinkPair SplitLinks(LinkPtr top, const Probe& probe);

// Orders, and contents as sequences.
inline constexpr std::size_t kNoIndex = ~std::size_t{0};
// Cost: visits the links above the id's priority: half of them on average.
[[nodiscard]] std::size_t IndexOf(const Link* top, const EntryId& id);
[[nodiscard]] const Link* LinkAt(const Link* top, std::size_t index);
[[nodiscard]] LinkPtr InsertLinkAt(LinkPtr top, LinkPtr fresh, std::size_t index);
[[nodiscard]] LinkPtr EraseLinkAt(LinkPtr top, std::size_t index, std::size_t& deeper);

// A treap of these links in this order; links of `old` that come out the same are used again.
// It may be deeper than kTreapDepthMax. Cost: O(n), without recursion.
struct FreshLink {
  EntryId id;
  NodePtr entry;
  const Link* old = nullptr;  // The link of this id in an earlier treap, if there is one.
};
[[nodiscard]] LinkPtr BuildLinks(std::span<FreshLink> sequence);

// Priorities are a public hash, so names can be chosen, or entries put in an order, that make a
// treap a chain; and what works on treaps goes down them by recursion. A million entries of honest
// names are about 60 deep.
inline constexpr std::size_t kTreapDepthMax = 1'024;

// Cost: visits only links above more than `depth` others, without recursion: O(n / depth) in a
// treap of honest names.
[[nodiscard]] bool IsDeeper(const Link* top, std::size_t depth);

// kResourceExhausted, with the place of the list in the schema.
[[nodiscard]] absl::Status TooDeep(const SchemaNode& list);

// What is known of the depth of a list's treaps: so changes are counted, and a look at the treaps
// is needed only after hundreds of them.
class DepthBound {
 public:
  explicit DepthBound(std::size_t levels) : levels_(levels) {}
  // After changes that made the deeper one of both treaps deeper by so much at most. False: one is
  // deeper than kTreapDepthMax.
  [[nodiscard]] bool Grow(std::size_t levels, const Link* contents, const Link* order);

 private:
  std::size_t levels_;  // Neither is deeper.
};

// In order, until `visit` returns false, which it then returns too.
template <typename Visit>
bool VisitLinks(const Link* top, const Visit& visit) {
  while (top != nullptr) {
    if (!VisitLinks(top->left.get(), visit) || !visit(*top)) return false;
    top = top->right.get();
  }
  return true;
}

// Those with an index of [begin, end). Cost: O(log n + what is visited).
template <typename Visit>
void VisitRange(const Link* top, std::size_t begin, std::size_t end, const Visit& visit) {
  if (top == nullptr || begin >= end || begin >= top->count) return;
  const std::size_t own = CountOf(top->left);
  VisitRange(top->left.get(), begin, std::min(end, own), visit);
  if (begin <= own && own < end) visit(*top);
  if (end > own + 1) {
    VisitRange(top->right.get(), begin > own ? begin - own - 1 : 0, end - own - 1, visit);
  }
}

}  // namespace configsync
