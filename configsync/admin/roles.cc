// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/roles.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

constexpr std::size_t kDatabaseBytes = 4'096;
constexpr std::size_t kDatabaseBytesMax = 1 << 20;  // A group with thousands of members.

constexpr std::array kMethodRoles{
    MethodRole{"GetStatus", Role::kViewer},
    MethodRole{"Show", Role::kViewer},
    MethodRole{"Compare", Role::kViewer},
    MethodRole{"GetHistory", Role::kViewer},
    MethodRole{"GetAudit", Role::kViewer},
    MethodRole{"Complete", Role::kViewer},
    MethodRole{"Edit", Role::kOperator},
    MethodRole{"Load", Role::kOperator},
    MethodRole{"Reset", Role::kOperator},
    MethodRole{"Commit", Role::kOperator, Lane::kSlow},
    MethodRole{"Confirm", Role::kOperator},
    MethodRole{"Save", Role::kOperator, Lane::kSlow},
    MethodRole{"Lock", Role::kOperator},
    MethodRole{"Unlock", Role::kOperator},
    MethodRole{"BeginHaEdit", Role::kOperator, Lane::kSlow},
    MethodRole{"EndHaEdit", Role::kOperator, Lane::kSlow},
    // It reads all of the store, and commits wait meanwhile: not for who may only look.
    MethodRole{"VerifyStore", Role::kOperator, Lane::kSlow},
    MethodRole{"ChangeMasterKey", Role::kAdmin, Lane::kSlow},
    // Of service Sync.
    MethodRole{"GetSync", Role::kViewer},
    MethodRole{"GetDifference", Role::kViewer, Lane::kPeer},
    MethodRole{"Explain", Role::kViewer},
    MethodRole{"Manual", Role::kOperator, Lane::kSlow},  // All but pushes need more: SyncCalls.
    MethodRole{"ApplyHeld", Role::kOperator, Lane::kSlow},
    MethodRole{"Pin", Role::kOperator, Lane::kSlow},
    MethodRole{"BeginPairing", Role::kAdmin, Lane::kPeer},
    MethodRole{"ConfirmPairing", Role::kAdmin},
    MethodRole{"CancelPairing", Role::kAdmin},
    MethodRole{"GetPairing", Role::kAdmin},
    MethodRole{"ListDevices", Role::kAdmin},
    MethodRole{"ChangeDevice", Role::kAdmin},
};
constexpr MethodRole kUnknownMethod{"", Role::kAdmin};

const RoleGroup& GroupOf(Role role, const RoleGroups& groups) {
  return groups[static_cast<std::size_t>(role)];
}

bool IsIn(const local::PeerCredentials& peer, gid_t group) {
  return peer.group == group ||
         std::find(peer.groups.begin(), peer.groups.end(), group) != peer.groups.end();
}

}  // namespace

std::string_view NameOf(Role role) {
  constexpr std::array<std::string_view, kRoleCount> kNames{"viewer", "operator", "admin",
                                                            "ha-dangerous"};
  return kNames[static_cast<std::size_t>(role)];
}

Roles Roles::All() {
  Roles all;
  all.Add(Role::kAdmin);
  all.Add(Role::kHaDangerous);
  return all;
}

void Roles::Add(Role role) {
  constexpr std::array<std::uint8_t, kRoleCount> kWith{0b0001, 0b0011, 0b0111, 0b1000};
  bits_ |= kWith[static_cast<std::size_t>(role)];
}

RoleGroups DefaultRoleGroups() {
  return {{{"lockstep-view", {}},
           {"lockstep-config", {}},
           {"lockstep-admin", {}},
           {"lockstep-ha-dangerous", {}}}};
}

void LookUp(RoleGroups& groups) {
  for (RoleGroup& row : groups) {
    row.gid.reset();
    std::vector<char> memory(kDatabaseBytes);
    group found{};
    group* result = nullptr;
    while (getgrnam_r(row.name.c_str(), &found, memory.data(), memory.size(), &result) == ERANGE &&
           memory.size() < kDatabaseBytesMax) {
      memory.resize(memory.size() * 4);
    }
    if (result != nullptr) {
      row.gid = result->gr_gid;
    }
  }
}

Roles RolesOf(const local::PeerCredentials& peer, std::string_view name, uid_t own_user,
              const RoleGroups& groups) {
  if (name == kPeerUser) {
    return {};
  }
  if (peer.user == 0 || peer.user == own_user) {
    return Roles::All();
  }
  Roles roles;
  for (std::size_t i = 0; i < kRoleCount; ++i) {
    if (groups[i].gid.has_value() && IsIn(peer, *groups[i].gid)) {
      roles.Add(static_cast<Role>(i));
    }
  }
  return roles;
}

std::span<const MethodRole> MethodRoles() { return kMethodRoles; }

const MethodRole& RowOf(std::string_view method) {
  for (const MethodRole& row : kMethodRoles) {
    if (row.method == method) {
      return row;
    }
  }
  return kUnknownMethod;
}

std::string UserName(uid_t user) {
  std::vector<char> memory(kDatabaseBytes);
  passwd found{};
  passwd* result = nullptr;
  while (getpwuid_r(user, &found, memory.data(), memory.size(), &result) == ERANGE &&
         memory.size() < kDatabaseBytesMax) {
    memory.resize(memory.size() * 4);
  }
  return result != nullptr ? std::string(result->pw_name) : absl::StrCat("uid-", user);
}

std::string RefusalText(std::string_view what, Role role, const Caller& caller,
                        const RoleGroups& groups) {
  const RoleGroup& group = GroupOf(role, groups);
  const std::string needs =
      absl::StrCat(std::string(what), " needs the role ", std::string(NameOf(role)), ": user ",
                   caller.name, " (uid ", caller.user, ") ");
  if (caller.name == kPeerUser) {
    return absl::StrCat(needs,
                        "is what other nodes log in as, and may do nothing here whatever its "
                        "groups; call as a user of your own");
  }
  const std::string begin = absl::StrCat(needs, "is not in group ", group.name);
  return group.gid.has_value()
             ? absl::StrCat(begin, "; ask an administrator for `usermod -aG ", group.name, " ",
                            caller.name, "`, then log in again")
             : absl::StrCat(begin, ", which this machine does not have; make it (`groupadd ",
                            group.name, "`), restart lockstep-configd, and join it");
}

}  // namespace configsync
