// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The table. Sentences are for operators: what is so, and what to do, in the imperative.

#include <algorithm>
#include <array>

#include "configsync/reasons/reason.h"

namespace configsync {
namespace {

using Row = ReasonRow;

constexpr std::array<Row, kReasonCount> kRows{
    Row{ReasonCode::kStoreWarning, "STORE_WARNING", Severity::kError, Blocks::kNothing,
        "The store lost or hides something.",
        "Save what `lockstepctl config show` prints, and mend the disk or restore the store."},
    Row{ReasonCode::kDataplaneRefused, "DATAPLANE_REFUSED", Severity::kError, Blocks::kNothing,
        "The dataplane does not take the running revision.",
        "Correct what it names, or go back to the revision that it runs."},
    Row{ReasonCode::kDataplaneUnreachable, "DATAPLANE_UNREACHABLE", Severity::kWarning,
        Blocks::kNothing, "No dataplane answers on this node.",
        "Start it; it gets the running revision when it is back."},
    Row{ReasonCode::kConfirmPending, "CONFIRM_PENDING", Severity::kWarning, Blocks::kNothing,
        "A commit goes back unless it is confirmed.", "Keep it with `lockstepctl config confirm`."},
    Row{ReasonCode::kHaEditOpen, "HA_EDIT_OPEN", Severity::kWarning, Blocks::kNothing,
        "Failover is off for an edit, and comes on by itself.",
        "End it now with `lockstepctl ha edit end`."},
    Row{ReasonCode::kFailoverDisabled, "FAILOVER_DISABLED", Severity::kWarning, Blocks::kNothing,
        "The active role does not change by itself.", "Set /ha/failover/enabled to true."},
    Row{ReasonCode::kNotSaved, "NOT_SAVED", Severity::kInfo, Blocks::kNothing,
        "The next boot begins with another configuration than the running one.",
        "Keep the running one with `lockstepctl config save`."},
    Row{ReasonCode::kInventoryInvalid, "INVENTORY_INVALID", Severity::kWarning, Blocks::kNothing,
        "The inventory file cannot be read; what was read before holds.",
        "Correct it, and judge it with `lockstep-configd --check`."},
    Row{ReasonCode::kConfigSyncDisabledLocal, "CONFIG_SYNC_DISABLED_LOCAL", Severity::kInfo,
        Blocks::kPush, "Configuration synchronization is off on this node.",
        "Set /ha/configuration-synchronization/enabled to true."},
    Row{ReasonCode::kConfigSyncDisabledPeer, "CONFIG_SYNC_DISABLED_PEER", Severity::kWarning,
        Blocks::kPush, "Configuration synchronization is off on the remote.",
        "Set /ha/configuration-synchronization/enabled to true there."},
    Row{ReasonCode::kNotPaired, "NOT_PAIRED", Severity::kError, Blocks::kPush,
        "This node and the remote have never proven to each other who they are.",
        "Pair them: `lockstepctl pair start ADDRESS` here, `lockstepctl pair accept` there."},
    Row{ReasonCode::kNotBaselined, "NOT_BASELINED", Severity::kWarning, Blocks::kPush,
        "The two configurations differ, and were never the same.",
        "Compare them with `lockstepctl config difference`, then overwrite, adopt or merge by "
        "hand."},
    Row{ReasonCode::kDiverged, "DIVERGED", Severity::kError, Blocks::kPush,
        "The remote was changed since both were the same.",
        "Compare them with `lockstepctl config difference`, then overwrite, adopt or merge by "
        "hand."},
    Row{ReasonCode::kPendingApply, "PENDING_APPLY", Severity::kInfo, Blocks::kNothing,
        "Changes of some categories wait until they are applied.",
        "Let them travel with `lockstepctl config sync apply`."},
    Row{ReasonCode::kPending, "PENDING", Severity::kInfo, Blocks::kNothing,
        "Changes wait until they are pushed.",
        "Let them travel with `lockstepctl config sync push`."},
    Row{ReasonCode::kCentralManagerHeld, "CENTRAL_MANAGER_HELD", Severity::kInfo, Blocks::kPush,
        "The running revision is the central manager's, which brings it to each node itself.",
        "Wait for the manager to reach the remote, or push it with `lockstepctl config sync "
        "push`."},
    Row{ReasonCode::kReceivePinned, "RECEIVE_PINNED", Severity::kWarning, Blocks::kPush,
        "The node stays at a revision that is known to be good, and takes nothing.",
        "Release it with `lockstepctl config sync unpin` on the pinned node."},
    Row{ReasonCode::kSyncDirection, "SYNC_DIRECTION", Severity::kInfo, Blocks::kPush,
        "Another node is the one that pushes.", "Commit on that node, or make this one active."},
    Row{ReasonCode::kLoop, "LOOP", Severity::kWarning, Blocks::kPush,
        "The configuration comes from the node that it would go to.",
        "Commit on that node, or overwrite it by hand; in a ring of nodes, remove a remote."},
    Row{ReasonCode::kGroupFull, "GROUP_FULL", Severity::kError, Blocks::kNothing,
        "A pair has two nodes, and this one has its peer.",
        "Forget the other node of the pair first, or pair with --remote-only."},
    Row{ReasonCode::kHa1NotSyncInterface, "HA1_NOT_SYNC_INTERFACE", Severity::kError, Blocks::kPush,
        "The address of the remote is in no subnet of this node's HA1.",
        "Set the remote's address to the one of its HA1 interface."},
    Row{ReasonCode::kHa1Down, "HA1_DOWN", Severity::kError, Blocks::kPush,
        "The HA1 interface of this node is down.", "Restore the cable or the interface."},
    Row{ReasonCode::kPeerUnreachable, "PEER_UNREACHABLE", Severity::kError, Blocks::kPush,
        "Nothing answers at the remote's address.",
        "Check power, cable and address of the remote."},
    Row{ReasonCode::kPeerPortBlocked, "PEER_PORT_BLOCKED", Severity::kError, Blocks::kPush,
        "The remote is there, but its port drops what is sent to it.",
        "Permit the port in whatever filters between the nodes."},
    Row{ReasonCode::kPeerApiDown, "PEER_API_DOWN", Severity::kError, Blocks::kPush,
        "The remote is there, but its service for peers does not run.",
        "Start lockstep-configd there with --ha1, and set peer-interface to true."},
    Row{ReasonCode::kPeerTimeout, "PEER_TIMEOUT", Severity::kError, Blocks::kPush,
        "The remote took the call and did not answer in time.",
        "Look at load and log of the remote; the call is repeated."},
    Row{ReasonCode::kTlsFailed, "TLS_FAILED", Severity::kError, Blocks::kPush,
        "No TLS connection with the remote comes about.",
        "Look at the log of both nodes for what TLS says; pair again if a key was replaced."},
    Row{ReasonCode::kCertNotPinned, "CERT_NOT_PINNED", Severity::kError, Blocks::kPush,
        "The certificate shown is none of a paired device.",
        "Compare the address with the other node's; pair again if its certificate was renewed."},
    Row{ReasonCode::kCertExpired, "CERT_EXPIRED", Severity::kError, Blocks::kPush,
        "The certificate is not valid at this time.",
        "Set the clocks of both nodes; renew the certificate and pair again if it is at its end."},
    Row{ReasonCode::kCertRevoked, "CERT_REVOKED", Severity::kError, Blocks::kPush,
        "The device was revoked.",
        "Forget the device and pair again, if it is to be believed again."},
    Row{ReasonCode::kAuthFailed, "AUTH_FAILED", Severity::kError, Blocks::kPush,
        "The password of hasync is wrong.",
        "Set the remote's password to the local-password of that node, or remove both."},
    Row{ReasonCode::kPeerForbidden, "PEER_FORBIDDEN", Severity::kError, Blocks::kPush,
        "The user may not synchronise: only hasync may, and it may nothing else.",
        "Set the remote's user to hasync."},
    Row{ReasonCode::kPeerError, "PEER_ERROR", Severity::kError, Blocks::kPush,
        "The remote failed in a way that has no name of its own.",
        "Look at the log of the remote."},
    Row{ReasonCode::kPeerBusy, "PEER_BUSY", Severity::kWarning, Blocks::kPush,
        "The remote is busy with another change.", "Wait; the call is repeated."},
    Row{ReasonCode::kPeerAnswerInvalid, "PEER_ANSWER_INVALID", Severity::kError, Blocks::kPush,
        "The remote answers what no node of this version may answer.",
        "Check what listens at the address; bring both nodes to the same release."},
    Row{ReasonCode::kPeerAnswerTooLarge, "PEER_ANSWER_TOO_LARGE", Severity::kError, Blocks::kPush,
        "The remote answers more than is read.",
        "Check what listens at the address; bring both nodes to the same release."},
    Row{ReasonCode::kPeerHashMismatch, "PEER_HASH_MISMATCH", Severity::kError, Blocks::kPush,
        "The remote says that it applied a change, but has another content.",
        "Compare with `lockstepctl config difference`, and verify the store of the remote."},
    Row{ReasonCode::kPeerRefused, "PEER_REFUSED", Severity::kError, Blocks::kPush,
        "The remote does not take the configuration.",
        "Correct what its problems name, and commit again."},
    Row{ReasonCode::kPeerStoreFull, "PEER_STORE_FULL", Severity::kError, Blocks::kPush,
        "The remote cannot write.", "Free space in its state folder; the push is repeated."},
    Row{ReasonCode::kStaleTerm, "STALE_TERM", Severity::kWarning, Blocks::kPush,
        "The push is of an older term: another node has become active since.",
        "Push from the node that is active now."},
    Row{ReasonCode::kReplayed, "REPLAYED", Severity::kWarning, Blocks::kPush,
        "The push has a number that was used before.",
        "Set the clock of this node, which numbers go by, and start lockstep-configd again, if its "
        "store was put back to an older copy."},
    Row{ReasonCode::kVersionIncompatible, "VERSION_INCOMPATIBLE", Severity::kError, Blocks::kPush,
        "The releases are more than one minor version apart.",
        "Install neighbouring releases on both nodes."},
    Row{ReasonCode::kSchemaBlocked, "SCHEMA_BLOCKED", Severity::kError, Blocks::kPush,
        "The change has nodes that the schema of the remote does not know.",
        "Remove the nodes named, or install the newer release on the remote."},
    Row{ReasonCode::kModeMismatch, "MODE_MISMATCH", Severity::kError, Blocks::kPush,
        "One node is active-passive, the other one active-active.",
        "Set /ha/mode to the same on both."},
    Row{ReasonCode::kMasterKeyMismatch, "MASTER_KEY_MISMATCH", Severity::kError, Blocks::kPush,
        "The nodes seal their secrets with different master keys.",
        "Give both the same key with `lockstepctl master-key change`, or pair again."},
    Row{ReasonCode::kFeatureMismatch, "FEATURE_MISMATCH", Severity::kError, Blocks::kPush,
        "A feature is on at one node only.", "Switch the feature on or off at both nodes."},
    Row{ReasonCode::kHwModelMismatch, "HW_MODEL_MISMATCH", Severity::kWarning, Blocks::kCategory,
        "The machines differ, so interfaces do not travel.",
        "Configure interfaces on each node by itself, or use equal machines."},
    Row{ReasonCode::kContentDbIncompatible, "CONTENT_DB_INCOMPATIBLE", Severity::kError,
        Blocks::kPush, "The content databases are of different versions.",
        "Update the database of the older node."},
    Row{ReasonCode::kLicenseMismatch, "LICENSE_MISMATCH", Severity::kError, Blocks::kPush,
        "The licences of the nodes differ.", "Install the same licences on both nodes."},
    Row{ReasonCode::kPluginMismatch, "PLUGIN_MISMATCH", Severity::kWarning, Blocks::kNothing,
        "The plugins of the nodes differ.",
        "Install the same version of the plugin on both nodes."},
    Row{ReasonCode::kPeerDataplaneNotReady, "PEER_DATAPLANE_NOT_READY", Severity::kWarning,
        Blocks::kState, "The dataplane of the other node cannot take over.",
        "Start it, or wait until it is ready."},
    Row{ReasonCode::kStateSyncDisabled, "STATE_SYNC_DISABLED", Severity::kWarning, Blocks::kState,
        "Sessions are not replicated: it is switched off.",
        "Set /ha/state-synchronization/enabled to true on both nodes."},
    Row{ReasonCode::kHa2Down, "HA2_DOWN", Severity::kError, Blocks::kState,
        "No HA2 link carries sessions.", "Restore a cable or interface of HA2."},
    Row{ReasonCode::kHa2NoProgress, "HA2_NO_PROGRESS", Severity::kError, Blocks::kState,
        "The HA2 link is up, but the other node confirms nothing.",
        "Check MTU, VLAN and pair secret of HA2 on both nodes."},
};

// RowOf() takes the code as an index.
constexpr bool AreInOrder() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].code) != i) {
      return false;
    }
  }
  return true;
}
static_assert(AreInOrder());

}  // namespace

std::span<const ReasonRow> ReasonRows() { return kRows; }

const ReasonRow& RowOf(ReasonCode code) { return kRows[static_cast<std::size_t>(code)]; }

std::optional<ReasonCode> ReasonCodeOf(std::string_view name) {
  const auto row = std::ranges::find(kRows, name, &Row::name);
  return row == kRows.end() ? std::nullopt : std::optional(row->code);
}

}  // namespace configsync
