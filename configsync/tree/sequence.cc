// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/sequence.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/schema/path.h"
#include "configsync/tree/canonical.h"

namespace configsync {

namespace {

// Makes `link` a link of this owner alone, to be changed.
void Own(LinkPtr& link) {
  if (link->references.load(std::memory_order_acquire) != 1) {
    LinkPtr copy = MakeLink(link->id, link->entry);
    copy->left = link->left;
    copy->right = link->right;
    copy->count = link->count;
    link = std::move(copy);
  }
  link->stale = 1;
}

void Recount(Link& link) {
  link.count =
      static_cast<std::uint32_t>(1 + CountOf(link.left) + CountOf(link.right)) & 0x7fff'ffffU;
}

// `where` tells for a link whether what is looked for is left (< 0) or right of it.
template <typename Where>
LinkPair SplitBy(LinkPtr top, const Where& where) {
  if (!top) return {};
  const int side = where(*top);
  if (side == 0) return {top->left, top->right};
  Own(top);
  if (side < 0) {
    LinkPair parts = SplitBy(std::move(top->left), where);
    top->left = std::move(parts.right);
    Recount(*top);
    return {std::move(parts.left), std::move(top)};
  }
  LinkPair parts = SplitBy(std::move(top->right), where);
  top->right = std::move(parts.left);
  Recount(*top);
  return {std::move(top), std::move(parts.right)};
}

// All of `left` stand before all of `right`.
LinkPtr Join(LinkPtr left, LinkPtr right, std::size_t& deeper) {
  if (!left) return right;
  if (!right) return left;
  ++deeper;
  if (IsAbove(left->id, right->id)) {
    Own(left);
    left->right = Join(std::move(left->right), std::move(right), deeper);
    Recount(*left);
    return left;
  }
  Own(right);
  right->left = Join(std::move(left), std::move(right->left), deeper);
  Recount(*right);
  return right;
}

int CompareText(const SchemaNode& key, std::string_view a, std::string_view b) {
  // Canonical integers have no leading zeros: longer is larger, for negative ones smaller.
  if (key.type == LeafType::kInteger) {
    const bool a_negative = a.starts_with('-');
    const bool b_negative = b.starts_with('-');
    if (a_negative != b_negative) return a_negative ? -1 : 1;
    const int sign = a_negative ? -1 : 1;
    if (a.size() != b.size()) return a.size() < b.size() ? -sign : sign;
    return sign * a.compare(b);
  }
  return a.compare(b);
}

const SchemaNode& KeyNode(const SchemaNode& list, std::size_t i) {
  return list.is_list() ? *list.children[i] : list;
}

}  // namespace

EntryId IdOfKeys(std::span<const std::string_view> keys) {
  CanonicalBytes bytes;
  bytes.AddTag('K');
  for (const std::string_view key : keys) bytes.AddText(key);
  const Hash hash = bytes.Sha256();
  EntryId id;
  id.words[0] = LoadBigEndian(hash.bytes.data());
  id.words[1] = LoadBigEndian(hash.bytes.data() + 8);
  id.priority = LoadBigEndian(hash.bytes.data() + 16);
  return id;
}

EntryId IdOfKeys(std::span<const std::string> keys) {
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  return IdOfKeys(views);
}

EntryId IdOfEntry(const Node& entry) {
  std::vector<std::string_view> keys(entry.key_count());
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = entry.key(i);
  return IdOfKeys(keys);
}

// Without recursion down a chain: a treap of hostile names may be deep.
void Link::Destroy() const {
  std::vector<Link*> pending = {const_cast<Link*>(this)};
  while (!pending.empty()) {
    Link* link = pending.back();
    pending.pop_back();
    for (LinkPtr* side : {&link->left, &link->right}) {
      Link* below = side->Release();
      if (below != nullptr && below->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        pending.push_back(below);
      }
    }
    delete link;
  }
}

LinkPtr MakeLink(const EntryId& id, NodePtr entry) {
  Link* link = new Link;
  link->id = id;
  link->entry = std::move(entry);
  return LinkPtr::Adopt(link);
}

int CompareKeys(const SchemaNode& list, std::span<const std::string_view> keys, const Node& entry) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const int side = CompareText(KeyNode(list, i), keys[i], entry.key(i));
    if (side != 0) return side;
  }
  return 0;
}

