// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What both ends know of the methods of PeerSync: bounds, deadlines, lanes. A method that is not
// here does not exist.
//
// Threads: constants.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "configsync/peer/codec.h"

namespace configsync {

enum class PeerMethod : std::uint8_t {
  kOpen,
  kLogin,
  kExchange,
  kPrepare,
  kApply,
  kAbort,
  kConfirm,
  kFetch,
};

enum class PeerLane : std::uint8_t {
  kQuick,  // Answers in milliseconds; never waits behind a slow one.
  kSlow,
};

inline constexpr std::size_t kSmallBytesMax = 64 << 10;
inline constexpr std::size_t kExchangeBytesMax = 20 << 20;  // A selection of 16 MiB, and facts.
inline constexpr std::size_t kPieceMessageBytesMax = kPieceBytesMax + kSmallBytesMax;
inline constexpr std::size_t kAnswerBytesMax = 4 << 20;  // A hundred problems with long texts.

struct PeerMethodRow {
  PeerMethod method;
  std::string_view path;
  PeerLane lane;
  bool needs_login;
  std::size_t request_bytes_max;  // Of one message.
  std::size_t answer_bytes_max;   // Of one message.
  std::uint32_t deadline_ms;      // Of Prepare: for a push without edits.
};

// An exchange of states alone, while the connection answers within a tenth of a second: what is
// wrong is to be known within a second, with the pause before it and the probe behind it.
inline constexpr std::uint32_t kQuickExchangeMs = 500;
inline constexpr std::uint32_t kQuickAnswerMs = 100;
// An exchange without an answer for so long: the network is asked, while the call goes on.
inline constexpr std::uint32_t kLateExchangeMs = 250;

inline constexpr std::uint32_t kPrepareMsEachMiB = 2'000;
inline constexpr std::uint32_t kPrepareMsMax = 120'000;

inline constexpr std::array<PeerMethodRow, 8> kPeerMethods = {{
    {PeerMethod::kOpen, "/lockstep.peersync.PeerSync/Open", PeerLane::kQuick, false, kSmallBytesMax,
     kSmallBytesMax, 1'000},
    {PeerMethod::kLogin, "/lockstep.peersync.PeerSync/Login", PeerLane::kQuick, false,
     kSmallBytesMax, kSmallBytesMax, 1'000},
    {PeerMethod::kExchange, "/lockstep.peersync.PeerSync/DoExchange", PeerLane::kQuick, true,
     kExchangeBytesMax, kExchangeBytesMax, 1'000},
    {PeerMethod::kPrepare, "/lockstep.peersync.PeerSync/Prepare", PeerLane::kSlow, true,
     kPieceMessageBytesMax, kAnswerBytesMax, 10'000},
    {PeerMethod::kApply, "/lockstep.peersync.PeerSync/Apply", PeerLane::kSlow, true, kSmallBytesMax,
     kAnswerBytesMax, 30'000},
    {PeerMethod::kAbort, "/lockstep.peersync.PeerSync/Abort", PeerLane::kQuick, true,
     kSmallBytesMax, kSmallBytesMax, 1'000},
    {PeerMethod::kConfirm, "/lockstep.peersync.PeerSync/Confirm", PeerLane::kSlow, true,
     kSmallBytesMax, kSmallBytesMax, 1'000},
    {PeerMethod::kFetch, "/lockstep.peersync.PeerSync/Fetch", PeerLane::kSlow, true, kSmallBytesMax,
     kPieceMessageBytesMax, 60'000},
}};

[[nodiscard]] constexpr const PeerMethodRow& RowOf(PeerMethod method) {
  return kPeerMethods[static_cast<std::size_t>(method)];
}
static_assert([] {
  for (std::size_t i = 0; i < kPeerMethods.size(); ++i) {
    if (static_cast<std::size_t>(kPeerMethods[i].method) != i) {
      return false;
    }
  }
  return true;
}());

// Milliseconds for a Prepare with that many bytes of edits.
[[nodiscard]] constexpr std::uint32_t PrepareMs(std::size_t edit_bytes) {
  const std::size_t ms =
      RowOf(PeerMethod::kPrepare).deadline_ms + edit_bytes * kPrepareMsEachMiB / (1 << 20);
  return ms < kPrepareMsMax ? static_cast<std::uint32_t>(ms) : kPrepareMsMax;
}
static_assert(PrepareMs(0) == 10'000 && PrepareMs(kPushBytesMax) == kPrepareMsMax);

inline constexpr char kSessionKey[] = "lockstep-session-bin";  // Metadata of a call.

}  // namespace configsync
