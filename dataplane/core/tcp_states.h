// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The TCP state table: next state and action by state, direction and kind of segment.
//
//   cell = kTcpCells[state][direction][class of the flags]
//
// `next` holds if the action's own checks pass. kTcpFinWait and kTcpClosing move on by which FINs
// were acknowledged, which the table does not see (tcp_tracker.cc, AfterFins).
//
// Threads: constants.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/core/packet.h"

namespace dataplane {

// What the flags of a segment say. RST outweighs, then SYN, then FIN.
enum class TcpClass : std::uint8_t { kSyn, kSynAck, kAck, kFin, kRst };

enum class TcpAction : std::uint8_t {
  kRefuse,     // Drop: the state does not allow it.
  kMidStream,  // Drop: there is no session.
  kPass,       // Forward without effect: the receiver answers with a challenge, or ignores it.
  kOpen,       // Client's SYN: everything starts here.
  kAnswer,     // Server's SYN-ACK: must acknowledge the SYN.
  kCross,      // Server's SYN: simultaneous open.
  kLate,       // Like kTrack if the handshake passed the peer before a takeover; else like kPass
               // for the server, kRefuse for the client.
  kTrack,      // Check against the windows, learn from it.
  kReset,      // RST: must have the right number.
  kReuse,      // SYN on a finished connection.
};

struct TcpCell {
  statesync::SessionState next;
  TcpAction action;
};

constexpr TcpClass ClassOf(std::uint8_t flags) {
  if ((flags & kTcpRst) != 0) return TcpClass::kRst;
  if ((flags & kTcpSyn) != 0) return (flags & kTcpAck) != 0 ? TcpClass::kSynAck : TcpClass::kSyn;
  return (flags & kTcpFin) != 0 ? TcpClass::kFin : TcpClass::kAck;
}

inline constexpr std::size_t kTcpStateCount = 8;  // SessionState 0 to 7.
inline constexpr std::size_t kTcpClassCount = 5;
using TcpRow = std::array<TcpCell, kTcpClassCount>;

// clang-format off
inline constexpr auto kTcpCells = [] {
  using enum TcpAction;
  constexpr auto No = statesync::SessionState::kNone;
  constexpr auto Ss = statesync::SessionState::kTcpSynSent;
  constexpr auto Sr = statesync::SessionState::kTcpSynReceived;
  constexpr auto Es = statesync::SessionState::kTcpEstablished;
  constexpr auto Fw = statesync::SessionState::kTcpFinWait;
  constexpr auto Cl = statesync::SessionState::kTcpClosing;
  constexpr auto Tw = statesync::SessionState::kTcpTimeWait;
  constexpr auto Cd = statesync::SessionState::kTcpClosed;
  return std::array<std::array<TcpRow, 2>, kTcpStateCount>{{
      //     kSyn            kSynAck           kAck              kFin              kRst
      // No session: only a SYN begins one; everything else is the middle of a stream we never saw.
      {{{{{Ss, kOpen},    {No, kMidStream}, {No, kMidStream}, {No, kMidStream}, {No, kMidStream}}},
        {{{No, kMidStream}, {No, kMidStream}, {No, kMidStream}, {No, kMidStream}, {No, kMidStream}}}}},
      // SYN sent. Client: repeats it, perhaps with a new number; ACKs only if the SYN-ACK passed the
      // peer; its RST answers a challenge. Server: answers, crosses, challenges (ACK), or resets.
      {{{{{Ss, kOpen},    {Ss, kRefuse},    {Es, kLate},      {Fw, kLate},      {Ss, kPass}}},
        {{{Sr, kCross},   {Sr, kAnswer},    {Es, kLate},      {Fw, kLate},      {Cd, kReset}}}}},
      // SYN received. Client: repeats its SYN (no effect), crosses with a SYN-ACK, completes with an ACK.
      // Server: repeats; its ACK completes a simultaneous open.
      {{{{{Sr, kPass},    {Sr, kTrack},     {Es, kTrack},     {Fw, kTrack},     {Cd, kReset}}},
        {{{Sr, kTrack},   {Sr, kTrack},     {Es, kTrack},     {Fw, kTrack},     {Cd, kReset}}}}},
      // Established. A client's SYN passes so that the server can challenge it (RFC 5961 §4.2); a
      // SYN-ACK is a repetition whose ACK was lost behind us.
      {{{{{Es, kPass},    {Es, kTrack},     {Es, kTrack},     {Fw, kTrack},     {Cd, kReset}}},
        {{{Es, kRefuse},  {Es, kTrack},     {Es, kTrack},     {Fw, kTrack},     {Cd, kReset}}}}},
      // One FIN seen: the other side may go on sending (half-closed).
      {{{{{Fw, kPass},    {Fw, kTrack},     {Fw, kTrack},     {Fw, kTrack},     {Cd, kReset}}},
        {{{Fw, kRefuse},  {Fw, kTrack},     {Fw, kTrack},     {Fw, kTrack},     {Cd, kReset}}}}},
      // Both FINs seen, not yet both acknowledged.
      {{{{{Cl, kPass},    {Cl, kRefuse},    {Cl, kTrack},     {Cl, kTrack},     {Cd, kReset}}},
        {{{Cl, kRefuse},  {Cl, kRefuse},    {Cl, kTrack},     {Cl, kTrack},     {Cd, kReset}}}}},
      // Over, in order. Repetitions pass; a SYN with a larger number begins a new connection.
      {{{{{Tw, kReuse},   {Tw, kRefuse},    {Tw, kTrack},     {Tw, kTrack},     {Tw, kPass}}},
        {{{Tw, kReuse},   {Tw, kRefuse},    {Tw, kTrack},     {Tw, kTrack},     {Tw, kPass}}}}},
      // Reset. Stragglers pass without effect; any SYN begins a new connection.
      {{{{{Cd, kReuse},   {Cd, kRefuse},    {Cd, kPass},      {Cd, kPass},      {Cd, kPass}}},
        {{{Cd, kReuse},   {Cd, kRefuse},    {Cd, kPass},      {Cd, kPass},      {Cd, kPass}}}}},
  }};
}();
// clang-format on

// REQUIRES: state is kNone or a TCP state.
constexpr TcpCell CellOf(statesync::SessionState state, statesync::Direction direction,
                         std::uint8_t flags) {
  return kTcpCells[static_cast<std::size_t>(state)][static_cast<std::size_t>(direction)]
                  [static_cast<std::size_t>(ClassOf(flags))];
}

// A session never goes back to none by a segment, and nothing but a SYN begins one.
static_assert([] {
  for (std::size_t state = 1; state < kTcpStateCount; ++state) {
    for (const TcpRow& row : kTcpCells[state]) {
      for (const TcpCell& cell : row) {
        if (cell.next == statesync::SessionState::kNone) return false;
      }
    }
  }
  return kTcpCells[0][0][0].action == TcpAction::kOpen;
}());

}  // namespace dataplane