int CompareEntries(const Node& a, const Node& b) {
  for (std::size_t i = 0; i < a.key_count(); ++i) {
    const int side = CompareText(KeyNode(a.schema(), i), a.key(i), b.key(i));
    if (side != 0) return side;
  }
  return 0;
}

Probe::Probe(const SchemaNode& list, std::span<const std::string_view> keys)
    : list_(&list), keys_(keys) {}

Probe::Probe(const SchemaNode& list, const Node& entry) : list_(&list), entry_(&entry) {}

Probe::Probe(const SchemaNode& list, const Link& link)
    : list_(&list), entry_(link.entry.get()), id_(link.id), has_id_(true) {}

const EntryId& Probe::id() const {
  if (!has_id_) {
    id_ = entry_ != nullptr ? IdOfEntry(*entry_) : IdOfKeys(keys_);
    has_id_ = true;
  }
  return id_;
}

int Probe::Compare(const Link& link) const {
  if (list_->order == ListOrder::kUser) {
    const auto side = id().words <=> link.id.words;
    return side < 0 ? -1 : side > 0 ? 1 : 0;
  }
  return entry_ != nullptr ? CompareEntries(*entry_, *link.entry)
                           : CompareKeys(*list_, keys_, *link.entry);
}

const Link* FindLink(const Link* top, const Probe& probe) {
  while (top != nullptr) {
    const int side = probe.Compare(*top);
    if (side == 0) return top;
    top = side < 0 ? top->left.get() : top->right.get();
  }
  return nullptr;
}

const Link* FindById(const Link* top, const EntryId& id) {
  while (top != nullptr && top->id.words != id.words) {
    top = id.words < top->id.words ? top->left.get() : top->right.get();
  }
  return top;
}

LinkPair SplitLinks(LinkPtr top, const Probe& probe) {
  return SplitBy(std::move(top), [&](const Link& link) { return probe.Compare(link); });
}

LinkPtr InsertLink(LinkPtr top, LinkPtr fresh, const Probe& probe) {
  if (!top) return fresh;
  if (IsAbove(fresh->id, top->id)) {
    LinkPair parts = SplitLinks(std::move(top), probe);
    fresh->left = std::move(parts.left);
    fresh->right = std::move(parts.right);
    Recount(*fresh);
    return fresh;
  }
  const bool is_left = probe.Compare(*top) < 0;
  Own(top);
  LinkPtr& side = is_left ? top->left : top->right;
  side = InsertLink(std::move(side), std::move(fresh), probe);
  Recount(*top);
  return top;
}

LinkPtr EraseLink(LinkPtr top, const Probe& probe, std::size_t& deeper) {
  const int side = probe.Compare(*top);
  Own(top);
  if (side == 0) return Join(std::move(top->left), std::move(top->right), deeper);
  LinkPtr& below = side < 0 ? top->left : top->right;
  below = EraseLink(std::move(below), probe, deeper);
  Recount(*top);
  return top;
}

NodePtr& OwnEntry(LinkPtr& top, const Probe& probe) {
  LinkPtr* at = &top;
  while (true) {
    Own(*at);
    const int side = probe.Compare(**at);
    if (side == 0) return (*at)->entry;
    at = side < 0 ? &(*at)->left : &(*at)->right;
  }
}

std::size_t IndexOf(const Link* top, const EntryId& id) {
  if (top == nullptr || (IsAbove(id, top->id))) return kNoIndex;
  const std::size_t left_count = CountOf(top->left);
  if (top->id == id) return left_count;
  const std::size_t left = IndexOf(top->left.get(), id);
  if (left != kNoIndex) return left;
  const std::size_t right = IndexOf(top->right.get(), id);
  return right == kNoIndex ? kNoIndex : left_count + 1 + right;
}

const Link* LinkAt(const Link* top, std::size_t index) {
  while (top != nullptr) {
    const std::size_t left_count = CountOf(top->left);
    if (index == left_count) return top;
    if (index < left_count) {
      top = top->left.get();
    } else {
      index -= left_count + 1;
      top = top->right.get();
    }
  }
  return nullptr;
}

