// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/pair/ledger.h"

namespace configsync {

std::string Ledger::OnRevision(int node, int sender, bool is_forced, const Tree& before,
                               const Tree& after) {
  const std::string where = std::string("node ") + static_cast<char>('a' + node) + ": ";
  if (const std::string torn = content_.TornPart(after); !torn.empty()) {
    return where + "torn: " + torn;
  }
  PerNode& mine = nodes_.at(Index(node));
  if (sender >= 0) {
    ++mine.pushes;
    if (content_.OwnText(before) != content_.OwnText(after)) {
      return where + "a push changed what is its own: '" + content_.OwnText(before) + "' to '" +
             content_.OwnText(after) + "'";
    }
  }
  for (const std::string_view category : kStampedCategories) {
    const Stamp old = content_.StampOf(before, category), now = content_.StampOf(after, category);
    if (now > last_) return where + "a stamp that nobody made: " + std::to_string(now);
    const bool is_lost = sender >= 0 && !is_forced && old != now && old != 0 &&
                         !nodes_.at(Index(sender)).known[category].contains(old);
    if (is_lost) {
      return where + "lost: " + std::string(category) + " " + std::to_string(old) +
             ", which the sender never had, became " + std::to_string(now);
    }
    mine.known[category].insert(now);
  }
  return "";
}

void Ledger::OnLook(int node, const Tree& theirs) {
  for (const std::string_view category : kStampedCategories) {
    const Stamp stamp = content_.StampOf(theirs, category);
    nodes_.at(Index(node)).known[category].insert(stamp);
    trials_.erase(stamp);  // Taken by hand, it is no trial any more.
  }
}

std::string Ledger::CheckTrials(int node, const Tree& running) const {
  for (const std::string_view category : kStampedCategories) {
    const Stamp stamp = content_.StampOf(running, category);
    if (trials_.contains(stamp)) {
      return std::string("node ") + static_cast<char>('a' + node) + ": " + std::string(category) +
             " " + std::to_string(stamp) + " was never confirmed, and stays";
    }
  }
  return "";
}

}  // namespace configsync
