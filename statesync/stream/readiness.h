// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// How much of the peer's tables this node can prove to hold. PROTOCOL.md §9, invariant I5.
//
// The proof is a machine; the risks lie over it: while one is present the node shows at-risk, and
// when it goes the machine is back at catch-up, because equality has to be proven again.
//
// Threads: one.  Memory: a value.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "statesync/types.h"

namespace statesync {

enum class ReadinessEvent : std::uint8_t {
  kPeerLost,
  kConnected,
  kBulkAsked,
  kBulkDone,
  kAllAgreed,  // Every shard's digest agreed since the last known difference.
  kDoubt,      // A difference, silence, or no comparison for too long.
};
inline constexpr std::size_t kReadinessEvents = 6;
inline constexpr std::size_t kReadinessStates = 4;  // kAtRisk is shown, never a state.

// clang-format off
inline constexpr auto kReadinessSteps = [] {
  using enum Readiness;
  return std::array<std::array<Readiness, kReadinessEvents>, kReadinessStates>{{
      //              kPeerLost  kConnected  kBulkAsked  kBulkDone  kAllAgreed  kDoubt
      /* kNoPeer  */ {kNoPeer,   kCatchUp,   kNoPeer,    kNoPeer,   kNoPeer,    kNoPeer},
      /* kBulk    */ {kNoPeer,   kBulk,      kBulk,      kCatchUp,  kBulk,      kBulk},
      /* kCatchUp */ {kNoPeer,   kCatchUp,   kBulk,      kCatchUp,  kSynced,    kCatchUp},
      /* kSynced  */ {kNoPeer,   kCatchUp,   kBulk,      kSynced,   kSynced,    kCatchUp},
  }};
}();
// clang-format on

// Nothing but agreement leads to synced, and only from catch-up.
static_assert([] {
  for (std::size_t state = 0; state < kReadinessStates; ++state) {
    for (std::size_t event = 0; event < kReadinessEvents; ++event) {
      const bool stays = state == static_cast<std::size_t>(Readiness::kSynced);
      const bool agreed = event == static_cast<std::size_t>(ReadinessEvent::kAllAgreed) &&
                          state == static_cast<std::size_t>(Readiness::kCatchUp);
      if (kReadinessSteps[state][event] == Readiness::kSynced && !stays && !agreed) return false;
    }
  }
  return true;
}());

class ReadinessMachine {
 public:
  [[nodiscard]] Readiness proven() const { return state_; }
  void On(ReadinessEvent event) {
    state_ = kReadinessSteps[static_cast<std::size_t>(state_)][static_cast<std::size_t>(event)];
  }

  // ---- Risks; of several the one that explains the others is shown ----
  void SetRisk(AtRiskReason reason, bool present) {
    const auto bit = static_cast<std::uint16_t>(1u << static_cast<unsigned>(reason));
    risks_ = static_cast<std::uint16_t>(present ? risks_ | bit : risks_ & ~bit);
  }
  [[nodiscard]] bool HasRisk(AtRiskReason reason) const {
    return (risks_ >> static_cast<unsigned>(reason) & 1) != 0;
  }
  // Forgets what followed from a connection; what configurations and programs
  // are stays true without one.
  void ClearRisks() {
    risks_ &=
        static_cast<std::uint16_t>(1u << static_cast<unsigned>(AtRiskReason::kIdMapDiffers) |
                                   1u << static_cast<unsigned>(AtRiskReason::kTableUnknown) |
                                   1u << static_cast<unsigned>(AtRiskReason::kStateSyncDisabled));
  }

  [[nodiscard]] AtRiskReason reason() const;
  [[nodiscard]] Readiness shown() const {
    return state_ != Readiness::kNoPeer && reason() != AtRiskReason::kNone ? Readiness::kAtRisk
                                                                           : state_;
  }

 private:
  Readiness state_ = Readiness::kNoPeer;
  std::uint16_t risks_ = 0;  // Bit by AtRiskReason.
};

inline AtRiskReason ReadinessMachine::reason() const {
  // What an operator did first, then what is missing, then what follows from it.
  constexpr AtRiskReason kOrder[] = {
      AtRiskReason::kStateSyncDisabled, AtRiskReason::kIdMapDiffers,   AtRiskReason::kTableUnknown,
      AtRiskReason::kHa2Silent,         AtRiskReason::kRefusedEntries, AtRiskReason::kLostFrames,
      AtRiskReason::kDigestMismatch,    AtRiskReason::kValueMismatch,
  };
  for (const AtRiskReason reason : kOrder) {
    if (HasRisk(reason)) return reason;
  }
  return AtRiskReason::kNone;
}

}  // namespace statesync
