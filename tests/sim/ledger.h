// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What each node holds, by incarnation: kept by what workers do and by SIM_VERSION, so that a check
// costs what changed and not what is there.
//
// Every opening of a key is an incarnation with a number of its own, which the client's window edge
// carries to the other node; so a session can be told from an earlier one of the same key.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "statesync/table/session_table.h"

namespace sim {

[[nodiscard]] inline std::uint32_t IncarnationOf(const statesync::SessionEntry& entry) {
  return entry.edge[0] >> 8;
}

class Ledger {
 public:
  // Its table's changes are those of this node, from now on.
  void OnBoot(int node, statesync::SessionTable& table);
  void OnCrash(int node);
  // Ownership moved: what ended here may live at the new owner (I4).
  void OnRoleChange() { ++era_; }

  // ---- Workers ----
  void OnWritten(int node, const statesync::SessionEntry& entry);
  void OnDeleted(int node, const statesync::SessionEntry& entry);

  // An incarnation that left a node although no worker has ended it.
  struct Lost {
    std::uint32_t incarnation = 0;
    std::uint64_t version = 0;
    int node = 0;
  };
  [[nodiscard]] const std::vector<Lost>& lost() const { return lost_; }
  void ForgetLost() { lost_.clear(); }

  // What `owner` published up to these counters of its streams, in this term, and the other node
  // does not hold; empty is good news. `confirmed`: one for each stream in use.
  [[nodiscard]] std::string FindUnconfirmed(int owner, statesync::Term term,
                                            std::span<const std::uint64_t> confirmed) const;

  // ---- Replication ----
  static void OnVersion(void* ledger, const void* table, const void* entry, std::uint64_t version) {
    static_cast<Ledger*>(ledger)->OnVersion(
        table, *static_cast<const statesync::SessionEntry*>(entry), version);
  }

  // Incarnations that the nodes do not hold alike, and one of them for people.
  [[nodiscard]] std::uint64_t differences() const { return differing_.size(); }
  [[nodiscard]] std::string Example() const;
  // The first broken rule; empty is good news.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] std::uint64_t changes() const { return changes_; }

 private:
  struct Held {
    std::uint64_t version = 0;
    std::uint64_t value = 0;  // 0: not held.
    std::uint64_t version_max = 0;
    std::uint32_t boot = 0;       // version_max is of this run.
    std::uint32_t ended_era = 0;  // Ended here in this era of ownership; 0: did not.
    std::uint32_t ended_boot = 0;
    std::uint32_t slot = 0;  // Where it is, or was.
  };
  struct Line {
    std::array<Held, 2> held;
    std::uint32_t place = 0;      // In present_, plus one; 0: nobody holds it.
    std::uint32_t differing = 0;  // In differing_, plus one; 0: both hold it alike.
    bool is_closed = false;       // A worker has ended it.
  };
  using Place = std::uint32_t Line::*;

  void OnVersion(const void* table, const statesync::SessionEntry& entry, std::uint64_t version);
  Line& At(std::uint32_t incarnation);
  [[nodiscard]] std::uint32_t& SlotOf(int node, const statesync::SessionEntry& entry) {
    return at_slot_[static_cast<std::size_t>(node)][SlotIndexOf(node, entry)];
  }
  [[nodiscard]] std::uint32_t SlotIndexOf(int node, const statesync::SessionEntry& entry) const {
    return static_cast<std::uint32_t>(&entry - first_[static_cast<std::size_t>(node)]);
  }
  void End(int node, std::uint32_t incarnation);
  // Puts the incarnation into the list, or takes it out.
  void List(std::vector<std::uint32_t>& list, Place place, std::uint32_t incarnation, bool is_in);
  void Set(int node, std::uint32_t incarnation, std::uint64_t version, std::uint64_t value);
  void Fail(const char* rule, int node, std::uint32_t incarnation, const std::string& what);

  std::vector<Line> lines_;
  std::vector<std::uint32_t> present_;
  std::vector<std::uint32_t> differing_;
  std::vector<Lost> lost_;
  std::array<const void*, 2> tables_{};
  std::array<const statesync::SessionEntry*, 2> first_{};
  std::array<std::vector<std::uint32_t>, 2> at_slot_;  // Incarnation that was there last.
  std::array<std::uint32_t, 2> boots_{1, 1};
  std::uint32_t era_ = 1;
  std::uint64_t changes_ = 0;
  std::string failure_;
};

}  // namespace sim
