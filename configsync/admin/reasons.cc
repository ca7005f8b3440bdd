// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/reasons.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/admin/host_names.h"

namespace configsync {

std::vector<Reason> ReasonsOf(const EngineStatus& status, const Tree& running) {
  std::vector<Reason> reasons;
  const auto add = [&](ReasonCode code, std::string evidence) {
    Reason& reason = reasons.emplace_back();
    reason.code = code;
    reason.evidence = std::move(evidence);
  };
  if (!status.store_warning.empty()) {
    add(ReasonCode::kStoreWarning, status.store_warning);
  }
  if (status.follow.state == FollowState::kRefused) {
    add(ReasonCode::kDataplaneRefused, absl::StrCat("the dataplane does not take revision ",
                                                    status.running, ": ", status.follow.text));
  }
  if (status.follow.state == FollowState::kUnreachable) {
    add(ReasonCode::kDataplaneUnreachable,
        absl::StrCat("no dataplane answers, revision ", status.running, " waits for it"));
  }
  if (status.confirm.has_value()) {
    add(ReasonCode::kConfirmPending,
        absl::StrCat("revision ", status.confirm->revision, " goes back to ",
                     status.confirm->back_to, " in ", status.confirm->remaining_s, " s"));
  }
  if (status.rearms_in_s.has_value()) {
    add(ReasonCode::kHaEditOpen,
        absl::StrCat("failover is off for an edit and comes on in ", *status.rearms_in_s, " s"));
  } else if (LeafOr(running, {"ha", "failover", "enabled"}) == "false") {
    add(ReasonCode::kFailoverDisabled,
        "/ha/failover/enabled is false: there is no automatic takeover");
  }
  if (status.running != status.startup && status.running_hash != status.startup_hash) {
    add(ReasonCode::kNotSaved, absl::StrCat("the next boot begins with revision ", status.startup,
                                            ", not with ", status.running));
  }
  if (LeafOr(running, {"ha", "configuration-synchronization", "enabled"}) == "false") {
    add(ReasonCode::kConfigSyncDisabledLocal, "configuration synchronization is off on this node");
  }
  return reasons;
}

}  // namespace configsync
