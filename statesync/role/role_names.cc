// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Names of states, events, actions and causes, as logs and `lockstepctl` show them.

#include <array>

#include "statesync/ensure.h"
#include "statesync/role/role_machine.h"
#include "statesync/role/role_table.h"

namespace statesync {
namespace {

template <typename Enum, std::size_t Count>
std::string_view Pick(const std::array<std::string_view, Count>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  ENSURE(index < Count);
  return names[index];
}

}  // namespace

std::string_view NameOf(RoleState state) noexcept {
  static constexpr std::array<std::string_view, kRoleStateCount> kNames{
      "init", "standby", "active", "handover", "listening", "suspended", "nonfunctional"};
  return Pick(kNames, state);
}

std::string_view NameOf(RoleEvent event) noexcept {
  static constexpr std::array<std::string_view, kRoleEventCount> kNames{
      "stalled",     "monitor-failed", "peer-leads",      "suspend-asked",
      "cleared",     "peer-asks",      "peer-absent",     "elected",
      "outvoted",    "preempt-due",    "handover-wanted", "handover-expired",
      "listen-over", "peer-trails",    "term-behind",     "term-spent"};
  return Pick(kNames, event);
}

std::string_view NameOf(RoleAction action) noexcept {
  static constexpr std::array<std::string_view, kRoleActionCount> kNames{
      "none", "reject", "join",     "take", "retake",     "yield",
      "mute", "unmute", "announce", "ask",  "cancel-ask", "forgive"};
  return Pick(kNames, action);
}

std::string_view NameOf(Role role) noexcept {
  static constexpr std::array<std::string_view, 8> kNames{
      "init",          "standby",        "active",           "suspended",
      "nonfunctional", "active-primary", "active-secondary", "tentative"};
  return Pick(kNames, role);
}

std::string_view NameOf(TakeCause cause) noexcept {
  static constexpr std::array<std::string_view, 8> kNames{
      "none",         "silence",          "process-death", "new-boot-id",
      "peer-yielded", "no-peer-at-start", "elected",       "preempted"};
  return Pick(kNames, cause);
}

std::string_view NameOf(SwitchoverRefusal refusal) noexcept {
  static constexpr std::array<std::string_view, 6> kNames{"accepted",
                                                          "this node is not active",
                                                          "the peer is not heard",
                                                          "the peer is not synced",
                                                          "a switchover is under way",
                                                          "the peer did not take over in time"};
  return Pick(kNames, refusal);
}

}  // namespace statesync
