// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/apply.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/tree/find.h"

namespace configsync {

namespace {

// From so many edits on, and so many entries, an order is worked on in an OrderEditor.
constexpr std::size_t kBatchEditsMin = 16;
constexpr std::size_t kEditorEntriesMin = 64;

bool Grow(ListBody& body, std::size_t levels) {
  return body.depth.Grow(levels, body.contents.get(), body.order.get());
}

std::vector<std::string_view> ViewsOf(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

bool IsListKind(const SchemaNode& node) {
  return node.kind == NodeKind::kList || node.kind == NodeKind::kLeafList;
}

// The key of a leaf-list is its value, which may be a secret.
std::string ShownPath(Path path) {
  for (PathStep& step : path) {
    if (step.node != nullptr && step.node->secret) step.keys.clear();
  }
  return PathText(path);
}

absl::Status Refuse(const Edit& edit, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat(ShownPath(edit.path), ": ", why));
}

}  // namespace

Applier::Applier(NodePtr root, std::size_t edit_count)
    : root_(std::move(root)), is_batch_(edit_count >= kBatchEditsMin) {}

absl::Status Applier::CheckPath(const Edit& edit) const {
  if (edit.path.empty() || edit.path.size() > kPathStepsMax) {
    return Refuse(edit, absl::StrCat("a path of ", edit.path.size(), " steps; 1 to ", kPathStepsMax,
                                     " are possible"));
  }
  const SchemaNode* parent = &root_->schema();
  for (std::size_t i = 0; i < edit.path.size(); ++i) {
    const PathStep& step = edit.path[i];
    if (step.node == nullptr || step.node->parent != parent) {
      return Refuse(edit, absl::StrCat("step ", i + 1, " is no child of the one before"));
    }
    const bool is_list = IsListKind(*step.node);
    const std::size_t key_count = !is_list ? 0 : step.node->is_list() ? step.node->key_count : 1;
    const bool is_last = i + 1 == edit.path.size();
    const bool is_whole_list = step.keys.empty() && is_last && edit.op == EditOp::kDelete;
    if (step.keys.size() != key_count && !is_whole_list) {
      return Refuse(edit, absl::StrCat("step '", step.node->name, "' has ", step.keys.size(),
                                       " keys and needs ", key_count));
    }
    for (const std::string& key : step.keys) {
      if (key.size() > kValueBytesMax) {
        return Refuse(
            edit, absl::StrCat("a key of ", key.size(), " bytes; the limit is ", kValueBytesMax));
      }
    }
    parent = step.node;
  }
  if (edit.value.size() > kValueBytesMax) {
    return Refuse(edit, absl::StrCat("a value of ", edit.value.size(), " bytes; the limit is ",
                                     kValueBytesMax));
  }
  return absl::OkStatus();
}

absl::Status Applier::Do(const Edit& edit) {
  if (absl::Status status = CheckPath(edit); !status.ok()) return status;
  switch (edit.op) {
    case EditOp::kSet:
      return Set(edit);
    case EditOp::kDelete:
      return Delete(edit);
    case EditOp::kMove:
      return Move(edit);
  }
  return Refuse(edit, "no such operation");
}

absl::Status Applier::Set(const Edit& edit) {
  const SchemaNode& target = *edit.path.back().node;
  if (target.kind == NodeKind::kContainer) {
    return Refuse(edit, "a container without presence cannot be set; set what is in it");
  }
  if (!edit.value.empty() && !target.is_leaf()) {
    return Refuse(edit, "only a leaf can have a value");
  }
  NodeMaker::Own(root_);
  NodePtr* at = &root_;
  for (std::size_t i = 0; i < edit.path.size(); ++i) {
    const PathStep& step = edit.path[i];
    if (step.node->is_leaf()) return SetLeaf(edit, *at, *step.node);
    NodePtr* child = NodeMaker::OwnChild(*at, *step.node);
    if (child == nullptr) {
      child = &NodeMaker::PutChild(
          *at, IsListKind(*step.node)
                   ? NodeMaker::MakeList(*step.node, nullptr, nullptr)
                   : NodeMaker::MakeBranch(NodeRole::kContainer, *step.node, {}));
    }
    at = child;
    if (IsListKind(*step.node)) {
      absl::Status status = OwnOrMakeEntry(edit, step, *child, at);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

absl::Status Applier::SetLeaf(const Edit& edit, NodePtr& parent, const SchemaNode& leaf) {
  if (leaf.is_key) {
    const Node* old = parent->Child(leaf);
    if (old == nullptr || old->value() != edit.value) {
      return Refuse(edit, "a key cannot be changed; make another entry");
    }
    return absl::OkStatus();
  }
  NodeMaker::PutChild(parent, NodeMaker::MakeLeaf(NodeRole::kLeaf, leaf, edit.value));
  return absl::OkStatus();
}

absl::Status Applier::OwnOrMakeEntry(const Edit& edit, const PathStep& step, NodePtr& list,
                                     NodePtr*& entry) {
  ListBody& body = NodeMaker::OwnBody(list);
  const std::vector<std::string_view> keys = ViewsOf(step.keys);
  const Probe probe(*step.node, keys);
  if (FindLink(body.contents.get(), probe) == nullptr) {
    if (CountOf(body.contents) >= kListEntriesMax) {
      return absl::ResourceExhaustedError(
          absl::StrCat(PathText(edit.path), ": the list has ", CountOf(body.contents),
                       " entries, which is the limit; delete some"));
    }
    const EntryId id = probe.id();
    if (step.node->order == ListOrder::kUser) {
      absl::Status status = PlaceNew(edit, *step.node, body, id, &step == &edit.path.back());
      if (!status.ok()) return status;
    }
    body.contents = InsertLink(std::move(body.contents),
                               MakeLink(id, NodeMaker::MakeEntry(*step.node, keys)), probe);
    if (!Grow(body, 1)) return TooDeep(*step.node);
  }
  entry = &OwnEntry(body.contents, probe);
  NodeMaker::Own(*entry);
  return absl::OkStatus();
}

absl::Status Applier::PlaceNew(const Edit& edit, const SchemaNode& schema, ListBody& body,
                               const EntryId& id, bool is_last) {
  if (!is_last || !edit.after) {
    if (body.editor) {
      body.editor->Append(id);
    } else {
      const std::size_t count = CountOf(body.order);
      body.order = InsertLinkAt(std::move(body.order), MakeLink(id, nullptr), count);
    }
    return absl::OkStatus();
  }
  std::optional<EntryId> anchor;
  absl::Status status = IdOfAnchor(edit, schema, body, anchor);
  if (status.ok()) InsertInOrder(body, anchor, id);
  return status;
}

absl::Status Applier::IdOfAnchor(const Edit& edit, const SchemaNode& schema, const ListBody& body,
                                 std::optional<EntryId>& anchor) const {
  if (edit.after->empty()) return absl::OkStatus();
  const std::vector<std::string_view> keys = ViewsOf(*edit.after);
  if (keys.size() != (schema.is_list() ? schema.key_count : 1)) {
    return Refuse(edit, absl::StrCat("the place has ", keys.size(), " keys"));
  }
  const Probe probe(schema, keys);
  if (FindLink(body.contents.get(), probe) == nullptr) {
    Path place = edit.path;
    place.back().keys = *edit.after;
    return absl::NotFoundError(
        absl::StrCat(PathText(place), ": not there, so nothing can go behind it"));
  }
  anchor = probe.id();
  return absl::OkStatus();
}

void Applier::OpenEditor(ListBody& body) const {
  if (is_batch_ && !body.editor && CountOf(body.order) >= kEditorEntriesMin) {
    body.editor = std::make_unique<OrderEditor>(std::move(body.order));
  }
}

void Applier::InsertInOrder(ListBody& body, const std::optional<EntryId>& anchor,
                            const EntryId& id) {
  if (anchor) OpenEditor(body);
  if (body.editor) {
    body.editor->InsertBehind(anchor, id);
    return;
  }
  const std::size_t index = anchor ? IndexOf(body.order.get(), *anchor) + 1 : 0;
  body.order = InsertLinkAt(std::move(body.order), MakeLink(id, nullptr), index);
}

void Applier::EraseFromOrder(ListBody& body, const EntryId& id, std::size_t& deeper) {
  OpenEditor(body);
  if (body.editor) {
    body.editor->Erase(id);
    return;
  }
  const std::size_t index = IndexOf(body.order.get(), id);
  body.order = EraseLinkAt(std::move(body.order), index, deeper);
}

absl::Status Applier::Delete(const Edit& edit) {
  if (FindNode(*root_, edit.path) == nullptr) {
    return absl::NotFoundError(
        absl::StrCat(PathText(edit.path), ": not there, so it cannot be deleted"));
  }
  const PathStep& last = edit.path.back();
  if (last.node->is_key) return Refuse(edit, "a key cannot be deleted; delete its entry");
  NodeMaker::Own(root_);
  // The owned nodes on the way, from the root: what gets empty goes with what was in it.
  std::vector<NodePtr*> way = {&root_};
  for (std::size_t i = 0; i + 1 < edit.path.size(); ++i) {
    const PathStep& step = edit.path[i];
    way.push_back(NodeMaker::OwnChild(*way.back(), *step.node));
    if (step.keys.empty()) continue;
    const std::vector<std::string_view> keys = ViewsOf(step.keys);
    NodePtr& entry = OwnEntry(NodeMaker::OwnBody(*way.back()).contents, Probe(*step.node, keys));
    NodeMaker::Own(entry);
    way.push_back(&entry);
  }
  if (last.keys.empty()) {
    NodeMaker::RemoveChild(*way.back(), *last.node);
  } else {
    NodePtr& list = *NodeMaker::OwnChild(*way.back(), *last.node);
    ListBody& body = NodeMaker::OwnBody(list);
    const std::vector<std::string_view> keys = ViewsOf(last.keys);
    const Probe probe(*last.node, keys);
    std::size_t deeper = 0;
    if (last.node->order == ListOrder::kUser) EraseFromOrder(body, probe.id(), deeper);
    body.contents = EraseLink(std::move(body.contents), probe, deeper);
    if (!Grow(body, deeper)) return TooDeep(*last.node);
    if (!body.contents) NodeMaker::RemoveChild(*way.back(), *last.node);
  }
  while (way.size() > 1) {
    const Node& node = **way.back();
    const SchemaNode& schema = node.schema();
    const bool vanishes = schema.kind == NodeKind::kContainer && node.children().empty();
    if (!vanishes) break;
    way.pop_back();
    NodeMaker::RemoveChild(*way.back(), schema);
  }
  return absl::OkStatus();
}

absl::Status Applier::Move(const Edit& edit) {
  const PathStep& last = edit.path.back();
  if (!IsListKind(*last.node) || last.node->order != ListOrder::kUser) {
    return Refuse(edit, "only an entry of a list that users order can be moved");
  }
  if (!edit.after) return Refuse(edit, "a move needs a place");
  if (*edit.after == last.keys) return Refuse(edit, "an entry cannot go behind itself");
  if (FindNode(*root_, edit.path) == nullptr) {
    return absl::NotFoundError(
        absl::StrCat(PathText(edit.path), ": not there, so it cannot be moved"));
  }
  NodeMaker::Own(root_);
  NodePtr* at = &root_;
  for (const PathStep& step : edit.path) {
    at = NodeMaker::OwnChild(*at, *step.node);
    if (step.keys.empty() || &step == &last) continue;
    const std::vector<std::string_view> keys = ViewsOf(step.keys);
    at = &OwnEntry(NodeMaker::OwnBody(*at).contents, Probe(*step.node, keys));
    NodeMaker::Own(*at);
  }
  ListBody& body = NodeMaker::OwnBody(*at);
  std::optional<EntryId> anchor;
  absl::Status status = IdOfAnchor(edit, *last.node, body, anchor);
  if (!status.ok()) return status;
  const EntryId id = IdOfKeys(std::span<const std::string>(last.keys));
  std::size_t deeper = 1;  // By the insertion.
  EraseFromOrder(body, id, deeper);
  InsertInOrder(body, anchor, id);
  return Grow(body, deeper) ? absl::OkStatus() : TooDeep(*last.node);
}

}  // namespace configsync