LinkPtr InsertLinkAt(LinkPtr top, LinkPtr fresh, std::size_t index) {
  if (!top) return fresh;
  const std::size_t left_count = CountOf(top->left);
  if (IsAbove(fresh->id, top->id)) {
    // `index` counts the links before; going right leaves those of the left side behind.
    LinkPair parts = SplitBy(std::move(top), [&index](const Link& link) {
      const std::size_t before = CountOf(link.left);
      if (index <= before) return -1;
      index -= before + 1;
      return 1;
    });
    fresh->left = std::move(parts.left);
    fresh->right = std::move(parts.right);
    Recount(*fresh);
    return fresh;
  }
  Own(top);
  if (index <= left_count) {
    top->left = InsertLinkAt(std::move(top->left), std::move(fresh), index);
  } else {
    top->right = InsertLinkAt(std::move(top->right), std::move(fresh), index - left_count - 1);
  }
  Recount(*top);
  return top;
}

LinkPtr EraseLinkAt(LinkPtr top, std::size_t index, std::size_t& deeper) {
  const std::size_t left_count = CountOf(top->left);
  Own(top);
  if (index == left_count) return Join(std::move(top->left), std::move(top->right), deeper);
  if (index < left_count) {
    top->left = EraseLinkAt(std::move(top->left), index, deeper);
  } else {
    top->right = EraseLinkAt(std::move(top->right), index - left_count - 1, deeper);
  }
  Recount(*top);
  return top;
}

namespace {

// With both sides done.
LinkPtr Finished(FreshLink& fresh, LinkPtr left, LinkPtr right) {
  const Link* old = fresh.old;
  if (old != nullptr && old->left == left && old->right == right && old->entry == fresh.entry) {
    return LinkPtr::Share(const_cast<Link*>(old));
  }
  LinkPtr link = MakeLink(fresh.id, std::move(fresh.entry));
  link->left = std::move(left);
  link->right = std::move(right);
  Recount(*link);
  return link;
}

}  // namespace

// By a stack that holds the right edge of the treap so far: what leaves it has both sides.
LinkPtr BuildLinks(std::span<FreshLink> sequence) {
  struct OnEdge {
    FreshLink* fresh;
    LinkPtr left;
  };
  std::vector<OnEdge> edge;
  const auto finish_last = [&edge](LinkPtr right) {
    LinkPtr link = Finished(*edge.back().fresh, std::move(edge.back().left), std::move(right));
    edge.pop_back();
    return link;
  };
  for (FreshLink& fresh : sequence) {
    LinkPtr below;
    while (!edge.empty() && IsAbove(fresh.id, edge.back().fresh->id)) {
      below = finish_last(std::move(below));
    }
    edge.push_back({&fresh, std::move(below)});
  }
  LinkPtr top;
  while (!edge.empty()) top = finish_last(std::move(top));
  return top;
}

bool IsDeeper(const Link* top, std::size_t depth) {
  struct Place {
    const Link* link;
    std::size_t room;  // Levels that it and those below may have.
  };
  std::vector<Place> pending;
  const auto push = [&pending](const Link* link, std::size_t room) {
    if (link != nullptr && link->count > room) pending.push_back({link, room});
  };
  push(top, depth);
  while (!pending.empty()) {
    const Place place = pending.back();
    pending.pop_back();
    if (place.room == 0) return true;
    push(place.link->left.get(), place.room - 1);
    push(place.link->right.get(), place.room - 1);
  }
  return false;
}

absl::Status TooDeep(const SchemaNode& list) {
  Path path;
  for (const SchemaNode* node = &list; node->parent != nullptr; node = node->parent) {
    path.insert(path.begin(), {node, {}});
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      PathText(path), ": the names or the order of its entries make it a chain of more than ",
      kTreapDepthMax, " levels, which is the limit and never happens by chance; rename entries, ",
      "or put them in another order"));
}

bool DepthBound::Grow(std::size_t levels, const Link* contents, const Link* order) {
  levels_ += levels;
  if (levels_ <= kTreapDepthMax) return true;
  // Half first: then there is room for many changes until the next look.
  for (const std::size_t limit : {kTreapDepthMax / 2, kTreapDepthMax}) {
    if (!IsDeeper(contents, limit) && !IsDeeper(order, limit)) {
      levels_ = limit;
      return true;
    }
  }
  return false;
}

}  // namespace configsync
