// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Who may do what: groups give roles, and a table says which role a method needs.
//
// Threads: values only.

#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proto/local/unix_listener.h"

namespace configsync {

enum class Role : std::uint8_t {
  kViewer,       // Sees.
  kOperator,     // Edits and commits.
  kAdmin,        // Takes another's lock, changes the master key.
  kHaDangerous,  // Overwrites a whole node by the other's configuration. Not in kAdmin: to be given
                 // on purpose.
};
inline constexpr std::size_t kRoleCount = 4;
[[nodiscard]] std::string_view NameOf(Role role);

// A set. An operator is a viewer too, and an admin an operator.
class Roles {
 public:
  Roles() = default;
  static Roles All();
  void Add(Role role);
  [[nodiscard]] bool Has(Role role) const {
    return (bits_ >> static_cast<unsigned>(role) & 1) != 0;
  }
  [[nodiscard]] bool empty() const { return bits_ == 0; }

 private:
  std::uint8_t bits_ = 0;
};

// Which group gives which role.
struct RoleGroup {
  std::string name;          // As configured.
  std::optional<gid_t> gid;  // None: this machine has no such group, so nobody is in it.
};
using RoleGroups = std::array<RoleGroup, kRoleCount>;  // [Role].

[[nodiscard]] RoleGroups DefaultRoleGroups();
// Fills in the numbers by the user database.
void LookUp(RoleGroups& groups);

// Who other nodes log in as. On this socket it is nobody (F10).
inline constexpr std::string_view kPeerUser = "hasync";

// Root and the daemon's own user have all: they can read its memory and files anyway. `name` is the
// user's; kPeerUser has no role, whatever its groups.
[[nodiscard]] Roles RolesOf(const local::PeerCredentials& peer, std::string_view name,
                            uid_t own_user, const RoleGroups& groups);

// Who does a call. Commits run one at a time, and may wait for the dataplane: they wait for each
// other in a lane of their own, so that everybody else, and Confirm above all, is answered
// meanwhile. So do those who wait for another node.
enum class Lane : std::uint8_t { kQuick, kSlow, kPeer };

struct MethodRole {
  std::string_view method;
  Role role;
  Lane lane = Lane::kQuick;
};
// Every method of proto/admin.proto, of both services. UnlockRequest.force and others that depend
// on what is asked need more: the method itself refuses then.
[[nodiscard]] std::span<const MethodRole> MethodRoles();
// kAdmin for a method that is not in the table.
[[nodiscard]] const MethodRole& RowOf(std::string_view method);

// Who calls, for a refusal and the audit.
struct Caller {
  uid_t user = 0;
  std::string name;  // "uid-1234" if the user database has none.
  Roles roles;
};
[[nodiscard]] std::string UserName(uid_t user);

// "Commit needs the role operator: user eve (uid 1234) is not in group lockstep-config; …".
[[nodiscard]] std::string RefusalText(std::string_view what, Role role, const Caller& caller,
                                      const RoleGroups& groups);

}  // namespace configsync
