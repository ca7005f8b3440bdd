// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/pair/targets.h"

#include <algorithm>
#include <utility>

namespace configsync {

Target Targets::Of(const Tree& running, const Tree& wanted, const Gates& gates) {
  for (const Known& known : known_) {
    if (known.running == running.hash() && known.wanted == wanted.hash() &&
        known.withheld == gates.withheld) {
      return known.target;
    }
  }
  SelectionSpec spec = maker_.SpecFor(running, wanted, gates);
  const Hash id = IdOf(spec);
  const auto found = std::ranges::find(selections_, id, &Selection::id);
  if (found == selections_.end()) {
    selections_.emplace_front(std::move(spec), root_);
    if (selections_.size() > kKept) selections_.pop_back();
  } else if (found != selections_.begin()) {
    std::rotate(selections_.begin(), found, found + 1);
  }
  Target target = {.selection = id, .part = selections_.front().PartOf(wanted)};
  target.status = selections_.front().status();
  known_.push_front({.running = running.hash(),
                     .wanted = wanted.hash(),
                     .withheld = gates.withheld,
                     .target = target});
  // Fewer than selections, so that the selection of each is there.
  if (known_.size() > 2) known_.pop_back();
  return target;
}

Tree Targets::PartUnder(const Hash& selection, const Tree& tree) {
  const auto found = std::ranges::find(selections_, selection, &Selection::id);
  return found == selections_.end() ? tree.WithRoot(nullptr) : found->PartOf(tree);
}

absl::Status Targets::StatusUnder(const Hash& selection) const {
  const auto found = std::ranges::find(selections_, selection, &Selection::id);
  return found == selections_.end() ? absl::NotFoundError("the selection is none of the last four")
                                    : found->status();
}

const SelectionSpec* Targets::SpecOf(const Hash& selection) const {
  const auto found = std::ranges::find(selections_, selection, &Selection::id);
  return found == selections_.end() ? nullptr : &found->spec();
}

}  // namespace configsync
