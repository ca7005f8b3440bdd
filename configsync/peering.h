// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The parts of lockstep-configd that are about other nodes, put together: who this node is and
// whom it knows, what it is, the links, the pair, the service that others call, pairing.
//
//   role watch ──> inventory ──> pair <── service for peers <── other nodes
//                                 │ ^ └──> links ──────────────> other nodes
//                              engine └ ticker
//
// The service listens while the configuration leaves peer-interface true, also if synchronisation
// is off: a node that is asked can say so. An address of HA1 that is not there yet is tried again,
// and keeps no other from being listened on.
//
// Threads: Tick() is main's; the parts bring their own.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "configsync/admin/device_methods.h"
#include "configsync/engine/engine.h"
#include "configsync/pair/pair_sync.h"
#include "configsync/schema/schema.h"
#include "configsync/start_options.h"
#include "configsync/store/store.h"

namespace configsync {

class Peering {
 public:
  // Borrowed; they outlive this.
  struct Setup {
    const StartOptions* options = nullptr;
    const Schema* schema = nullptr;
    Store* store = nullptr;
    Clock* clock = nullptr;
    ConfigEngine* engine = nullptr;
  };
  // Becomes the engine's gate. Errors: what the device folder and the notes of the store say.
  static absl::StatusOr<std::unique_ptr<Peering>> Start(const Setup& setup);
  // Callers first, then what they call. Calls to other nodes end at once.
  ~Peering();
  Peering(const Peering&) = delete;
  Peering& operator=(const Peering&) = delete;

  // Starts and ends the service as the configuration says; five times a second.
  void Tick();

  // Calls to other nodes end at once, for good: whoever waits for one can be waited for then. What
  // was lost by that is found again by reconciliation.
  void StopCalls();

  [[nodiscard]] PairSync& pair();
  [[nodiscard]] DeviceMethods& devices();

 private:
  Peering();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

inline constexpr std::uint32_t kPeeringTickMs = 200;

}  // namespace configsync
