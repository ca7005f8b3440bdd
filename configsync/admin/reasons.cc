// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/reasons.h"

#include "absl/strings/str_cat.h"
#include "configsync/admin/host_names.h"

namespace configsync {

std::vector<std::string> ReasonsOf(const EngineStatus& status, const Tree& running) {
  std::vector<std::string> reasons;
  if (!status.store_warning.empty()) {
    reasons.push_back(absl::StrCat("error STORE_WARNING: ", status.store_warning));
  }
  if (status.follow.state == FollowState::kRefused) {
    reasons.push_back(absl::StrCat("error DATAPLANE_REFUSED: the dataplane does not take revision ",
                                   status.running, ": ", status.follow.text));
  }
  if (status.follow.state == FollowState::kUnreachable) {
    reasons.push_back(
        absl::StrCat("warning DATAPLANE_UNREACHABLE: no dataplane answers; it gets revision ",
                     status.running, " when it is back"));
  }
  if (status.confirm.has_value()) {
    reasons.push_back(absl::StrCat("warning CONFIRM_PENDING: revision ", status.confirm->revision,
                                   " goes back to ", status.confirm->back_to, " in ",
                                   status.confirm->remaining_s,
                                   " s; `lockstepctl config confirm` keeps it"));
  }
  if (status.rearms_in_s.has_value()) {
    reasons.push_back(
        absl::StrCat("warning HA_EDIT_OPEN: failover is off for an edit and comes on in ",
                     *status.rearms_in_s, " s; `lockstepctl ha edit end` ends it now"));
  } else if (LeafOr(running, {"ha", "failover", "enabled"}) == "false") {
    reasons.push_back(
        "warning FAILOVER_DISABLED: /ha/failover/enabled is false: no automatic takeover");
  }
  if (status.running != status.startup && status.running_hash != status.startup_hash) {
    reasons.push_back(absl::StrCat("info NOT_SAVED: the next boot begins with revision ",
                                   status.startup, "; `lockstepctl config save` keeps ",
                                   status.running));
  }
  if (LeafOr(running, {"ha", "configuration-synchronization", "enabled"}) == "false") {
    reasons.push_back(
        "info CONFIG_SYNC_DISABLED_LOCAL: configuration synchronization is off on this node");
  }
  return reasons;
}

}  // namespace configsync
