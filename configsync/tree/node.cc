// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/node.h"

#include <algorithm>
#include <vector>

#include "configsync/tree/node_maker.h"

namespace configsync {

namespace {

// Below this a search for each entry is cheaper than a table of all.
constexpr std::size_t kTableEntriesMin = 32;

// The contents by id, in an open table: what joins a long order with its contents in O(n).
class EntryTable {
 public:
  explicit EntryTable(const ListBody& body) {
    while (slots_.size() < 2 * std::size_t{body.contents->count}) {
      slots_.resize(slots_.empty() ? 64 : 2 * slots_.size());
    }
    VisitLinks(body.contents.get(), [this](const Link& link) {
      std::size_t slot = link.id.words[0] & (slots_.size() - 1);
      while (slots_[slot] != nullptr) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = &link;
      return true;
    });
  }

  // REQUIRES: it is in.
  [[nodiscard]] const Node& Find(const EntryId& id) const {
    std::size_t slot = id.words[0] & (slots_.size() - 1);
    while (slots_[slot]->id.words != id.words) slot = (slot + 1) & (slots_.size() - 1);
    return *slots_[slot]->entry;
  }

 private:
  std::vector<const Link*> slots_;
};

}  // namespace

const Node* Node::Child(const SchemaNode& schema) const {
  const std::span<const NodePtr> all = children();
  const auto place = std::lower_bound(
      all.begin(), all.end(), schema.index,
      [](const NodePtr& child, std::uint32_t index) { return child->schema().index < index; });
  return place != all.end() && &(*place)->schema() == &schema ? place->get() : nullptr;
}

std::size_t Node::entry_count() const {
  if (role_ != NodeRole::kList && role_ != NodeRole::kLeafList) return 0;
  return CountOf(NodeMaker::Body(*this).contents);
}

void Node::VisitEntries(const std::function<bool(const Node&)>& visit) const {
  const std::size_t count = entry_count();
  if (count == 0) return;
  const ListBody& body = NodeMaker::Body(*this);
  if (!body.order) {
    VisitLinks(body.contents.get(), [&](const Link& link) { return visit(*link.entry); });
  } else if (count < kTableEntriesMin) {
    VisitLinks(body.order.get(), [&](const Link& link) {
      return visit(*FindById(body.contents.get(), link.id)->entry);
    });
  } else {
    const EntryTable table(body);
    VisitLinks(body.order.get(), [&](const Link& link) { return visit(table.Find(link.id)); });
  }
}

const Node* Node::Entry(std::span<const std::string> keys) const {
  if (entry_count() == 0 || keys.size() != (schema_->is_list() ? schema_->key_count : 1)) {
    return nullptr;
  }
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  const Link* link = FindLink(NodeMaker::Body(*this).contents.get(), Probe(*schema_, views));
  return link == nullptr ? nullptr : link->entry.get();
}

std::string_view Node::key(std::size_t i) const {
  return role_ == NodeRole::kValue ? value() : children()[i]->value();
}

std::size_t Node::key_count() const {
  if (role_ == NodeRole::kValue) return 1;
  return role_ == NodeRole::kEntry ? schema_->key_count : 0;
}

}  // namespace configsync
