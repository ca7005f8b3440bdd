// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What an operator asked for, after the command line was read.
//
// Threads: values only.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lockstepctl {

inline constexpr int kStatusDone = 0;
inline constexpr int kStatusFailed = 1;
inline constexpr int kStatusUsage = 2;
inline constexpr int kStatusProblems = 3;  // The configuration is wrong; nothing changed.
// Of `tables diff`, `config compare` and `config difference`, as of diff(1): 1 is an answer, and
// whatever went wrong is 2.
inline constexpr int kStatusDiffer = 1;
inline constexpr int kStatusDiffFailed = 2;

enum class Verb : std::uint8_t {
  kNone,
  kStatus,
  kSessionsShow,
  kTablesDump,
  kTablesDiff,
  kStatsShow,
  kPeerShow,
  kPeerResync,
  kSwitchover,
  kFillSessions,
  kCorruptEntry,
  kApplyForwarding,
  kPairSecretNew,
  // Of lockstep-configd.
  kConfigShow,
  kConfigSet,
  kConfigDelete,
  kConfigMove,
  kConfigLoad,
  kConfigMerge,
  kConfigCompare,
  kConfigPlan,
  kConfigCommit,
  kConfigConfirm,
  kConfigRollback,
  kConfigDiscard,
  kConfigSave,
  kConfigHistory,
  kConfigAudit,
  kConfigLock,
  kConfigUnlock,
  kConfigStatus,
  kConfigVerify,
  kConfigComplete,
  kConfigDifference,
  kSyncStatus,
  kSyncSettings,
  kSyncCategory,
  kSyncPush,
  kSyncApply,
  kSyncPin,
  kSyncUnpin,
  kSyncOverwrite,
  kSyncAdopt,
  kSyncMerge,
  kExplainSync,
  kPairStart,
  kPairAccept,
  kPairConfirm,
  kPairStatus,
  kPairCancel,
  kDevicesList,
  kDevicesRevoke,
  kDevicesForget,
  kDevicesRenew,
  kHaEditBegin,
  kHaEditEnd,
  kHaEditStatus,
  kMasterKeyChange,
  kCompletionBash,
};

// True for what is asked of lockstep-configd.
[[nodiscard]] constexpr bool IsForConfigd(Verb verb) {
  return verb >= Verb::kConfigShow && verb <= Verb::kMasterKeyChange;
}

// True for what service Sync answers.
[[nodiscard]] constexpr bool IsForSync(Verb verb) {
  return verb >= Verb::kConfigDifference && verb <= Verb::kExplainSync;
}
// True for pairing and devices.
[[nodiscard]] constexpr bool IsForDevices(Verb verb) {
  return verb >= Verb::kPairStart && verb <= Verb::kDevicesRenew;
}
// True for what may wait for another node: its verdict alone may take two minutes.
[[nodiscard]] constexpr bool WaitsForRemotes(Verb verb) {
  return IsForSync(verb) || verb == Verb::kConfigPlan || verb == Verb::kConfigCommit;
}

inline constexpr std::uint32_t kTimeoutSeconds = 60;
inline constexpr std::uint32_t kPeerTimeoutSeconds = 180;

struct Request {
  Verb verb = Verb::kNone;
  // Every command.
  std::string socket;  // Empty: see FindSocket().
  bool json = false;
  std::uint32_t timeout_s = kTimeoutSeconds;
  // sessions
  std::string source;
  std::string destination;
  std::string protocol;
  std::uint32_t port = 0;
  std::string state;
  std::uint32_t limit = 100;
  bool all = false;
  bool count_only = false;
  // tables dump, tables diff
  std::string table;
  // tables diff: control sockets, files, or "-".
  std::string first;
  std::string second;
  std::uint32_t difference_limit = 100;  // 0: all.
  // stats
  bool nonzero = false;
  std::string match;
  // debug fill-sessions
  std::uint64_t count = 0;
  // debug apply-forwarding
  bool only_plan = false;
  // debug corrupt-entry
  std::string what;
  std::string key;
  bool any = false;
  // pair-secret new; config load, merge
  std::string file;
  // config …
  std::vector<std::string> words;  // A path, and of set a value.
  std::string value_file;          // Of set: the value is the content of this file, or of "-".
  bool is_first = false;           // Place in an ordered list.
  std::vector<std::string> after;
  std::string view;
  bool as_commands = false;
  std::string comment;
  bool check_only = false;
  bool save = false;
  std::string confirm_within;  // A duration, as "5m".
  std::string duration;        // Of a lock or an HA edit.
  bool force = false;
  std::uint32_t revision_limit = 20;
  bool from_central_manager = false;
  // config difference, config sync, explain sync
  std::string remote;  // Empty: the only one.
  std::string category;
  std::string switch_word;  // on, off.
  std::string prefer;       // mine, theirs.
  bool preview = false;
  std::string confirmation;
  // pair, devices
  std::string address;
  std::string code;
  std::string device;
  bool is_remote_only = false;
  bool keep_master_key = false;
  bool no_wait = false;
  // config complete
  std::string completed_verb;
  std::string partial;
  // master-key change
  std::string old_key_file;
  std::string new_key_file;
};

}  // namespace lockstepctl
