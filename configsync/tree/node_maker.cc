// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/node_maker.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace configsync {

static_assert(sizeof(Node) % alignof(NodePtr) == 0 && sizeof(Node) % alignof(ListBody) == 0,
              "what a node holds stands behind it");

Node* NodeMaker::Allocate(NodeRole role, const SchemaNode& schema, std::size_t count,
                          std::size_t bytes_behind) {
  void* memory = ::operator new(sizeof(Node) + bytes_behind);
  return new (memory) Node(role, schema, static_cast<std::uint32_t>(count));
}

NodePtr* NodeMaker::ChildrenOf(const Node* node) {
  return reinterpret_cast<NodePtr*>(const_cast<Node*>(node) + 1);
}

ListBody* NodeMaker::BodyOf(const Node* node) {
  return reinterpret_cast<ListBody*>(const_cast<Node*>(node) + 1);
}

char* NodeMaker::BytesOf(const Node* node) {
  return reinterpret_cast<char*>(const_cast<Node*>(node) + 1);
}

// Index of the child, or where it would stand.
std::size_t NodeMaker::PlaceOf(const Node& parent, const SchemaNode& schema) {
  const std::span<const NodePtr> children = parent.children();
  const auto place = std::lower_bound(
      children.begin(), children.end(), schema.index,
      [](const NodePtr& child, std::uint32_t index) { return child->schema().index < index; });
  return static_cast<std::size_t>(place - children.begin());
}

NodePtr NodeMaker::MakeLeaf(NodeRole role, const SchemaNode& schema, std::string_view value) {
  Node* node = Allocate(role, schema, value.size(), value.size());
  if (!value.empty()) std::memcpy(BytesOf(node), value.data(), value.size());
  return NodePtr::Adopt(node);
}

NodePtr NodeMaker::MakeBranch(NodeRole role, const SchemaNode& schema,
                              std::span<NodePtr> children) {
  Node* node = Allocate(role, schema, children.size(), children.size() * sizeof(NodePtr));
  std::uninitialized_move(children.begin(), children.end(), ChildrenOf(node));
  return NodePtr::Adopt(node);
}

NodePtr NodeMaker::MakeEntry(const SchemaNode& list, std::span<const std::string_view> keys) {
  if (!list.is_list()) return MakeLeaf(NodeRole::kValue, list, keys[0]);
  std::vector<NodePtr> children(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    children[i] = MakeLeaf(NodeRole::kLeaf, *list.children[i], keys[i]);
  }
  return MakeBranch(NodeRole::kEntry, list, children);
}

NodePtr NodeMaker::MakeList(const SchemaNode& schema, LinkPtr contents, LinkPtr order) {
  const NodeRole role = schema.is_list() ? NodeRole::kList : NodeRole::kLeafList;
  Node* node = Allocate(role, schema, 0, sizeof(ListBody));
  const DepthBound depth(CountOf(contents));
  new (BodyOf(node)) ListBody{std::move(contents), std::move(order), nullptr, depth};
  return NodePtr::Adopt(node);
}

void NodeMaker::Own(NodePtr& node) {
  if (node->references_.load(std::memory_order_acquire) == 1) {
    const_cast<Node*>(node.get())->stale_ = true;
    return;
  }
  switch (node->role()) {
    case NodeRole::kLeaf:
    case NodeRole::kValue:
      node = MakeLeaf(node->role(), node->schema(), node->value());
      break;
    case NodeRole::kContainer:
    case NodeRole::kEntry: {
      std::vector<NodePtr> children(node->children().begin(), node->children().end());
      node = MakeBranch(node->role(), node->schema(), children);
      break;
    }
    case NodeRole::kList:
    case NodeRole::kLeafList: {
      const DepthBound depth = Body(*node).depth;
      node = MakeList(node->schema(), Body(*node).contents, Body(*node).order);
      OwnBody(node).depth = depth;
      break;
    }
  }
}

NodePtr* NodeMaker::OwnChild(NodePtr& parent, const SchemaNode& schema) {
  const std::size_t place = PlaceOf(*parent, schema);
  if (place == parent->count_) return nullptr;
  NodePtr& child = ChildrenOf(parent.get())[place];
  if (&child->schema() != &schema) return nullptr;
  Own(child);
  return &child;
}

NodePtr& NodeMaker::PutChild(NodePtr& parent, NodePtr child) {
  const std::size_t place = PlaceOf(*parent, child->schema());
  NodePtr* children = ChildrenOf(parent.get());
  if (place < parent->count_ && &children[place]->schema() == &child->schema()) {
    children[place] = std::move(child);
    return children[place];
  }
  const std::size_t count = parent->count_;
  Node* node = Allocate(parent->role(), parent->schema(), count + 1, (count + 1) * sizeof(NodePtr));
  NodePtr* target = ChildrenOf(node);
  std::uninitialized_move(children, children + place, target);
  new (target + place) NodePtr(std::move(child));
  std::uninitialized_move(children + place, children + count, target + place + 1);
  parent = NodePtr::Adopt(node);
  return target[place];
}

void NodeMaker::RemoveChild(NodePtr& parent, const SchemaNode& schema) {
  Node* node = const_cast<Node*>(parent.get());
  NodePtr* children = ChildrenOf(node);
  std::move(children + PlaceOf(*node, schema) + 1, children + node->count_,
            children + PlaceOf(*node, schema));
  children[--node->count_].~NodePtr();
}

