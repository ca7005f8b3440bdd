// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// No regress: on one node the version of a session never falls.
//
// (Of a key it may: while a gap is open, the insert of an earlier incarnation can arrive after a
// later one was seen to end; its own delete follows.)
//
// No resurrection: a session that a node has seen end does not come back, unless ownership moved.

#include "tests/sim/ledger.h"

#include <algorithm>

namespace sim {
namespace {

// What both nodes must agree on: edges in the units of the wire. Never zero.
std::uint64_t ValueOf(const statesync::SessionEntry& e) {
  std::uint64_t hash =
      (std::uint64_t{e.state} << 56) ^ (std::uint64_t{e.edge[0] >> 8} << 28) ^ (e.edge[1] >> 8);
  hash *= 0x9e37'79b9'7f4a'7c15u;
  hash ^= (std::uint64_t{e.nat_addr} << 16) ^ e.nat_port ^ (hash >> 29);
  hash *= 0xbf58'476d'1ce4'e5b9u;
  return hash | 1;
}

std::string Text(std::uint64_t version) {
  return 'v' + std::to_string(version >> 40) + '.' + std::to_string(version & 0xff'ffff'ffff);
}

}  // namespace

Ledger::Line& Ledger::At(std::uint32_t incarnation) {
  if (incarnation >= lines_.size())
    lines_.resize(std::max<std::size_t>(incarnation + 1, lines_.size() * 2));
  return lines_[incarnation];
}

void Ledger::OnBoot(int node, statesync::SessionTable& table) {
  const auto n = static_cast<std::size_t>(node);
  tables_[n] = &table.replicated();
  first_[n] = &table.entry({0, 0});
  at_slot_[n].assign(table.slots_per_shard() * statesync::kShardCount, 0);
  ++boots_[n];
}

void Ledger::OnCrash(int node) {
  tables_[static_cast<std::size_t>(node)] = nullptr;
  for (std::size_t i = present_.size(); i > 0; --i) Set(node, present_[i - 1], 0, 0);
}

void Ledger::OnWritten(int node, const statesync::SessionEntry& entry) {
  SlotOf(node, entry) = IncarnationOf(entry);
  At(IncarnationOf(entry)).held[static_cast<std::size_t>(node)].slot = SlotIndexOf(node, entry);
  Set(node, IncarnationOf(entry), entry.version, ValueOf(entry));
}

void Ledger::OnDeleted(int node, const statesync::SessionEntry& entry) {
  At(IncarnationOf(entry)).is_closed = true;
  Set(node, IncarnationOf(entry), 0, 0);
}

void Ledger::Set(int node, std::uint32_t incarnation, std::uint64_t version, std::uint64_t value) {
  Line& line = At(incarnation);
  Held& held = line.held[static_cast<std::size_t>(node)];
  const Held& other = line.held[static_cast<std::size_t>(1 - node)];
  const auto differs = [&] { return held.value != other.value || held.version != other.version; };
  held.version = version;
  held.value = value;
  List(differing_, &Line::differing, incarnation, differs());
  List(present_, &Line::place, incarnation, value != 0 || other.value != 0);
}

void Ledger::List(std::vector<std::uint32_t>& list, Place place, std::uint32_t incarnation,
                  bool is_in) {
  std::uint32_t& at = lines_[incarnation].*place;
  if (is_in == (at != 0)) return;
  if (is_in) {
    list.push_back(incarnation);
    at = static_cast<std::uint32_t>(list.size());
    return;
  }
  list[at - 1] = list.back();
  lines_[list.back()].*place = at;
  list.pop_back();
  at = 0;
}

void Ledger::OnVersion(const void* table, const statesync::SessionEntry& entry,
                       std::uint64_t version) {
  const int node = table == tables_[0] ? 0 : 1;
  const auto n = static_cast<std::size_t>(node);
  if (table != tables_[n]) return;
  ++changes_;
  const std::uint32_t incarnation = IncarnationOf(entry);
  if (version == 0) {
    // A tombstone of it may be freed while it lives on in another slot: the peer's copy of it.
    const Line& line = At(incarnation);
    if (SlotIndexOf(node, entry) != line.held[n].slot) return;
    if (!line.is_closed && line.held[n].value != 0) {
      lost_.push_back({incarnation, line.held[n].version, node});
    }
    End(node, incarnation);
    return;
  }
  // A later incarnation of a key may take the entry of an earlier one.
  std::uint32_t& here = SlotOf(node, entry);
  if (here != incarnation && here != 0 && At(here).held[n].slot == SlotIndexOf(node, entry)) {
    End(node, here);
  }
  here = incarnation;
  Held& held = At(incarnation).held[n];
  if (held.boot != boots_[n]) {
    held.boot = boots_[n];
    held.version_max = 0;
  }
  if (version < held.version_max) {
    Fail("no regress", node, incarnation,
         "fell from " + Text(held.version_max) + " to " + Text(version));
  }
  if (held.value == 0 && held.ended_era == era_ && held.ended_boot == boots_[n]) {
    Fail("no resurrection", node, incarnation, "came back as " + Text(version));
  }
  held.version_max = std::max(held.version_max, version);
  held.slot = SlotIndexOf(node, entry);
  Set(node, incarnation, version, ValueOf(entry));
}

void Ledger::End(int node, std::uint32_t incarnation) {
  const auto n = static_cast<std::size_t>(node);
  Held& held = At(incarnation).held[n];
  if (held.value == 0) return;
  held.ended_era = era_;
  held.ended_boot = boots_[n];
  Set(node, incarnation, 0, 0);
}

void Ledger::Fail(const char* rule, int node, std::uint32_t incarnation, const std::string& what) {
  if (!failure_.empty()) return;
  failure_ = std::string(rule) + ": incarnation " + std::to_string(incarnation) + " on node " +
             std::to_string(node) + ' ' + what;
}

std::string Ledger::FindUnconfirmed(int owner, statesync::Term term,
                                    std::span<const std::uint64_t> confirmed) const {
  const auto n = static_cast<std::size_t>(owner);
  const std::size_t slots_per_shard = at_slot_[n].size() / statesync::kShardCount;
  for (const std::uint32_t incarnation : differing_) {
    const Held& held = lines_[incarnation].held[n];
    const Held& theirs = lines_[incarnation].held[1 - n];
    const statesync::Version version{held.version};
    if (held.value == 0 || TermOf(version) != term || theirs.version >= held.version) continue;
    const std::size_t stream = held.slot / slots_per_shard % confirmed.size();
    if (CounterOf(version) > confirmed[stream]) continue;
    return "incarnation " + std::to_string(incarnation) + ' ' + Text(held.version) +
           " counts as confirmed up to " + std::to_string(confirmed[stream]) +
           ", and the peer holds " + (theirs.value == 0 ? "nothing" : Text(theirs.version));
  }
  return "";
}

std::string Ledger::Example() const {
  for (const std::uint32_t incarnation : differing_) {
    const auto& held = lines_[incarnation].held;
    const auto text = [](const Held& h) {
      return h.value == 0 ? std::string("absent") : Text(h.version);
    };
    return "incarnation " + std::to_string(incarnation) + ": node 0 " + text(held[0]) +
           ", node 1 " + text(held[1]) +
           (held[0].version == held[1].version ? ", other values" : "");
  }
  return "";
}

}  // namespace sim
