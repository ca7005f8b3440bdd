// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/inventory/dataplane_role.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

struct RoleWord {
  std::string_view word;
  HaRole role;
  bool can_be_ready;
};
// A word that is not here, as "init", is no role yet.
constexpr std::array kRoles{
    RoleWord{"active", HaRole::kActive, true},
    RoleWord{"active-primary", HaRole::kActive, true},
    RoleWord{"standby", HaRole::kStandby, true},
    RoleWord{"active-secondary", HaRole::kStandby, true},
    RoleWord{"tentative", HaRole::kStandby, false},
    RoleWord{"suspended", HaRole::kStandby, false},
    RoleWord{"nonfunctional", HaRole::kStandby, false},
};

// As a sentence of the dataplane begins, or as it names what puts a copy at risk.
struct ReasonWord {
  std::string_view word;
  ReasonCode code;
};
constexpr std::array kReasonWords{
    ReasonWord{"state-sync-disabled", ReasonCode::kStateSyncDisabled},
    ReasonWord{"ha2-silent", ReasonCode::kHa2Down},
    ReasonWord{"exposure", ReasonCode::kHa2NoProgress},
    ReasonWord{"keys-exhausted", ReasonCode::kHa2NoProgress},
};

std::string LinksText(const DataplaneView& view) {
  std::string text;
  for (const DataplaneLink& link : view.links) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", link.name, " ",
                    link.heard_ms_ago < 0
                        ? "never heard the peer"
                        : absl::StrCat("heard it ", link.heard_ms_ago / 1'000, " s ago"));
  }
  return text;
}

std::string EvidenceOf(ReasonCode code, std::string_view word, const DataplaneView& view) {
  if (code == ReasonCode::kHa2Down) {
    return absl::StrCat("nothing authentic is heard on HA2: ", LinksText(view));
  }
  if (code == ReasonCode::kHa2NoProgress) {
    return absl::StrCat(word == "exposure" ? "the peer is heard, but confirms nothing"
                                           : "the keys of HA2 have sealed all they may",
                        ": ", view.exposure_changes, " changes wait");
  }
  return "the dataplane replicates no sessions";
}

void Add(std::string_view word, const DataplaneView& view, std::vector<Reason>& reasons) {
  const auto* const row = std::ranges::find(kReasonWords, word, &ReasonWord::word);
  if (row == kReasonWords.end() ||
      std::ranges::find(reasons, row->code, &Reason::code) != reasons.end()) {
    return;
  }
  Reason& reason = reasons.emplace_back();
  reason.code = row->code;
  reason.evidence = EvidenceOf(row->code, word, view);
}

bool HasForwarding(const DataplaneView& view) {
  return std::ranges::none_of(
      view.reasons, [](const std::string& reason) { return reason.starts_with("no-forwarding:"); });
}

// The standby's copy of the state; state that is not replicated on purpose is no fault of it.
bool HasState(const DataplaneView& view) {
  return view.readiness == "synced" || view.readiness_reason == "state-sync-disabled";
}

}  // namespace

LocalRole RoleOf(const DataplaneView& view) {
  LocalRole local;
  if (!view.answers) {
    return local;
  }
  const auto* const row = std::ranges::find(kRoles, view.role, &RoleWord::word);
  const bool has_role = row != kRoles.end();
  local.is_dataplane_ready = has_role && row->can_be_ready && HasForwarding(view);
  if (!view.has_ha) {
    return local;
  }
  local.term = view.term;
  local.role = has_role ? row->role : HaRole::kUnknown;
  if (local.role == HaRole::kStandby && !HasState(view)) {
    local.is_dataplane_ready = false;
  }
  for (const std::string& reason : view.reasons) {
    Add(std::string_view(reason).substr(0, reason.find(':')), view, local.reasons);
  }
  Add(view.readiness_reason, view, local.reasons);
  Add(view.peer_readiness_reason, view, local.reasons);
  return local;
}

}  // namespace configsync
