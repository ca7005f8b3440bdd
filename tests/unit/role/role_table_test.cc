// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Every cell of the role table against the table written out again by hand, as ROLES.md prints it.
// A change of behaviour must be made twice, knowingly.

#include "statesync/role/role_table.h"

#include <array>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "statesync/role/role_machine.h"

namespace statesync {
namespace {

// Rows: events in order. Columns: init, standby, active, handover, listening, suspended,
// nonfunctional. A cell is "next:action"; "." stays and does nothing, "x" is rejected.
struct EventRow {
  std::string_view event;
  std::array<std::string_view, kRoleStateCount> cells;
};

// clang-format off
constexpr std::array<EventRow, kRoleEventCount> kExpected{{
  {"stalled",          {"init:forgive", "standby:forgive", "listening:mute", "listening:mute", "listening:mute", "suspended:forgive", "nonfunctional:forgive"}},
  {"monitor-failed",   {"nonfunctional:none", "nonfunctional:none", "nonfunctional:yield", "nonfunctional:yield", "nonfunctional:yield", ".", "."}},
  {"peer-leads",       {"standby:join", ".", "standby:yield", "standby:yield", "standby:yield", ".", "."}},
  {"suspend-asked",    {"suspended:none", "suspended:none", "suspended:yield", "suspended:yield", "suspended:yield", ".", "suspended:none"}},
  {"cleared",          {".", ".", ".", ".", ".", "standby:join", "standby:join"}},
  {"peer-asks",        {"x", "active:take", "x", "x", "x", ".", "."}},
  {"peer-absent",      {"active:take", "active:take", ".", "active:cancel-ask", ".", ".", "."}},
  {"elected",          {"active:take", "active:take", ".", ".", ".", ".", "."}},
  {"outvoted",         {"standby:join", ".", ".", ".", ".", ".", "."}},
  {"preempt-due",      {"x", "active:take", "x", "x", "x", ".", "."}},
  {"handover-wanted",  {"x", "x", "handover:ask", ".", "x", "x", "x"}},
  {"handover-expired", {"x", "x", "x", "active:cancel-ask", "x", "x", "x"}},
  {"listen-over",      {"x", "x", "x", "x", "active:unmute", "x", "x"}},
  {"peer-trails",      {"x", "x", "active:announce", "handover:announce", ".", "x", "x"}},
  {"term-behind",      {"x", "x", "active:retake", ".", ".", "x", "x"}},
  {"term-spent",       {"x", "x", "active:retake", ".", ".", "x", "x"}},
}};
// clang-format on

std::string TextOf(RoleState state, RoleStep step) {
  if (step.action == RoleAction::kReject && step.next == state) return "x";
  if (step.action == RoleAction::kNone && step.next == state) return ".";
  return std::string(NameOf(step.next)) + ":" + std::string(NameOf(step.action));
}

TEST(RoleTable, EveryCellIsAsDocumented) {
  for (std::size_t e = 0; e < kRoleEventCount; ++e) {
    const auto event = static_cast<RoleEvent>(e);
    EXPECT_EQ(NameOf(event), kExpected[e].event);
    for (std::size_t s = 0; s < kRoleStateCount; ++s) {
      const auto state = static_cast<RoleState>(s);
      EXPECT_EQ(TextOf(state, StepOf(state, event)), kExpected[e].cells[s])
          << NameOf(state) << " × " << NameOf(event);
    }
  }
}

TEST(RoleTable, EveryNameIsThereAndUnique) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kRoleStateCount; ++i) names.insert(NameOf(static_cast<RoleState>(i)));
  EXPECT_EQ(names.size(), kRoleStateCount);
  names.clear();
  for (std::size_t i = 0; i < kRoleActionCount; ++i) {
    names.insert(NameOf(static_cast<RoleAction>(i)));
  }
  EXPECT_EQ(names.size(), kRoleActionCount);
  names.clear();
  for (std::size_t i = 0; i < 8; ++i) {
    names.insert(NameOf(static_cast<Role>(i)));
    EXPECT_FALSE(NameOf(static_cast<TakeCause>(i)).empty());
  }
  EXPECT_EQ(names.size(), 8u);
}

TEST(RoleTable, EveryStateCanBeReached) {
  std::set<RoleState> reached{RoleState::kInit};
  for (std::size_t round = 0; round < kRoleStateCount; ++round) {
    for (const RoleState state : std::set<RoleState>(reached)) {
      for (std::size_t e = 0; e < kRoleEventCount; ++e) {
        reached.insert(StepOf(state, static_cast<RoleEvent>(e)).next);
      }
    }
  }
  EXPECT_EQ(reached.size(), kRoleStateCount);
}

}  // namespace
}  // namespace statesync
