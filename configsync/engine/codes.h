// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Names of the problems that the engine itself finds; those of the schema are in
// schema/problem_codes.h. Stable, for machines.

#pragma once

#include <string_view>

namespace configsync::problem_code {

inline constexpr std::string_view kLockHeld = "LOCK_HELD";
inline constexpr std::string_view kConfirmPending = "CONFIRM_PENDING";
inline constexpr std::string_view kBadOption = "BAD_OPTION";
inline constexpr std::string_view kBadEdit = "BAD_EDIT";
inline constexpr std::string_view kNoSuchNode = "NO_SUCH_NODE";  // Not in this configuration.
inline constexpr std::string_view kTooManyEdits = "TOO_MANY_EDITS";
inline constexpr std::string_view kTooManyCandidates = "TOO_MANY_CANDIDATES";
inline constexpr std::string_view kCandidateUnreadable = "CANDIDATE_UNREADABLE";
inline constexpr std::string_view kNoSuchRevision = "NO_SUCH_REVISION";
inline constexpr std::string_view kNothingToCommit = "NOTHING_TO_COMMIT";
inline constexpr std::string_view kMergeConflict = "MERGE_CONFLICT";
inline constexpr std::string_view kHaEditLock = "HA_EDIT_LOCK";
inline constexpr std::string_view kHaNotArmed = "HA_NOT_ARMED";
inline constexpr std::string_view kNoHaEdit = "NO_HA_EDIT";
inline constexpr std::string_view kRunningMoved = "RUNNING_MOVED";
inline constexpr std::string_view kPeerBusy = "PEER_BUSY";
inline constexpr std::string_view kStoreFull = "STORE_FULL";
inline constexpr std::string_view kStoreReadOnly = "STORE_READ_ONLY";
inline constexpr std::string_view kStoreFailed = "STORE_FAILED";

}  // namespace configsync::problem_code
