// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The bytes of a heartbeat on HA1: one UDP datagram. ROLES.md, "HA1" explains them, a golden vector
// pins them.
//
// Threads: values only.

#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "statesync/wire/bytes.h"

namespace dataplane {

inline constexpr std::uint16_t kHeartbeatMagic = 0x4c48;  // "LH".
inline constexpr std::uint8_t kHeartbeatVersion = 1;
inline constexpr std::size_t kHeartbeatMacBytes = 32;  // HMAC-SHA256 under the HA1 key.

inline constexpr std::uint8_t kBeatSynced = 0x01;        // The sender's tables are synced.
inline constexpr std::uint8_t kBeatAsksTakeover = 0x02;  // The sender asks its peer to take over.
inline constexpr std::uint8_t kBeatFlagsKnown = kBeatSynced | kBeatAsksTakeover;

struct HeartbeatBody {
  statesync::U16be magic;
  std::uint8_t version;
  std::uint8_t path;  // statesync::HeartbeatPath; a beat of one path is none of another.
  std::uint8_t node;
  std::uint8_t role;      // statesync::Role.
  std::uint8_t standing;  // 0–2: how much of the tables the sender holds.
  std::uint8_t priority;  // 1–255.
  statesync::U24be term;
  std::uint8_t flags;             // kBeat… bits; others zero.
  statesync::U16be detection_ms;  // Silence after which the sender thinks us dead; 1 at least.
  statesync::U16be reserved;      // Zero on send, ignored: for the group id of larger groups.
  statesync::U64be boot_id;
  statesync::U64be sequence;   // Grows with every beat of this run; a receiver takes each once.
  statesync::U64be challenge;  // To be echoed by a peer that wants to be believed as a new run.
  statesync::U64be echo;       // The challenge last heard from the receiver.
};
static_assert(sizeof(HeartbeatBody) == 48 && alignof(HeartbeatBody) == 1);
static_assert(offsetof(HeartbeatBody, term) == 8);
static_assert(offsetof(HeartbeatBody, boot_id) == 16);
static_assert(offsetof(HeartbeatBody, echo) == 40);
static_assert(std::has_unique_object_representations_v<HeartbeatBody>);

// A later version may append to the body; the MAC is always the last 32 bytes.
inline constexpr std::size_t kHeartbeatBytes = sizeof(HeartbeatBody) + kHeartbeatMacBytes;
inline constexpr std::size_t kHeartbeatBytesMax = 512;
static_assert(kHeartbeatBytes == 80);

}  // namespace dataplane
