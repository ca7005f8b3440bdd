// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/project.h"

#include <algorithm>
#include <utility>

#include "configsync/tree/contents_diff.h"
#include "configsync/tree/node_maker.h"

namespace configsync {

namespace {

bool IsListRole(const Node& node) {
  return node.role() == NodeRole::kList || node.role() == NodeRole::kLeafList;
}

// The order of the entries that are in `contents`.
LinkPtr OrderOf(const LinkPtr& contents, const LinkPtr& whole) {
  if (CountOf(contents) == CountOf(whole)) return whole;
  std::vector<FreshLink> sequence;
  VisitLinks(whole.get(), [&](const Link& link) {
    if (FindById(contents.get(), link.id) != nullptr) sequence.push_back({link.id, nullptr, &link});
    return true;
  });
  return BuildLinks(sequence);
}

bool HaveSameOrder(const ListBody& a, const ListBody& b) {
  return a.order == b.order || (a.order && b.order && a.order->hash == b.order->hash);
}

// Without recursion: what stays may form a chain where the whole does not.
bool IsTooDeep(const LinkPtr& links) { return IsDeeper(links.get(), kTreapDepthMax); }

}  // namespace

Tree Projector::Project(const Tree& tree) {
  if (last_source_ && last_source_->hash() == tree.hash()) return tree.WithRoot(last_result_);
  path_.clear();
  // A list that was left out has no past to go on from.
  if (!status_.ok()) last_source_.reset();
  status_ = absl::OkStatus();
  NodePtr result =
      VisitInside(tree.root_ptr(), {last_source_.get(), std::move(last_result_)}, true);
  const Tree projected = tree.WithRoot(std::move(result));
  last_source_ = tree.root_ptr();
  last_result_ = projected.root_ptr();
  return projected;
}

// Null: nothing stays.
NodePtr Projector::Visit(const NodePtr& node, const Last& last) {
  if (last.source != nullptr && last.source->hash() == node->hash()) return last.result;
  const Keep keep = selector_(node->schema(), path_);
  if (keep == Keep::kNothing) return nullptr;
  const bool has_below = node->role() != NodeRole::kLeaf && node->role() != NodeRole::kValue;
  if (keep == Keep::kWhole || !has_below) return node;
  if (IsListRole(*node)) return VisitList(node, last);
  return VisitInside(node, last, keep == Keep::kItself);
}

NodePtr Projector::VisitInside(const NodePtr& node, const Last& last, bool stays) {
  const std::size_t key_count = node->key_count();
  const std::span<const NodePtr> all = node->children();
  std::vector<NodePtr> kept(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(key_count));
  bool has_more = false;
  for (const NodePtr& child : all.subspan(key_count)) {
    const SchemaNode& schema = child->schema();
    Last last_child;
    if (last.source != nullptr) last_child.source = last.source->Child(schema);
    const Node* result = last.result ? last.result->Child(schema) : nullptr;
    last_child.result = NodePtr::Share(result);
    path_.push_back({&schema, {}});
    NodePtr projected = Visit(child, last_child);
    if (projected) {
      const bool may_be_beside = !schema.has_children();
      has_more = has_more || !may_be_beside || selector_(schema, path_) != Keep::kBeside;
      kept.push_back(std::move(projected));
    }
    path_.pop_back();
  }
  const bool can_be_empty = node->schema().kind != NodeKind::kContainer || path_.empty();
  if (!has_more && !(stays && can_be_empty)) return nullptr;
  if (std::ranges::equal(kept, all)) return node;
  return NodeMaker::MakeBranch(node->role(), node->schema(), kept);
}

NodePtr Projector::Finished(const SchemaNode& list, LinkPtr contents, LinkPtr order) {
  if (!contents) return nullptr;
  if (IsTooDeep(contents) || IsTooDeep(order)) {
    status_ = TooDeep(list);
    return nullptr;
  }
  return NodeMaker::MakeList(list, std::move(contents), std::move(order));
}

NodePtr Projector::VisitList(const NodePtr& list, const Last& last) {
  if (last.source == nullptr) return VisitListAnew(list);
  const SchemaNode& schema = list->schema();
  const ListBody& body = NodeMaker::Body(*list);
  const ListBody& source = NodeMaker::Body(*last.source);
  LinkPtr contents = last.result ? NodeMaker::Body(*last.result).contents : nullptr;
  LinkPtr order = last.result ? NodeMaker::Body(*last.result).order : nullptr;
  DepthBound depth(last.result ? NodeMaker::Body(*last.result).depth : DepthBound(0));
  bool is_chain = false;
  bool same_entries = true;
  DiffContents(schema, source.contents, body.contents, [&](const Link* before, const Link* after) {
    if (is_chain) return;
    const Link& any = before != nullptr ? *before : *after;
    const Probe probe(schema, any);
    const Link* old = FindLink(contents.get(), probe);
    Last last_entry;
    if (before != nullptr) last_entry.source = before->entry.get();
    if (old != nullptr) last_entry.result = old->entry;
    NodePtr entry;
    if (after != nullptr) {
      for (std::size_t i = 0; i < any.entry->key_count(); ++i) {
        path_.back().keys.emplace_back(any.entry->key(i));
      }
      entry = Visit(after->entry, last_entry);
      path_.back().keys.clear();
    }
    same_entries = same_entries && (entry == nullptr) == (old == nullptr);
    std::size_t deeper = 0;
    if (entry && old != nullptr) {
      OwnEntry(contents, probe) = std::move(entry);
    } else if (entry) {
      contents = InsertLink(std::move(contents), MakeLink(any.id, std::move(entry)), probe);
      deeper = 1;
    } else if (old != nullptr) {
      contents = EraseLink(std::move(contents), probe, deeper);
    }
    is_chain = !depth.Grow(deeper, contents.get(), nullptr);
  });
  // On the way to something good there may be a chain; made at once there is none.
  if (is_chain) return VisitListAnew(list);
  if (!contents) return nullptr;
  if (!same_entries || !HaveSameOrder(source, body)) order = OrderOf(contents, body.order);
  return Finished(schema, std::move(contents), std::move(order));
}

NodePtr Projector::VisitListAnew(const NodePtr& list) {
  const ListBody& body = NodeMaker::Body(*list);
  std::vector<FreshLink> sequence;
  bool is_whole = true;
  VisitLinks(body.contents.get(), [&](const Link& link) {
    for (std::size_t i = 0; i < link.entry->key_count(); ++i) {
      path_.back().keys.emplace_back(link.entry->key(i));
    }
    NodePtr entry = Visit(link.entry, {});
    path_.back().keys.clear();
    is_whole = is_whole && entry == link.entry;
    if (entry) sequence.push_back({link.id, std::move(entry), &link});
    return true;
  });
  if (is_whole) return list;
  if (sequence.empty()) return nullptr;
  LinkPtr contents = BuildLinks(sequence);
  if (IsTooDeep(contents)) return Finished(list->schema(), std::move(contents), nullptr);
  LinkPtr order = OrderOf(contents, body.order);
  return Finished(list->schema(), std::move(contents), std::move(order));
}

namespace {

std::uint32_t HighestIndex(const SchemaNode& node) {
  std::uint32_t highest = node.index;
  for (const SchemaNode* child : node.children) highest = std::max(highest, HighestIndex(*child));
  return highest;
}

}  // namespace

ClassSelector::ClassSelector(const SchemaNode& root, Mode mode,
                             const std::function<bool(std::string_view condition)>& holds)
    : first_index_(root.index) {
  const std::size_t count = HighestIndex(root) - first_index_ + 1;
  answers_.assign(count, Keep::kNothing);
  entry_answers_.assign(count, Keep::kNothing);
  Judge(root, mode, holds);
}

ClassSelector::Below ClassSelector::Judge(const SchemaNode& node, Mode mode,
                                          const std::function<bool(std::string_view)>& holds) {
  const auto at = static_cast<std::size_t>(mode);
  const SyncClass sync = node.sync[at];
  const bool travels =
      sync == SyncClass::kShared || (sync == SyncClass::kConditional && holds(node.condition[at]));
  const bool is_named = travels || (sync == SyncClass::kPresenceName && node.has_children());
  Below below{travels, travels};
  for (const SchemaNode* child : node.children) {
    const Below of_child = Judge(*child, mode, holds);
    if (child->is_key) continue;  // It is where its entry is.
    below.all = below.all && of_child.all;
    below.any = below.any || of_child.any;
  }
  below.any = below.any || is_named;
  const std::size_t index = node.index - first_index_;
  if (below.all) {
    answers_[index] = entry_answers_[index] = Keep::kWhole;
  } else if (below.any) {
    const bool is_presence = node.kind == NodeKind::kPresenceContainer;
    answers_[index] = is_named && is_presence ? Keep::kItself : Keep::kInside;
    entry_answers_[index] = is_named ? Keep::kItself : Keep::kInside;
  }
  return below;
}

Keep ClassSelector::operator()(const SchemaNode& node, const Path& path) const {
  const bool is_entry = !path.empty() && !path.back().keys.empty();
  return (is_entry ? entry_answers_ : answers_)[node.index - first_index_];
}

}  // namespace configsync
