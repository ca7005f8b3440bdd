// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Makes heartbeats, and decides which received ones are to be believed. No sockets here.
//
// A heartbeat is believed if its MAC is right and it is new: of a known run of the peer by its
// sequence number, of another run only if it echoes our present challenge, which changes with every
// run that was believed. So records of an earlier run cannot pass for a restart.
//
// Threads: one.  Memory: inside the object.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/ha/heartbeat_schema.h"
#include "statesync/role/role_machine.h"
#include "statesync/seal/keys.h"
#include "statesync/seal/primitives.h"

namespace dataplane {

// In the order in which the rules are checked; nothing after kBadMac concerns bytes of strangers.
enum class BeatVerdict : std::uint8_t {
  kAccepted,
  kBadForm,  // Length, magic or version.
  kBadMac,
  kBadNode,   // Not the peer's index.
  kBadField,  // Role, standing, flags or path out of range.
  kReplayed,
  kUnproven,  // Another run of the peer, without our challenge: a replay, or the peer's first
              // words.
  kCount,
};
inline constexpr std::size_t kBeatVerdictCount = static_cast<std::size_t>(BeatVerdict::kCount);
[[nodiscard]] std::string_view NameOf(BeatVerdict verdict) noexcept;

using HeartbeatBuffer = std::array<std::uint8_t, kHeartbeatBytes>;

class HeartbeatGuard {
 public:
  // `primitives` must outlive the guard.
  HeartbeatGuard(statesync::Primitives& primitives,
                 const statesync::SecretBytes<statesync::kHashBytes>& key,
                 statesync::NodeIndex peer_node);

  // Writes the next heartbeat for `path`. Cost: one HMAC, about a microsecond.
  void Make(const statesync::Statement& own, statesync::HeartbeatPath path,
            HeartbeatBuffer& out) noexcept;

  // Checks one datagram that arrived on `path`; fills `statement` if it is accepted.
  [[nodiscard]] BeatVerdict Check(std::span<const std::uint8_t> datagram,
                                  statesync::HeartbeatPath path,
                                  statesync::Statement& statement) noexcept;

 private:
  void NewChallenge() noexcept;

  statesync::Primitives& primitives_;
  statesync::SecretBytes<statesync::kHashBytes> key_;
  statesync::NodeIndex peer_node_;
  std::uint64_t sequence_ = 0;
  std::uint64_t challenge_ = 0;
  std::uint64_t echo_ = 0;           // Last challenge heard; zero before the first.
  statesync::BootId peer_boot_ = 0;  // Run of the peer that is believed; zero: none yet.
  std::array<std::uint64_t, statesync::kHeartbeatPathCount> last_sequence_{};
};

}  // namespace dataplane
