// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Why a pair is not all that it could be: one enum for CLI, page, metrics and tests. What a code
// means is a row of one constant table; what happened is in the evidence of a Reason.
//
// Threads: values and constants.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace configsync {

enum class ReasonCode : std::uint8_t {
  // Of this node alone.
  kStoreWarning,
  kDataplaneRefused,
  kDataplaneUnreachable,
  kConfirmPending,
  kHaEditOpen,
  kFailoverDisabled,
  kNotSaved,
  kInventoryInvalid,
  // Whether and what to synchronise.
  kConfigSyncDisabledLocal,
  kConfigSyncDisabledPeer,
  kNotPaired,
  kNotBaselined,
  kDiverged,
  kPendingApply,
  kPending,
  kCentralManagerHeld,
  kReceivePinned,
  kSyncDirection,
  kLoop,
  kGroupFull,
  // The way to the remote.
  kHa1NotSyncInterface,
  kHa1Down,
  kPeerUnreachable,
  kPeerPortBlocked,
  kPeerApiDown,
  kPeerTimeout,
  kTlsFailed,
  kCertNotPinned,
  kCertExpired,
  kCertRevoked,
  kAuthFailed,
  kPeerForbidden,
  // What the remote answers.
  kPeerError,
  kPeerBusy,
  kPeerAnswerInvalid,
  kPeerAnswerTooLarge,
  kPeerHashMismatch,
  kPeerRefused,
  kPeerStoreFull,
  kStaleTerm,
  kReplayed,
  // Two nodes that differ.
  kVersionIncompatible,
  kSchemaBlocked,
  kModeMismatch,
  kMasterKeyMismatch,
  kFeatureMismatch,
  kHwModelMismatch,
  kContentDbIncompatible,
  kLicenseMismatch,
  kPluginMismatch,
  kPeerDataplaneNotReady,
  // Replication of state, as the dataplane says.
  kStateSyncDisabled,
  kHa2Down,
  kHa2NoProgress,
};
inline constexpr std::size_t kReasonCount =
    static_cast<std::size_t>(ReasonCode::kHa2NoProgress) + 1;

enum class Severity : std::uint8_t { kInfo, kWarning, kError };

// What does not happen while the reason holds.
enum class Blocks : std::uint8_t {
  kNothing,
  kPush,      // No configuration travels to this remote.
  kCategory,  // One category does not: it is withheld.
  kState,     // Tables are not replicated.
};

struct ReasonRow {
  ReasonCode code;
  std::string_view name;  // "PEER_API_DOWN": stable, for machines.
  Severity severity;
  Blocks blocks;
  std::string_view meaning;  // A sentence.
  std::string_view remedy;   // What to do, in the imperative.
};

inline constexpr std::size_t kReasonEvidenceBytesMax = 2'048;

// Words for machines: "warning", "push".
[[nodiscard]] std::string_view NameOf(Severity severity);
[[nodiscard]] std::string_view NameOf(Blocks blocks);

// By code.
[[nodiscard]] std::span<const ReasonRow> ReasonRows();
[[nodiscard]] const ReasonRow& RowOf(ReasonCode code);
[[nodiscard]] std::optional<ReasonCode> ReasonCodeOf(std::string_view name);

struct Reason {
  ReasonCode code = ReasonCode::kPeerError;
  std::string subject;   // Which of several, as "vsys" of FEATURE_MISMATCH; may be empty.
  std::string remote;    // Name of the remote; empty: this node.
  std::string evidence;  // What was seen, with values of both sides. Never a secret.
  // Instead of the row's, as PLUGIN_MISMATCH that warns or blocks.
  std::optional<Severity> severity;
  std::optional<Blocks> blocks;
  friend bool operator==(const Reason&, const Reason&) = default;
};

// "FEATURE_MISMATCH(vsys)".
[[nodiscard]] std::string NameOf(const Reason& reason);
// "error FEATURE_MISMATCH(vsys): here true, on fw-b false; switch it ...": the evidence, else the
// meaning, with the name of the remote if it is not in there; the remedy. Longer evidence is cut.
[[nodiscard]] std::string TextOf(const Reason& reason);
[[nodiscard]] Severity SeverityOf(const Reason& reason);
[[nodiscard]] Blocks BlocksOf(const Reason& reason);

// A failed call as a status that carries its reason, and back. Its code says whether a further call
// can help; its message is the text. A status without a reason is kPeerError.
[[nodiscard]] absl::Status StatusOf(const Reason& reason);
[[nodiscard]] Reason ReasonOf(const absl::Status& status);

}  // namespace configsync
