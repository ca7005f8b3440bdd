// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/order_editor.h"

#include <utility>

namespace configsync {

OrderEditor::OrderEditor(LinkPtr order) : old_order_(std::move(order)), items_(1) {
  items_.reserve(2 * CountOf(old_order_) + 64);
  index_of_.reserve(2 * CountOf(old_order_) + 64);
  VisitLinks(old_order_.get(), [this](const Link& link) {
    InsertAt(items_[0].before, link.id, &link);
    return true;
  });
}

void OrderEditor::InsertAt(std::uint32_t before, const EntryId& id, const Link* old) {
  const auto index = static_cast<std::uint32_t>(items_.size());
  const std::uint32_t behind = items_[before].behind;
  items_.push_back({id, old, before, behind});
  items_[before].behind = index;
  items_[behind].before = index;
  index_of_[id] = index;
}

void OrderEditor::InsertBehind(const std::optional<EntryId>& anchor, const EntryId& id) {
  InsertAt(anchor ? index_of_.at(*anchor) : 0, id, nullptr);
}

void OrderEditor::Append(const EntryId& id) { InsertAt(items_[0].before, id, nullptr); }

void OrderEditor::Erase(const EntryId& id) {
  const auto found = index_of_.find(id);
  const Item& item = items_[found->second];
  items_[item.before].behind = item.behind;
  items_[item.behind].before = item.before;
  index_of_.erase(found);
}

LinkPtr OrderEditor::Finish() const {
  // An entry that was moved has a new item without the old link; its old one may fit all the same,
  // but it costs only a hash.
  std::vector<FreshLink> sequence;
  sequence.reserve(index_of_.size());
  for (std::uint32_t i = items_[0].behind; i != 0; i = items_[i].behind) {
    sequence.push_back({items_[i].id, nullptr, items_[i].old});
  }
  return BuildLinks(sequence);
}

}  // namespace configsync
