// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What an operator asked for, after the command line was read.
//
// Threads: values only.

#pragma once

#include <cstdint>
#include <string>

namespace lockstepctl {

inline constexpr int kStatusDone = 0;
inline constexpr int kStatusFailed = 1;
inline constexpr int kStatusUsage = 2;
// Of `tables diff`, as of diff(1): 1 is an answer, and whatever went wrong is 2.
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
  kPairSecretNew,
};

struct Request {
  Verb verb = Verb::kNone;
  // Every command.
  std::string socket;  // Empty: see FindSocket().
  bool json = false;
  std::uint32_t timeout_s = 60;
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
  // debug corrupt-entry
  std::string what;
  std::string key;
  bool any = false;
  // pair-secret new
  std::string file;
};

}  // namespace lockstepctl
