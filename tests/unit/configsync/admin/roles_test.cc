// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Groups give roles, and every method needs one.

#include "configsync/admin/roles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "proto/admin.pb.h"

namespace configsync {
namespace {

RoleGroups Groups() {
  RoleGroups groups = DefaultRoleGroups();
  for (std::size_t i = 0; i < kRoleCount; ++i) {
    groups[i].gid = static_cast<gid_t>(500 + i);
  }
  return groups;
}

local::PeerCredentials Peer(gid_t group, std::vector<gid_t> groups = {}) {
  return {.user = 1'000, .group = group, .process = 1, .groups = std::move(groups)};
}

TEST(Roles, EveryMethodOfTheServiceHasARowAndEveryRowIsAMethod) {
  const google::protobuf::FileDescriptor& file =
      *lockstep::admin::ShowRequest::descriptor()->file();
  std::set<std::string> methods;
  for (int s = 0; s < file.service_count(); ++s) {
    for (int i = 0; i < file.service(s)->method_count(); ++i) {
      EXPECT_TRUE(methods.insert(file.service(s)->method(i)->name()).second);
    }
  }
  std::set<std::string> rows;
  for (const MethodRole& row : MethodRoles()) {
    EXPECT_TRUE(rows.insert(std::string(row.method)).second) << row.method << " twice";
  }
  EXPECT_EQ(rows, methods);
}

TEST(Roles, WhatChangesNothingIsAllThatAViewerMayCall) {
  std::set<std::string> seen;
  for (const MethodRole& row : MethodRoles()) {
    if (row.role == Role::kViewer) {
      seen.insert(std::string(row.method));
    }
  }
  EXPECT_EQ(seen,
            (std::set<std::string>{"Compare", "Complete", "Explain", "GetAudit", "GetDifference",
                                   "GetHistory", "GetStatus", "GetSync", "Show"}));
  EXPECT_EQ(RowOf("ChangeMasterKey").role, Role::kAdmin);
  EXPECT_EQ(RowOf("NoSuchMethod").role, Role::kAdmin);
}

TEST(Roles, AnAdminIsAnOperatorAndAnOperatorAViewer) {
  const Roles admin = RolesOf(Peer(502), "eve", 77, Groups());
  EXPECT_TRUE(admin.Has(Role::kAdmin) && admin.Has(Role::kOperator) && admin.Has(Role::kViewer));
  const Roles oper = RolesOf(Peer(501), "eve", 77, Groups());
  EXPECT_TRUE(!oper.Has(Role::kAdmin) && oper.Has(Role::kOperator) && oper.Has(Role::kViewer));
  const Roles viewer = RolesOf(Peer(500), "eve", 77, Groups());
  EXPECT_TRUE(!viewer.Has(Role::kOperator) && viewer.Has(Role::kViewer));
}

TEST(Roles, TheDangerousRoleComesOnlyFromItsOwnGroup) {
  EXPECT_FALSE(RolesOf(Peer(502), "eve", 77, Groups()).Has(Role::kHaDangerous));
  const Roles dangerous = RolesOf(Peer(503), "eve", 77, Groups());
  EXPECT_TRUE(dangerous.Has(Role::kHaDangerous));
  EXPECT_FALSE(dangerous.Has(Role::kViewer));
}

TEST(Roles, SupplementaryGroupsCountAndForeignOnesDoNot) {
  EXPECT_TRUE(RolesOf(Peer(9, {8, 501}), "eve", 77, Groups()).Has(Role::kOperator));
  EXPECT_TRUE(RolesOf(Peer(9, {8, 7}), "eve", 77, Groups()).empty());
}

TEST(Roles, RootAndTheDaemonsOwnUserHaveAll) {
  for (const uid_t user : {0u, 77u}) {
    local::PeerCredentials peer = Peer(9);
    peer.user = user;
    const Roles roles = RolesOf(peer, "eve", 77, Groups());
    EXPECT_TRUE(roles.Has(Role::kAdmin) && roles.Has(Role::kHaDangerous)) << user;
  }
}

TEST(Roles, F10_WhoOtherNodesLogInAsHasNoRoleWhateverTheGroups) {
  const local::PeerCredentials peer = Peer(500, {501, 502, 503});
  EXPECT_TRUE(RolesOf(peer, "eve", 77, Groups()).Has(Role::kAdmin));
  EXPECT_TRUE(RolesOf(peer, "hasync", 77, Groups()).empty());
  EXPECT_TRUE(RolesOf(peer, "hasync", peer.user, Groups()).empty());
  const Caller caller{.user = 1'000, .name = "hasync", .roles = {}};
  EXPECT_NE(RefusalText("Show", Role::kViewer, caller, Groups()).find("call as a user of your own"),
            std::string::npos);
}

TEST(Roles, AGroupThatTheMachineDoesNotHaveGivesNothing) {
  RoleGroups groups = DefaultRoleGroups();
  for (RoleGroup& group : groups) {
    group.name = "no-such-group-" + group.name;
  }
  LookUp(groups);
  EXPECT_TRUE(std::none_of(groups.begin(), groups.end(),
                           [](const RoleGroup& group) { return group.gid.has_value(); }));
  EXPECT_TRUE(RolesOf(Peer(0, {0, 500}), "eve", 77, groups).empty());
}

TEST(Roles, ARefusalNamesMethodUserGroupAndRemedy) {
  RoleGroups groups = Groups();
  const Caller eve{.user = 1'000, .name = "eve", .roles = {}};
  EXPECT_EQ(RefusalText("Commit", Role::kOperator, eve, groups),
            "Commit needs the role operator: user eve (uid 1000) is not in group lockstep-config; "
            "ask an administrator for `usermod -aG lockstep-config eve`, then log in again");
  groups[1].gid.reset();
  EXPECT_NE(RefusalText("Commit", Role::kOperator, eve, groups).find("groupadd lockstep-config"),
            std::string::npos);
}

// It asks nobody, and has three minutes: viewers who compare with a remote that hangs, a minute
// each, must not hold it up.
TEST(Roles, ACodeIsConfirmedAtOnce) {
  EXPECT_EQ(RowOf("ConfirmPairing").lane, Lane::kQuick);
  EXPECT_EQ(RowOf("BeginPairing").lane, Lane::kPeer);
}

}  // namespace
}  // namespace configsync