void NodeMaker::Free(const Node* node) {
  switch (node->role()) {
    case NodeRole::kLeaf:
    case NodeRole::kValue:
      break;
    case NodeRole::kContainer:
    case NodeRole::kEntry:
      std::destroy_n(ChildrenOf(node), node->count_);
      break;
    case NodeRole::kList:
    case NodeRole::kLeafList:
      BodyOf(node)->~ListBody();
      break;
  }
  node->~Node();
  ::operator delete(const_cast<Node*>(node));
}

// Computes hashes bottom up; the bytes to be hashed are put together in one buffer, after those
// below are done. Depth: that of the schema times that of a treap.
class NodeMaker::Settler {
 public:
  explicit Settler(const SecretKey* key) : key_(key) {}

  void Settle(Node& node) {
    if (!node.stale_) return;
    switch (node.role()) {
      case NodeRole::kLeaf:
      case NodeRole::kValue:
        HashLeaf(node);
        break;
      case NodeRole::kContainer:
      case NodeRole::kEntry:
        HashBranch(node);
        break;
      case NodeRole::kList:
      case NodeRole::kLeafList:
        HashList(node);
        break;
    }
    node.stale_ = false;
  }

  void Settle(Link* link) {
    if (link == nullptr || link->stale == 0) return;
    Settle(link->left.get());
    Settle(link->right.get());
    if (link->entry) Settle(const_cast<Node&>(*link->entry));
    bytes_.Clear();
    bytes_.AddTag(link->entry ? 'T' : 'O');
    AddHashOf(link->left);
    AddHashOf(link->right);
    if (link->entry) {
      bytes_.AddHash(link->entry->hash());
    } else {
      bytes_.AddCount(link->id.words[0]);
      bytes_.AddCount(link->id.words[1]);
    }
    link->hash = bytes_.Sha256();
    link->stale = 0;
  }

  [[nodiscard]] const SchemaNode* too_deep() const { return too_deep_; }

 private:
  void Begin(char tag, const Node& node) {
    bytes_.Clear();
    bytes_.AddTag(tag);
    bytes_.AddText(node.schema().module);
    bytes_.AddText(node.schema().name);
  }

  void AddHashOf(const LinkPtr& link) { bytes_.AddHash(link ? link->hash : Hash()); }

  void HashLeaf(Node& node) {
    Hash sealed;
    if (node.schema().secret) {
      Begin('H', node);
      bytes_.AddText(node.value());
      sealed = HmacSha256(*key_, bytes_.view());
    }
    Begin(node.role() == NodeRole::kLeaf ? 'L' : 'V', node);
    bytes_.AddTag(node.schema().secret ? 's' : 'v');
    if (node.schema().secret) {
      bytes_.AddHash(sealed);
    } else {
      bytes_.AddText(node.value());
    }
    node.hash_ = bytes_.Sha256();
  }

  // Children have different names, so their hashes are a set: sorted, they do not depend on the
  // order of the schema.
  void HashBranch(Node& node) {
    for (const NodePtr& child : node.children()) Settle(const_cast<Node&>(*child));
    hashes_.clear();
    for (const NodePtr& child : node.children()) hashes_.push_back(child->hash());
    std::sort(hashes_.begin(), hashes_.end());
    Begin(node.role() == NodeRole::kContainer ? 'C' : 'E', node);
    bytes_.AddCount(hashes_.size());
    for (const Hash& hash : hashes_) bytes_.AddHash(hash);
    node.hash_ = bytes_.Sha256();
  }

  void HashList(Node& node) {
    ListBody& body = *BodyOf(&node);
    if (body.editor) {
      body.order = body.editor->Finish();
      body.editor.reset();
      if (IsDeeper(body.order.get(), kTreapDepthMax)) {
        too_deep_ = &node.schema();
        return;
      }
      // The bound was of the order before; what it can be now costs no look.
      body.depth = DepthBound(CountOf(body.order));
    }
    Settle(body.contents.get());
    Settle(body.order.get());
    const bool is_user = node.schema().order == ListOrder::kUser;
    const bool is_list = node.role() == NodeRole::kList;
    Begin(is_list ? (is_user ? 'U' : 'S') : (is_user ? 'N' : 'M'), node);
    bytes_.AddCount(CountOf(body.contents));
    AddHashOf(body.contents);
    if (is_user) AddHashOf(body.order);
    node.hash_ = bytes_.Sha256();
  }

  const SecretKey* key_;
  const SchemaNode* too_deep_ = nullptr;
  CanonicalBytes bytes_;
  std::vector<Hash> hashes_;
};

const SchemaNode* NodeMaker::Settle(const NodePtr& node, const SecretKey& key) {
  Settler settler(&key);
  settler.Settle(const_cast<Node&>(*node));
  return settler.too_deep();
}

void NodeMaker::SettleOrder(const LinkPtr& order) { Settler(nullptr).Settle(order.get()); }

void Node::Destroy() const { NodeMaker::Free(this); }

std::string_view Node::value() const {
  if (role_ != NodeRole::kLeaf && role_ != NodeRole::kValue) return {};
  return {NodeMaker::BytesOf(this), count_};
}

std::span<const NodePtr> Node::children() const {
  if (role_ != NodeRole::kContainer && role_ != NodeRole::kEntry) return {};
  return {NodeMaker::ChildrenOf(this), count_};
}

}  // namespace configsync
