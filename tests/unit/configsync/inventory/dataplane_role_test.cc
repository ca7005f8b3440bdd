// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/inventory/dataplane_role.h"

#include <gtest/gtest.h>

namespace configsync {
namespace {

DataplaneView Ready(const std::string& role) {
  DataplaneView view;
  view.answers = true;
  view.has_ha = true;
  view.role = role;
  view.term = 4;
  view.readiness = "synced";
  return view;
}

std::string NamesOf(const LocalRole& role) {
  std::string names;
  for (const Reason& reason : role.reasons) {
    names += NameOf(reason) + " ";
  }
  return names;
}

TEST(DataplaneRole, EachWordHasItsRole) {
  struct Case {
    std::string word;
    HaRole role;
    bool is_ready;
  };
  const std::vector<Case> cases{
      {"active", HaRole::kActive, true},          {"active-primary", HaRole::kActive, true},
      {"standby", HaRole::kStandby, true},        {"active-secondary", HaRole::kStandby, true},
      {"suspended", HaRole::kStandby, false},     {"nonfunctional", HaRole::kStandby, false},
      {"tentative", HaRole::kStandby, false},     {"init", HaRole::kUnknown, false},
      {"something-new", HaRole::kUnknown, false}, {"", HaRole::kUnknown, false}};
  for (const Case& one : cases) {
    SCOPED_TRACE(one.word);
    const LocalRole role = RoleOf(Ready(one.word));
    EXPECT_EQ(role.role, one.role);
    EXPECT_EQ(role.term, 4u);
    EXPECT_EQ(role.is_dataplane_ready, one.is_ready);
    EXPECT_TRUE(role.reasons.empty());
  }
}

TEST(DataplaneRole, WhoHasNoPeerHasNoRole) {
  DataplaneView view = Ready("active");
  view.has_ha = false;
  view.reasons = {"ha2-silent: left over"};
  const LocalRole role = RoleOf(view);
  EXPECT_EQ(role.role, HaRole::kUnknown);
  EXPECT_EQ(role.term, 0u);
  EXPECT_TRUE(role.is_dataplane_ready);
  EXPECT_TRUE(role.reasons.empty());
}

// F163: what makes a dataplane not ready, from outside.
TEST(DataplaneRole, F163_ADataplaneIsReadyIfItCouldTakeOver) {
  EXPECT_FALSE(RoleOf({}).is_dataplane_ready);  // None answers.
  DataplaneView view = Ready("standby");
  EXPECT_TRUE(RoleOf(view).is_dataplane_ready);
  view.reasons = {"no-forwarding: this node was not told what to forward by"};
  EXPECT_FALSE(RoleOf(view).is_dataplane_ready);
  view = Ready("standby");
  for (const char* word : {"bulk", "catch-up", "no-peer", "at-risk"}) {
    view.readiness = word;
    EXPECT_FALSE(RoleOf(view).is_dataplane_ready) << word;
  }
  // An active node has its own state: what it has of the peer does not matter.
  view.role = "active";
  EXPECT_TRUE(RoleOf(view).is_dataplane_ready);
}

TEST(DataplaneRole, F153_StateSyncThatIsOffIsSaidAndNotTakenForAFault) {
  DataplaneView view = Ready("standby");
  view.readiness = "at-risk";
  view.readiness_reason = "state-sync-disabled";
  EXPECT_EQ(NamesOf(RoleOf(view)), "STATE_SYNC_DISABLED ");
  EXPECT_TRUE(RoleOf(view).is_dataplane_ready);
  view = Ready("active");
  view.peer_readiness_reason = "state-sync-disabled";
  EXPECT_EQ(NamesOf(RoleOf(view)), "STATE_SYNC_DISABLED ");
  EXPECT_EQ(BlocksOf(RoleOf(view).reasons[0]), Blocks::kState);
}

TEST(DataplaneRole, F154_Ha2ThatIsDownDiffersFromHa2WithoutProgress) {
  DataplaneView view = Ready("active");
  view.links = {{.name = "ha2", .heard_ms_ago = 3'200}, {.name = "ha2_second"}};
  view.reasons = {"ha1-silent: another thing", "ha2-silent: no authentic frame"};
  view.peer_readiness_reason = "ha2-silent";
  const LocalRole down = RoleOf(view);
  EXPECT_EQ(NamesOf(down), "HA2_DOWN ");
  EXPECT_NE(down.reasons[0].evidence.find("ha2 heard it 3 s ago, ha2_second never heard the peer"),
            std::string::npos)
      << down.reasons[0].evidence;

  view = Ready("active");
  view.exposure_changes = 12;
  view.peer_readiness_reason = "exposure";
  EXPECT_EQ(NamesOf(RoleOf(view)), "HA2_NO_PROGRESS ");
  EXPECT_NE(RoleOf(view).reasons[0].evidence.find("12 changes"), std::string::npos);
  view.peer_readiness_reason.clear();
  EXPECT_EQ(NamesOf(RoleOf(view)), "");
  view.reasons = {"keys-exhausted: no rekey"};
  EXPECT_EQ(NamesOf(RoleOf(view)), "HA2_NO_PROGRESS ");
}

}  // namespace
}  // namespace configsync
